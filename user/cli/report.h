/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The report: counters, which the datapath knows by id, joined with names, which the image
 * knows. One row a service port, its families together; sorted by namespace, name, port.
 * Of what was deleted or retired there is only what still has connections.
 */
#pragma once

#include "datapath/datapath.h"

/* In the place of a name: the service was deleted, its last flows still run. */
#define REPORT_DELETED "(deleted)"

struct report_backend {
	struct addr addr;
	uint16_t port;
	const char *node;	/* NULL: not known */
	bool retired;		/* in no set any more, old flows use it */
	struct sluice_slot_count count;
};

struct report_service {
	const char *namespace;	/* "" if deleted */
	const char *name;
	const char *port_name;	/* "" if none */
	enum protocol protocol;	/* 0 if deleted */
	uint16_t port;
	struct sluice_slot_count count;
	bool affinity;		/* its clients stay with an endpoint */
	uint64_t drops[SLUICE_R_COUNT];	/* and with SLUICE_R_AFFINITY its new connections that did */
	VEC(struct report_backend) backends;	/* sorted by address, port */
};

struct report {
	VEC(struct report_service) services;
	struct sluice_tally reasons[SLUICE_R_COUNT];
};

void report_done(struct report *r);
DEFINE_OWN_DONE(struct report, report_done)

/* *@ret borrows names from @image. */
int report_make(const struct image *image, const struct stats *stats, struct report *ret,
		struct err *reterr);

/*
 * Keeps the services of @ns (NULL: all) with one of the names (none: all): "web",
 * "default/web" or "svc/web".
 */
void report_filter(struct report *r, const char *ns, char *const names[], size_t n_names);

/* Whether there is a service of that name, and the name without what stands before it. */
bool report_has(const struct report *r, const char *text);
const char *report_name(const char *text);

/* Whether a Service is one that the text names. */
bool report_name_means(const char *text, const char *namespace, const char *name);

/* Connections that are open now. */
uint64_t report_active(const struct sluice_slot_count *c);

/* Packets of all reasons that are a drop or a reject. */
uint64_t report_drops(const struct report_service *s);

/* Label, text and kind of a reason. */
struct reason_info {
	const char *label;
	const char *doc;
	enum sluice_verdict verdict;
};

extern const struct reason_info reason_infos[SLUICE_R_COUNT];

/* Whether packets with this reason did not get through. */
bool reason_is_drop(enum sluice_reason r);
