/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All slices are made anew and compared with those that are there, so that there is no state
 * to go wrong. What did not change is left in its place.
 */
#include "cluster/endpoints.h"

#include <string.h>

#include "cluster/cluster.h"
#include "cluster/equal.h"
#include "cluster/slice_build.h"

static int make_slices(const struct snapshot *snap, object_vec *ret)
{
	own(pod_index_done) struct pod_index idx = { 0 };
	pod_vec pods = { 0 };
	struct object **services;
	size_t n;
	int r = pod_index_init(&idx, snap);

	services = snapshot_kind(snap, KIND_SERVICE, &n);
	for (size_t i = 0; !r && i < n; i++) {
		const struct service *s = &services[i]->u.service;
		struct slice_build b = { .snap = snap, .service = services[i], .out = ret };

		if (s->type == SERVICE_EXTERNAL_NAME)
			continue;
		if (!s->has_selector) {
			r = slice_mirror(&b);
			continue;
		}
		r = pod_index_select(&idx, s->meta.namespace, &s->selector, &pods);
		if (!r)
			r = slice_build(&b, &pods);
	}
	vec_done(&pods);
	return r;
}

/* A slice that is changed stays the same object to those who watch it. */
static int inherit(struct object *now, const struct object *old)
{
	now->meta->created = old->meta->created;
	if (!old->meta->uid)
		return 0;
	now->meta->uid = strdup(old->meta->uid);
	return now->meta->uid ? 0 : -ENOMEM;
}

/*
 * What of @want differs from @have becomes @puts, and is taken out of @want; ours that are no
 * longer wanted become @dels.
 */
static int compare(struct object *const *have, size_t n, object_vec *want, object_vec *puts,
		   object_vec *dels)
{
	size_t w = 0;

	if (vec_reserve(puts, want->n) < 0 || vec_reserve(dels, n) < 0)
		return -ENOMEM;
	for (size_t h = 0; h < n || w < want->n;) {
		struct object *old = h < n ? have[h] : NULL;
		struct object **now = w < want->n ? &want->at[w] : NULL;
		int side = !old ? 1 : !now ? -1 : object_cmp(old, *now);
		bool changed = side == 0 && !object_equal(old, *now);

		if (side < 0 && slice_is_ours(old))
			dels->at[dels->n++] = old;
		if (changed && inherit(*now, old) < 0)
			return -ENOMEM;
		if (side > 0 || changed)
			puts->at[puts->n++] = TAKE(*now);
		h += side <= 0;
		w += side >= 0;
	}
	return 0;
}

int endpoints_sync(struct edit *e)
{
	own(objects_done) object_vec want = { 0 };
	own(objects_done) object_vec puts = { 0 };
	object_vec dels = { 0 };
	struct object **have;
	size_t n;
	int r = make_slices(&e->view, &want);

	edit_sort(&want);
	have = snapshot_kind(&e->view, KIND_SLICE, &n);
	if (!r)
		r = compare(have, n, &want, &puts, &dels);
	if (!r)
		r = edit_change(e, &puts, &dels);
	vec_done(&dels);
	return r;
}

int cluster_sync_slices(struct snapshot *snap, struct err *reterr)
{
	own(edit_done) struct edit e = { 0 };

	if (edit_init(&e, snap) < 0 || endpoints_sync(&e) < 0)
		return err_nomem(reterr);
	edit_commit(&e, snap);
	return 0;
}
