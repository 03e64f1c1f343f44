/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/edit.h"

#include <string.h>

int edit_init(struct edit *e, const struct snapshot *snap)
{
	const object_vec *from = &snap->objects;

	*e = (struct edit){ 0 };
	if (vec_reserve(&e->view.objects, from->n) < 0)
		return -ENOMEM;
	if (from->n)
		memcpy(e->view.objects.at, from->at, from->n * sizeof(*from->at));
	e->view.objects.n = from->n;
	return 0;
}

void edit_done(struct edit *e)
{
	vec_done(&e->view.objects);
	vec_done(&e->gone);
	objects_done(&e->fresh);
}

/* Room was made by the caller. */
static void move_all(object_vec *to, object_vec *from)
{
	vec_each(o, from)
		to->at[to->n++] = *o;
	vec_done(from);
}

/* The two sorted runs made one; what @puts replaces and what is in @dels goes to @gone. */
static void merge(const object_vec *view, const object_vec *puts, const object_vec *dels,
		  object_vec *ret, object_vec *gone)
{
	size_t v = 0, p = 0, d = 0;

	while (v < view->n || p < puts->n) {
		struct object *old = v < view->n ? view->at[v] : NULL;
		struct object *now = p < puts->n ? puts->at[p] : NULL;
		int side = !old ? 1 : !now ? -1 : object_cmp(old, now);
		bool deleted = side < 0 && dels && d < dels->n && dels->at[d] == old;

		if (side >= 0)
			ret->at[ret->n++] = now;
		else if (!deleted)
			ret->at[ret->n++] = old;
		if (side == 0 || deleted)
			gone->at[gone->n++] = old;
		d += deleted;
		v += side <= 0;
		p += side >= 0;
	}
}

int edit_change(struct edit *e, object_vec *puts, const object_vec *dels)
{
	object_vec merged = { 0 };

	if (!puts->n && (!dels || !dels->n))
		return 0;
	if (vec_reserve(&e->fresh, puts->n) < 0 ||
	    vec_reserve(&e->gone, puts->n + (dels ? dels->n : 0)) < 0 ||
	    vec_reserve(&merged, e->view.objects.n + puts->n) < 0)
		return -ENOMEM;

	merge(&e->view.objects, puts, dels, &merged, &e->gone);
	vec_done(&e->view.objects);
	e->view.objects = merged;
	move_all(&e->fresh, puts);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return object_cmp(*(struct object *const *)a, *(struct object *const *)b);
}

void edit_sort(object_vec *objects)
{
	if (objects->n)
		qsort(objects->at, objects->n, sizeof(*objects->at), by_name);
}

void edit_commit(struct edit *e, struct snapshot *snap)
{
	vec_each(o, &e->gone)
		object_free(*o);
	vec_done(&e->gone);
	vec_done(&e->fresh);
	vec_done(&snap->objects);
	snap->objects = e->view.objects;
	e->view.objects = (object_vec){ 0 };
}
