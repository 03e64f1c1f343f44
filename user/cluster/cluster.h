/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The control plane's part when there is no cluster: the API server's allocators and the
 * EndpointSlice controller, as functions on a snapshot. No I/O.
 */
#pragma once

#include "model/snapshot.h"

struct cluster_config {
	struct cidr service_cidrs[FAMILY_COUNT];	/* 10.96.0.0/12, fd00:10:96::/112 */
	uint16_t node_port_min;				/* 30000 */
	uint16_t node_port_max;				/* 32767 */
	/* Where random bits come from; NULL: getrandom(2). Tests give their own. */
	uint64_t (*random)(void *arg);
	void *random_arg;
};

/* The defaults above. */
struct cluster_config cluster_config_default(void);

enum change {
	CHANGE_NONE,		/* "unchanged" */
	CHANGE_CREATED,
	CHANGE_CONFIGURED,
	CHANGE_DELETED,
};

struct cluster_change {
	enum kind kind;
	char *namespace;
	char *name;
	enum change change;
};

typedef VEC(struct cluster_change) cluster_change_vec;
void cluster_changes_done(cluster_change_vec *changes);
DEFINE_OWN_DONE(cluster_change_vec, cluster_changes_done)

/*
 * Applies @objects (copies them) to *@snap as `kubectl apply` and the API server would:
 * defaults, validation, allocated values kept from the stored object, cluster addresses and
 * node ports allocated; then brings the generated EndpointSlices up to date. All or nothing:
 * on failure *@snap is as before. *@changes lists each of @objects in order.
 * The same object twice in @objects is an error that names both places.
 */
int cluster_apply(struct snapshot *snap, const struct cluster_config *cfg,
		  struct object *const *objects, size_t n, cluster_change_vec *changes,
		  struct err *reterr);

struct cluster_ref {
	enum kind kind;
	const char *namespace;
	const char *name;
};

/*
 * Removes the named objects, and the generated slices of removed Services. -ENOENT if one is
 * not there and !@ignore_missing.
 */
int cluster_delete(struct snapshot *snap, const struct cluster_config *cfg,
		   const struct cluster_ref *refs, size_t n, bool ignore_missing,
		   cluster_change_vec *changes, struct err *reterr);

/* Selector + Pods (+ Nodes for zones) → slices managed by SLUICE_SLICE_MANAGER. */
int cluster_sync_slices(struct snapshot *snap, struct err *reterr);
