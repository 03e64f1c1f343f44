/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/change.h"

#include <string.h>

#include "daemon/closure.h"
#include "daemon/reconcile.h"

/* Beyond this, reading all in order is as good. */
#define OBJECTS_MAX 512
/* Each adds the rivals that the one before met; a crowded port range may never end. */
#define ATTEMPTS_MAX 8

void store_change_done(struct store_change *c)
{
	snapshot_done(&c->before);
	snapshot_done(&c->after);
}

/* --- a part of the objects -------------------------------------------------------- */

static int add_object(struct closure *c, const struct object *given, struct err *reterr)
{
	own(object_free) struct object *o = given->broken ? NULL : object_copy(given);

	if (!o)
		return given->broken ? 0 : err_nomem(reterr);
	/* What cannot be defaulted is refused by the change itself, with all there is to say. */
	if (object_default(o, NULL) || !o->meta->name)
		return 0;
	return closure_add(c, o->kind, o->meta->namespace, o->meta->name, o, reterr);
}

/* One attempt: *@ret_closed tells whether it counts. */
static int attempt(struct closure *c, change_fn *fn, void *arg, struct snapshot *after,
		   bool *ret_closed, struct err *reterr)
{
	int r = closure_complete(c, reterr);

	if (!r && objects_share(&after->objects, &c->snap.objects) < 0)
		r = err_nomem(reterr);
	if (r)
		return r;
	r = fn(arg, after, reterr);
	return r ? r : closure_check(c, after, ret_closed, reterr);
}

static int part_make(struct store *store, change_fn *fn, void *arg, const object_vec *objects,
		     struct store_change *ret, struct err *reterr)
{
	own(closure_done) struct closure c = { 0 };
	own(free) char *node = NULL;
	bool closed = false;
	int r = reconcile_node_name(store, &node, reterr)
	     ?: closure_init(&c, store, node, reterr);

	vec_each(o, objects)
		if (!r)
			r = add_object(&c, *o, reterr);
	for (int i = 0; !r && !closed; i++) {
		own(snapshot_done) struct snapshot after = { 0 };

		if (i == ATTEMPTS_MAX)
			return err_set(reterr, E2BIG, "too many rivals for a part of the objects");
		r = attempt(&c, fn, arg, &after, &closed, reterr);
		if (r || !closed)
			continue;
		ret->after = after;
		after = (struct snapshot){ 0 };
	}
	if (r)
		return r;
	ret->before = c.snap;
	c.snap = (struct snapshot){ 0 };
	return 0;
}

/* --- all of them ------------------------------------------------------------------ */

static int whole_make(struct store *store, change_fn *fn, void *arg, struct store_change *ret,
		      struct err *reterr)
{
	int r = store_load(store, &ret->before, reterr);

	ret->whole = true;
	if (!r && objects_share(&ret->after.objects, &ret->before.objects) < 0)
		r = err_nomem(reterr);
	return r ?: fn(arg, &ret->after, reterr);
}

int change_make(struct store *store, change_fn *fn, void *arg, const object_vec *objects,
		struct store_change *ret, struct err *reterr)
{
	own(store_change_done) struct store_change c = { 0 };
	struct err e = { 0 };
	int r = -E2BIG;

	if (objects && objects->n <= OBJECTS_MAX)
		r = part_make(store, fn, arg, objects, &c, &e);
	/* Who is refused wants to know all the reasons, also those that lie with distant rivals. */
	if (r == -E2BIG || r == -EINVAL)
		r = whole_make(store, fn, arg, &c, reterr);
	else if (r)
		err_set(reterr, e.code, "%s", e.text);
	if (!r)
		r = store_generation(store, &c.was, reterr)
		 ?: store_save(store, &c.before, &c.after, reterr)
		 ?: store_generation(store, &c.now, reterr);
	if (r)
		return r;
	/* What an image is made of are the slices that came of them. */
	objects_drop(&c.before.objects, KIND_POD);
	objects_drop(&c.after.objects, KIND_POD);
	*ret = c;
	c = (struct store_change){ 0 };
	return 0;
}
