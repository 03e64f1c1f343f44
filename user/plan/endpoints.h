/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The endpoints of a service port: EndpointSlices joined to Services by label, and which of
 * them a node may use (kube-proxy's CategorizeEndpoints). Pure; borrows from the snapshot.
 */
#pragma once

#include "model/snapshot.h"

/* --- slices by service -------------------------------------------------------- */

struct slice_ref {
	const char *namespace;
	const char *service;
	const struct slice *slice;
};

struct slice_index {
	VEC(struct slice_ref) refs;	/* sorted by namespace, service, name of the slice */
};

/* All slices of @snap that count: not FQDN, not for headless services. 0 or -ENOMEM. */
int slice_index_make(const struct snapshot *snap, struct slice_index *ret);
void slice_index_done(struct slice_index *x);
DEFINE_OWN_DONE(struct slice_index, slice_index_done)

/* The run of slices of one service: *ret_n of them, from the returned address. */
const struct slice_ref *slice_index_find(const struct slice_index *x, const char *namespace,
					 const char *service, size_t *ret_n);

/* --- endpoints of one service port in one family -------------------------------- */

struct plan_endpoint {
	struct addr addr;
	uint16_t port;
	bool ready;
	bool serving;
	bool terminating;
	bool local;
	const struct endpoint *from;	/* hints, node */
	uint32_t nth;			/* in the order of slices */
	bool in_cluster;		/* filled by endpoints_categorize() */
	bool in_local;
};

typedef VEC(struct plan_endpoint) plan_endpoint_vec;

/* Where we are. Both may be NULL or "": then nothing is local by node, or by zone. */
struct endpoint_here {
	const char *node;
	const char *zone;
};

struct endpoint_query {
	const struct slice_ref *slices;
	size_t n_slices;
	enum family family;
	const char *port_name;
	enum protocol protocol;
};

/*
 * Fills *@ret, which is empty, with what the slices have for this port, sorted by address and
 * port, each pair once: of two equal ones the one that is not terminating stays, else the first.
 * 0 or -ENOMEM.
 */
int endpoints_join(const struct endpoint_query *q, const struct endpoint_here *here,
		   plan_endpoint_vec *ret);

/*
 * Fills in_cluster (only if @uses_cluster) and in_local (only if @uses_local). Returns whether
 * a usable endpoint exists anywhere.
 */
bool endpoints_categorize(plan_endpoint_vec *eps, const struct endpoint_here *here,
			  bool uses_cluster, bool uses_local);
