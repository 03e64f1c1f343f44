/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One Service's slices. */
#pragma once

#include "cluster/candidate.h"

struct slice_build {
	const struct snapshot *snap;	/* for zones, and for names that are not free */
	const struct object *service;
	object_vec *out;		/* slices are appended here */
	/* Working state. */
	size_t first;			/* where those of this Service begin */
	enum family family;		/* the one that is being made, */
	struct candidates c;		/* from these */
};

/* The slices for the pods that the Service selects, of all its families. 0 or -ENOMEM. */
int slice_build(struct slice_build *b, const pod_vec *pods);

/* Whether this slice was made here. All others are the user's. */
bool slice_is_ours(const struct object *o);
