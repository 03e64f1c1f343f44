/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Pods by namespace and label, so that finding the pods of a selector costs as much as the
 * rarest of its labels is common, and not a walk over all pods for every Service.
 */
#pragma once

#include "model/snapshot.h"

/* "This pod has this label", or, for the empty selector, "is in this namespace". */
struct pod_posting {
	uint64_t hash;		/* of namespace, key, value */
	size_t pod;		/* in pods */
};

struct pod_index {
	struct object **pods;	/* the snapshot's own array */
	size_t n_pods;
	VEC(struct pod_posting) postings;	/* sorted by hash, then pod */
};

/* Borrows from @snap. 0 or -ENOMEM. */
int pod_index_init(struct pod_index *idx, const struct snapshot *snap);
void pod_index_done(struct pod_index *idx);
DEFINE_OWN_DONE(struct pod_index, pod_index_done)

typedef VEC(const struct pod *) pod_vec;

/* The pods of the namespace that match, in the snapshot's order, into @ret (emptied first). */
int pod_index_select(const struct pod_index *idx, const char *namespace,
		     const label_vec *selector, pod_vec *ret);
