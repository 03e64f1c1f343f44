/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A change of what is stored, worked out on as few objects as it concerns. What comes of it is
 * what would come of it with all of them.
 */
#pragma once

#include "store/store.h"

struct store_change {
	bool whole;			/* the snapshots are all that is stored, not a part; */
					/* but for the Pods, which no image is made of */
	struct snapshot before;
	struct snapshot after;
	uint64_t was;			/* the store's generation */
	uint64_t now;
};

void store_change_done(struct store_change *c);
DEFINE_OWN_DONE(struct store_change, store_change_done)

/*
 * Changes @snap as if it were all that is stored, or fails and leaves it as it was. May be
 * called again with another snapshot: what it notes in @arg begins anew with each call.
 */
typedef int change_fn(void *arg, struct snapshot *snap, struct err *reterr);

/*
 * Calls @fn and saves what it did, in the store's transaction. @objects: what it puts or
 * removes, and nothing else but what follows from it; their values only matter if it puts them,
 * and need not be defaulted. NULL: it may do anything.
 */
int change_make(struct store *store, change_fn *fn, void *arg, const object_vec *objects,
		struct store_change *ret, struct err *reterr);
