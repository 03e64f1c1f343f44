/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The part of the stored objects that decides what a change of few does. It is closed: every
 * Service in it is there with all its EndpointSlices, the Pods that it selects, their Nodes,
 * and the Services that it competes with for an address or a port. So whatever the control
 * plane and the plan say of these Services, they would say with all objects in sight.
 */
#pragma once

#include "store/store.h"

struct closure {
	struct store *store;
	struct snapshot snap;
	object_key_vec services;	/* by name; those below @next are complete */
	size_t next;
	size_t reads;			/* objects read so far */
	bool pools;			/* LoadBalancers get addresses of pools */
};

/* @node: this node's name, whose Node object always belongs to it. */
int closure_init(struct closure *c, struct store *store, const char *node, struct err *reterr);
void closure_done(struct closure *c);
DEFINE_OWN_DONE(struct closure, closure_done)

/*
 * What follows fails with -E2BIG where it is not worth it: too many objects, or ones that
 * much hangs on. Then take all objects.
 *
 * Adds the stored object of this name and what hangs on it; @now, which may be NULL, is what it
 * becomes, defaulted.
 */
int closure_add(struct closure *c, enum kind kind, const char *namespace, const char *name,
		const struct object *now, struct err *reterr);

/* Completes the Services. */
int closure_complete(struct closure *c, struct err *reterr);

/*
 * Whether it was closed for a change that makes @after of it; if not, what was missing is
 * added, to be completed, and the change to be made again.
 */
int closure_check(struct closure *c, const struct snapshot *after, bool *ret_closed,
		  struct err *reterr);
