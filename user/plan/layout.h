/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From the image, which speaks names, to rows of the maps, which are numbers: given what is
 * pinned now, which row each service and backend has or gets, and the writes that turn the
 * maps into the image. Pure: reads arrays in memory, writes a list. datapath/ carries it out.
 */
#pragma once

#include "plan/image.h"
#include "sluice/count.h"

/*
 * A part of the services, for a change that touches no others. Every other row, with its slots
 * and blocks, stays what it is; of the frontends the view needs only those that these services
 * have or want. The maps must hold the image of before the change: nobody looks.
 */
struct layout_id {
	uint64_t id[2];			/* as in struct image_service */
};

struct layout_scope {
	VEC(struct layout_id) ids;	/* sorted, each once: services before and after */
};

/* Order of ids; the two words may be in any row of theirs. */
int layout_id_cmp(const void *a, const void *b);
bool layout_scope_has(const struct layout_scope *scope, const void *id);

/* A view of what the maps hold. Arrays are the mmapped maps themselves, or a test's own. */
struct layout_view {
	const struct sluice_service *services;	/* n_services rows, row 0 unused */
	size_t n_services;
	const struct sluice_backend *backends;	/* row 0 unused */
	size_t n_backends;
	/* @n words of choices from @first on; NULL when they cannot be had. */
	const uint32_t *(*choices)(void *arg, uint32_t first, uint32_t n);
	size_t n_choices;
	/* All frontends, in any order. */
	struct layout_frontend *frontends;
	size_t n_frontends;
	/* All source ranges, in any order; with a scope those of its services. */
	struct layout_range *ranges;
	size_t n_ranges;
	size_t max_ranges;		/* how many the table can hold; 0: not checked */
	/* How many the tables of each family can hold; 0: not checked. */
	size_t max_frontends[FAMILY_COUNT];
	const struct sluice_filter *filter;
	bool flows_alive;		/* some flow exists: stale bits of the filter stay */
	/* Whether no flow counts on this slot any more: it may be given away. May be NULL: no
	 * retired slot is reused. */
	bool (*slot_idle)(void *arg, uint32_t slot);
	void *arg;
	const struct layout_scope *scope;	/* NULL: all services */
	/* With a scope: how many the tables hold besides @frontends and @ranges. */
	size_t other_frontends[FAMILY_COUNT];
	size_t other_ranges;
};

struct layout_frontend {
	struct addr addr;
	uint16_t port;			/* host order */
	uint8_t proto;
	struct sluice_frontend value;
};

struct layout_range {
	uint32_t service;		/* row */
	struct cidr cidr;
};

/* By service, base and bits. */
int layout_range_cmp(const void *a, const void *b);

/*
 * Ops must be carried out in the order of the list; see layout.c for why. Types come more than
 * once (a service is emptied after its frontends are gone). Between two plans the writer lets a
 * grace period pass (every program that ran has ended): blocks, slots and rows that one plan
 * takes out of use are given away by the next.
 */
enum layout_op_type {
	LAYOUT_BACKEND,		/* backends[row] = backend */
	LAYOUT_CHOICES,		/* choices[row..row+n) = words */
	LAYOUT_SERVICE,		/* services[row] = service: id, then flags, then the two set words,
				 * each by one 8-byte store */
	LAYOUT_FILTER_SET,	/* filter |= what frontends and backends need */
	LAYOUT_RANGE_PUT,
	LAYOUT_RANGE_DEL,
	LAYOUT_FRONTEND_PUT,
	LAYOUT_FRONTEND_DEL,
	LAYOUT_FILTER_TRIM,	/* filter = exactly that */
	LAYOUT_SLOT_FREE,	/* fold the slot's counters into its service (the row that the
				 * slot names), zero them, then backends[row] = backend (unused,
				 * gen kept). First in the list: the plan may reuse the slot */
	LAYOUT_SERVICE_FREE,	/* services[row] = zero, its counters zeroed: when no slot of it
				 * is left. Stands after LAYOUT_SLOT_FREE or at the end */
};

struct layout_op {
	enum layout_op_type type;
	uint32_t row;
	union {
		struct sluice_backend backend;
		struct sluice_service service;
		struct layout_frontend frontend;
		struct layout_range range;
		struct {
			uint32_t *words;	/* owned */
			uint32_t n;
		} choices;
	};
};

struct layout_plan {
	VEC(struct layout_op) ops;
	/* Row of each of image->services, in their order. */
	VEC(uint32_t) rows;
	/* The filter as it must be at the end. */
	struct sluice_filter *filter;
};

/* How many rows the tables of frontends have of the image: frontends, and addresses. */
void layout_frontends_count(const struct image *img, size_t ret[static FAMILY_COUNT]);

void layout_plan_done(struct layout_plan *p);
DEFINE_OWN_DONE(struct layout_plan, layout_plan_done)

/*
 * -ENOSPC with a text that says which table is full and how large it is. No ops at all if the
 * maps hold the image already. With a scope the image has only services of it, and nothing is
 * tidied up elsewhere: where that ends in -ENOSPC, a plan for all may find room.
 */
int layout_make(const struct image *img, const struct layout_view *view, struct layout_plan *ret,
		struct err *reterr);
