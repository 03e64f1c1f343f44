/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One Service's slices: from the pods that it selects, or, if it has no selector, from the
 * Endpoints of its name.
 */
#pragma once

#include "cluster/candidate.h"
#include "cluster/slices.h"

struct slice_build {
	const struct snapshot *snap;	/* for zones, and for names that are not free */
	const struct slices *have;	/* those of the snapshot */
	const struct object *service;
	object_vec *out;		/* slices are appended here */
	object_vec *surplus;		/* and here, borrowed, those whose place they take */
	/* Working state. */
	size_t first;			/* where those of this Service begin */
	const char *manager;		/* who makes them, */
	const label_vec *labels;	/* whose labels they bear, */
	struct owner owner;		/* and whose they are */
	enum family family;		/* the one that is being made, */
	struct candidates c;		/* from these */
};

/* At most so many endpoints go into one slice. */
#define SLICE_ENDPOINTS_MAX 100

/* The slices for the pods that the Service selects, of all its families. 0 or -ENOMEM. */
int slice_build(struct slice_build *b, const pod_vec *pods);

/*
 * The slices that mirror the Endpoints of the Service's name, as Kubernetes' mirroring controller
 * makes them; none if there are no such, or if they ask not to be mirrored. 0 or -ENOMEM.
 */
int slice_mirror(struct slice_build *b);

/*
 * An empty slice of @b's family, named after its Service and @identity, which tells it from the
 * Service's others. Appended to @b's and owned by it; NULL when out of memory.
 */
struct slice *slice_add(const struct slice_build *b, uint64_t identity);

/* The same names, protocols and numbers, in the same order. */
bool slice_ports_same(const slice_port_vec *a, const slice_port_vec *b);

/* Appends copies of ports that have names: 0 or -ENOMEM. */
int slice_ports_add(slice_port_vec *ports, const slice_port_vec *from);

/* Whether this slice was made here. */
bool slice_is_ours(const struct object *o);

/* Or by a controller of a cluster. All others are the user's. */
bool slice_is_of_cluster(const struct object *o);

/* Whether a controller of a cluster makes those slices of @b's Service that are there. */
bool slice_build_is_of_cluster(const struct slice_build *b);

/*
 * What was just built takes the place of the slices of the Service that controllers made. As the
 * controllers change a slice rather than make another one, one that had none yet takes the name
 * of an old one of the same family and ports; what is left of a cluster's is surplus.
 * 0 or -ENOMEM.
 */
int slice_adopt(struct slice_build *b);
