/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All objects at one moment, sorted by object_cmp(): what plan/ and cluster/ read and
 * `get` prints. It owns its objects.
 */
#pragma once

#include "model/object.h"

struct snapshot {
	object_vec objects;	/* sorted, unique by kind, namespace, name */
};

void snapshot_done(struct snapshot *s);
DEFINE_OWN_DONE(struct snapshot, snapshot_done)

/* NULL if there is none. */
struct object *snapshot_find(const struct snapshot *s, enum kind kind,
			     const char *namespace, const char *name);

/*
 * Puts @o in its place, replacing and freeing one of the same name. Takes ownership
 * on success only: 0 or -ENOMEM.
 */
int snapshot_put(struct snapshot *s, struct object *o);

/* Whether there was one. */
bool snapshot_del(struct snapshot *s, enum kind kind, const char *namespace, const char *name);

/* The run of objects of one kind: *ret_n of them, from the returned address. */
struct object **snapshot_kind(const struct snapshot *s, enum kind kind, size_t *ret_n);
