/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A sorted array of objects: binary search to find, one move to put. Putting in order,
 * as the store does when it loads, costs no move.
 */
#include "model/snapshot.h"

#include <string.h>

void snapshot_done(struct snapshot *s)
{
	objects_done(&s->objects);
}

/* The first place whose object is not before @key; *ret_same if it is equal. */
static size_t snapshot_place(const struct snapshot *s, const struct object *key, bool *ret_same)
{
	size_t lo = 0;
	size_t hi = s->objects.n;

	*ret_same = false;
	if (hi && object_cmp(s->objects.at[hi - 1], key) < 0)
		return hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = object_cmp(s->objects.at[mid], key);

		if (!order) {
			*ret_same = true;
			return mid;
		}
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The place of a name; the texts are only read. */
static size_t snapshot_place_named(const struct snapshot *s, enum kind kind,
				   const char *namespace, const char *name, bool *ret_same)
{
	struct meta meta = {
		.name = (char *)name,
		.namespace = (char *)namespace,
	};
	struct object key = { .kind = kind, .meta = &meta };

	return snapshot_place(s, &key, ret_same);
}

struct object *snapshot_find(const struct snapshot *s, enum kind kind,
			     const char *namespace, const char *name)
{
	bool same;
	size_t i = snapshot_place_named(s, kind, namespace, name, &same);

	return same ? s->objects.at[i] : NULL;
}

int snapshot_put(struct snapshot *s, struct object *o)
{
	object_vec *v = &s->objects;
	bool same;
	size_t i = snapshot_place(s, o, &same);

	if (same) {
		if (v->at[i] != o)
			object_free(v->at[i]);
		v->at[i] = o;
		return 0;
	}
	if (vec_reserve(v, 1) < 0)
		return -ENOMEM;
	memmove(v->at + i + 1, v->at + i, (v->n - i) * sizeof(*v->at));
	v->at[i] = o;
	v->n++;
	return 0;
}

bool snapshot_del(struct snapshot *s, enum kind kind, const char *namespace, const char *name)
{
	object_vec *v = &s->objects;
	bool same;
	size_t i = snapshot_place_named(s, kind, namespace, name, &same);

	if (!same)
		return false;
	object_free(v->at[i]);
	v->n--;
	memmove(v->at + i, v->at + i + 1, (v->n - i) * sizeof(*v->at));
	return true;
}

/* The first place whose kind is not before @kind. */
static size_t kind_place(const object_vec *v, unsigned int kind)
{
	size_t lo = 0;
	size_t hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v->at[mid]->kind < kind)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct object **snapshot_kind(const struct snapshot *s, enum kind kind, size_t *ret_n)
{
	const object_vec *v = &s->objects;
	size_t first = kind_place(v, kind);

	*ret_n = kind_place(v, kind + 1u) - first;
	return v->at ? v->at + first : NULL;
}
