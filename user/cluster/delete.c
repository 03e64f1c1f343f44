/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "cluster/balance.h"
#include "cluster/change.h"
#include "cluster/endpoints.h"

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

	if (!r && (sort_once(&found, &sorted) < 0 ||
		   delete_found(snap, cfg, &found, &sorted, changes) < 0))
		r = err_nomem(reterr);
	vec_done(&found);
	vec_done(&sorted);
	return r;
}
