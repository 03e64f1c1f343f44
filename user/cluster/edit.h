/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A snapshot being changed. All or nothing comes from here: the original stays as it is
 * until edit_commit(), which cannot fail. An edit that is not committed leaves no trace.
 */
#pragma once

#include "model/snapshot.h"

struct edit {
	struct snapshot view;	/* as it will be; the objects are borrowed */
	object_vec fresh;	/* owned until commit: what was put */
	object_vec gone;	/* what commit will free: of the original, or fresh */
};

int edit_init(struct edit *e, const struct snapshot *snap);
void edit_done(struct edit *e);
DEFINE_OWN_DONE(struct edit, edit_done)

/*
 * Puts and deletes. @puts is sorted and unique, its objects change owner and it is empty
 * afterwards; @dels (may be NULL) holds objects of the view, sorted, and none of @puts' names.
 * -ENOMEM: nothing changed.
 */
int edit_change(struct edit *e, object_vec *puts, const object_vec *dels);

/* Into the order that edit_change() and a snapshot need. */
void edit_sort(object_vec *objects);

/* Makes @snap the view. The edit is empty afterwards. */
void edit_commit(struct edit *e, struct snapshot *snap);
