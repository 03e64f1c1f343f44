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

/* Of the Pods that are selected; without any, what a cluster says of them stands. */
static int make_selected(struct slice_build *b, const struct pod_index *idx, pod_vec *pods)
{
	const struct service *s = &b->service->u.service;

	if (pod_index_select(idx, s->meta.namespace, &s->selector, pods) < 0)
		return -ENOMEM;
	if (!pods->n && slice_build_is_of_cluster(b))
		return 0;
	return slice_build(b, pods) < 0 ? -ENOMEM : slice_adopt(b);
}

/* Of the Endpoints of the Service's name, likewise. */
static int make_mirrored(struct slice_build *b)
{
	const struct meta *m = b->service->meta;

	if (!snapshot_find(b->snap, KIND_ENDPOINTS, m->namespace, m->name))
		return 0;
	return slice_mirror(b) < 0 ? -ENOMEM : slice_adopt(b);
}

/* @surplus: those of a cluster whose place is taken. */
static int make_slices(const struct snapshot *snap, object_vec *ret, object_vec *surplus)
{
	own(pod_index_done) struct pod_index idx = { 0 };
	own(slices_done) struct slices have = { 0 };
	pod_vec pods = { 0 };
	struct object **services;
	size_t n;
	int r = pod_index_init(&idx, snap) ?: slices_init(&have, snap);

	services = snapshot_kind(snap, KIND_SERVICE, &n);
	for (size_t i = 0; !r && i < n; i++) {
		const struct service *s = &services[i]->u.service;
		struct slice_build b = { .snap = snap, .have = &have, .service = services[i],
					 .out = ret, .first = ret->n, .surplus = surplus };

		if (s->type == SERVICE_EXTERNAL_NAME)
			continue;
		r = s->has_selector ? make_selected(&b, &idx, &pods) : make_mirrored(&b);
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
 * longer wanted, and the @surplus, sorted, become @dels.
 */
static int compare(struct object *const *have, size_t n, object_vec *want,
		   const object_vec *surplus, object_vec *puts, object_vec *dels)
{
	size_t w = 0, s = 0;

	if (vec_reserve(puts, want->n) < 0 || vec_reserve(dels, n) < 0)
		return -ENOMEM;
	for (size_t h = 0; h < n || w < want->n;) {
		struct object *old = h < n ? have[h] : NULL;
		struct object **now = w < want->n ? &want->at[w] : NULL;
		int side = !old ? 1 : !now ? -1 : object_cmp(old, *now);
		bool changed = side == 0 && !object_equal(old, *now);
		bool taken = side <= 0 && s < surplus->n && surplus->at[s] == old;

		s += taken;
		if (side < 0 && (taken || slice_is_ours(old)))
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
	object_vec surplus = { 0 }, dels = { 0 };
	struct object **have;
	size_t n;
	int r = make_slices(&e->view, &want, &surplus);

	edit_sort(&want);
	edit_sort(&surplus);
	have = snapshot_kind(&e->view, KIND_SLICE, &n);
	if (!r)
		r = compare(have, n, &want, &surplus, &puts, &dels);
	if (!r)
		r = edit_change(e, &puts, &dels);
	vec_done(&surplus);
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
