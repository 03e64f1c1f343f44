/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "cluster/balance.h"
#include "cluster/change.h"
#include "cluster/endpoints.h"
#include "cluster/slice_build.h"

static int refuse_absent(const struct cluster_ref *ref, struct err *reterr)
{
	const struct kind_info *k = &kind_infos[ref->kind];
	const char *dot = strchr(k->printed, '.');

	/* As kubectl: services "web" not found, endpointslices.discovery.k8s.io "x" not found. */
	return err_set(reterr, ENOENT, "%s%s \"%s\" not found", k->plural, dot ? dot : "",
		       ref->name);
}

/* In the order of @refs; one that was named twice is there twice. */
static int find_all(const struct snapshot *snap, const struct cluster_ref *refs, size_t n,
		    bool ignore_missing, object_vec *ret, struct err *reterr)
{
	for (size_t i = 0; i < n; i++) {
		struct object *o = snapshot_find(snap, refs[i].kind,
						 refs[i].namespace ? refs[i].namespace : "",
						 refs[i].name);

		if (!o && !ignore_missing)
			return refuse_absent(&refs[i], reterr);
		if (o && vec_push(ret, o) < 0)
			return err_nomem(reterr);
	}
	return 0;
}

/* Sorted, each once. */
static int sort_once(const object_vec *found, object_vec *ret)
{
	size_t kept = 0;

	if (vec_reserve(ret, found->n) < 0)
		return -ENOMEM;
	vec_each(o, found)
		ret->at[ret->n++] = *o;
	edit_sort(ret);
	for (size_t i = 0; i < ret->n; i++) {
		if (!kept || ret->at[kept - 1] != ret->at[i])
			ret->at[kept++] = ret->at[i];
	}
	ret->n = kept;
	return 0;
}

static size_t place_of(const object_vec *sorted, const struct object *o)
{
	size_t low = 0, high = sorted->n;

	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;

		if (object_cmp(sorted->at[mid], o) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/* In the order in which they were named. */
static int tell(const object_vec *found, const object_vec *sorted, cluster_change_vec *changes)
{
	own(free) bool *told = calloc(sorted->n + 1, sizeof(*told));

	if (!told)
		return -ENOMEM;
	vec_each(o, found) {
		bool *mine = &told[place_of(sorted, *o)];

		if (!*mine && changes_add(changes, *o, CHANGE_DELETED) < 0)
			return -ENOMEM;
		*mine = true;
	}
	return 0;
}

/* --- what goes with them -------------------------------------------------------- */

/* The endpoints controller removes the Endpoints of a Service that is gone, whoever made them. */
static int add_endpoints(const struct snapshot *snap, object_vec *dels)
{
	size_t n = dels->n;

	for (size_t i = 0; i < n; i++) {
		const struct object *o = dels->at[i];
		struct object *same = o->kind != KIND_SERVICE ? NULL :
			snapshot_find(snap, KIND_ENDPOINTS, o->meta->namespace, o->meta->name);

		if (same && vec_push(dels, same) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const struct object *find_owner(const struct snapshot *in, const struct object *slice,
				       const struct owner *owner)
{
	enum kind kind;

	if (!owner_is_service(owner))
		return NULL;
	kind = strcmp(owner->kind, kind_infos[KIND_SERVICE].kind) ? KIND_ENDPOINTS : KIND_SERVICE;
	return snapshot_find(in, kind, slice->meta->namespace, owner->name);
}

/*
 * Something that is gone owned it, and nothing that stays does; owners of kinds that are not known
 * here stay.
 */
static bool is_orphaned(const struct object *slice, const struct snapshot *snap,
			const struct snapshot *gone)
{
	bool lost = false;

	vec_each(owner, &slice->meta->owners) {
		if (find_owner(gone, slice, owner))
			lost = true;
		else if (!owner_is_service(owner) || find_owner(snap, slice, owner))
			return false;
	}
	return lost;
}

/* A controller made it for a Service that is gone. */
static bool is_left_over(const struct object *slice, const struct snapshot *gone)
{
	const char *service = labels_find(&slice->meta->labels, LABEL_SERVICE_NAME);

	return service && (slice_is_ours(slice) || slice_is_of_cluster(slice)) &&
	       snapshot_find(gone, KIND_SERVICE, slice->meta->namespace, service);
}

static int add_slices(const struct snapshot *snap, object_vec *dels)
{
	const struct snapshot gone = { .objects = *dels };
	object_vec more = { 0 };
	size_t n;
	struct object **slices = snapshot_kind(snap, KIND_SLICE, &n);
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		if (is_left_over(slices[i], &gone) || is_orphaned(slices[i], snap, &gone))
			r = vec_push(&more, slices[i]);
	}
	vec_each(o, &more) {
		if (!r)
			r = vec_push(dels, *o);
	}
	vec_done(&more);
	return r;
}

/* Sorted, each once, with all that Kubernetes' controllers and collector would remove then. */
static int with_dependents(const struct snapshot *snap, const object_vec *found, object_vec *ret)
{
	object_vec all = { 0 }, once = { 0 };
	int r = vec_reserve(&all, found->n);

	for (size_t i = 0; !r && i < found->n; i++)
		all.at[all.n++] = found->at[i];
	r = r ?: add_endpoints(snap, &all) ?: sort_once(&all, &once) ?: add_slices(snap, &once)
	      ?: sort_once(&once, ret);
	vec_done(&all);
	vec_done(&once);
	return r;
}

static int delete_found(struct snapshot *snap, const struct cluster_config *cfg,
			const object_vec *found, const object_vec *sorted,
			cluster_change_vec *changes)
{
	own(cluster_changes_done) cluster_change_vec mine = { 0 };
	own(edit_done) struct edit e = { 0 };
	object_vec none = { 0 };

	if (tell(found, sorted, &mine) < 0 || edit_init(&e, snap) < 0 ||
	    edit_change(&e, &none, sorted) < 0 || balance(&e, cfg) < 0 || endpoints_sync(&e) < 0 ||
	    changes_move(changes, &mine) < 0)
		return -ENOMEM;
	edit_commit(&e, snap);
	return 0;
}

int cluster_delete(struct snapshot *snap, const struct cluster_config *cfg,
		   const struct cluster_ref *refs, size_t n, bool ignore_missing,
		   cluster_change_vec *changes, struct err *reterr)
{
	object_vec found = { 0 }, sorted = { 0 };
	int r = find_all(snap, refs, n, ignore_missing, &found, reterr);

	if (!r && (with_dependents(snap, &found, &sorted) < 0 ||
		   delete_found(snap, cfg, &found, &sorted, changes) < 0))
		r = err_nomem(reterr);
	vec_done(&found);
	vec_done(&sorted);
	return r;
}
