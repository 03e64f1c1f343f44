/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Short words for the tests of cluster/ and store/: objects from a few fields, and a sandbox
 * that they are applied to. Unset fields are absent, as in a manifest.
 */
#pragma once

#include <criterion/criterion.h>

#include "cluster/cluster.h"

/* What is left out of a list of ports is absent: that is the point here. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct port_spec {
	const char *name;
	enum protocol protocol;
	uint16_t port;
	uint16_t node_port;
	uint16_t target;
	const char *target_name;
};

struct service_spec {
	const char *name;
	const char *namespace;
	enum service_type type;
	const char *ips[2];
	bool headless;
	enum ip_family_policy policy;
	enum family families[2];
	size_t n_families;
	struct port_spec ports[4];	/* none: one of 80/TCP, unless external_name */
	const char *selector;		/* "app=web,tier=front"; "" selects all */
	const char *labels;
	const char *external_name;
	const char *lb_class;
	const char *distribution;
	bool external_local;
	uint16_t health_port;
	bool no_lb_node_ports;
	bool publish_not_ready;
	const char *file;
	unsigned int line;
};

struct pod_spec {
	const char *name;
	const char *namespace;
	const char *labels;
	const char *ips[2];
	const char *node;
	const char *hostname;
	const char *subdomain;
	bool not_ready;
	bool deleting;
	bool finished;
	struct port_spec ports[3];
};

/* These abort the test when out of memory. The caller frees. */
struct object *make_service(const struct service_spec *spec);
struct object *make_pod(const struct pod_spec *spec);
struct object *make_node(const char *name, const char *zone);
struct object *make_slice(const char *name, const char *service, const char *manager);

#define SERVICE(name_, ...) make_service(&(struct service_spec){ .name = (name_), __VA_ARGS__ })
#define POD(name_, ...) make_pod(&(struct pod_spec){ .name = (name_), __VA_ARGS__ })

struct sandbox {
	struct snapshot snap;
	struct cluster_config cfg;
	cluster_change_vec changes;	/* of the last apply or delete */
	struct err err;			/* likewise */
};

struct sandbox sandbox_new(void);
void sandbox_done(struct sandbox *w);
DEFINE_OWN_DONE(struct sandbox, sandbox_done)

/* Applies the objects up to NULL and frees them. */
int sandbox_apply(struct sandbox *w, ...) __attribute__((sentinel));
/* Applies a manifest, which must succeed. */
void sandbox_apply_text(struct sandbox *w, const char *text);
int sandbox_delete(struct sandbox *w, enum kind kind, const char *name);

struct service *service_of(const struct sandbox *w, const char *name);
struct slice *slice_at(const struct sandbox *w, size_t i);
size_t n_slices(const struct sandbox *w);

/* The first endpoint of that address in any slice, or NULL. */
struct endpoint *endpoint_of(const struct sandbox *w, const char *address);

void expect_text(const char *what, const char *got, const char *want);

/* Applying must fail with this text, and leave the snapshot alone. */
#define EXPECT_REFUSED(w, want, ...)                                               \
	do {                                                                       \
		size_t n_ = (w)->snap.objects.n;                                   \
		cr_assert_lt(sandbox_apply((w), __VA_ARGS__, NULL), 0);            \
		expect_text("error", (w)->err.text, (want));                       \
		cr_assert_eq((w)->snap.objects.n, n_);                             \
	} while (0)

#define EXPECT_APPLIED(w, ...)                                                     \
	cr_assert_eq(sandbox_apply((w), __VA_ARGS__, NULL), 0, "%s", (w)->err.text)
