/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/prune.h"

#include <string.h>

#include "cluster/edit.h"
#include "cluster/slice_build.h"

static int by_name(const void *a, const void *b)
{
	return object_cmp(*(struct object *const *)a, *(struct object *const *)b);
}

static bool is_kept(const object_vec *sorted, const struct object *o)
{
	return sorted->n &&
	       bsearch(&o, sorted->at, sorted->n, sizeof(*sorted->at), by_name);
}

static bool is_in_scope(const struct cluster_prune *p, const struct object *o)
{
	/* With a namespace, what has none is somebody else's. */
	if (p->namespace && (!kind_infos[o->kind].namespaced ||
			     strcmp(o->meta->namespace, p->namespace)))
		return false;
	return !p->selector || selector_matches(p->selector, &o->meta->labels);
}

int cluster_prune(struct snapshot *snap, const struct cluster_config *cfg,
		  const struct cluster_prune *p, struct object *const *keep, size_t n,
		  cluster_change_vec *changes, struct err *reterr)
{
	VEC(struct cluster_ref) refs = { 0 };
	object_vec sorted = { 0 };
	int r = vec_reserve(&sorted, n);

	for (size_t i = 0; !r && i < n; i++)
		sorted.at[sorted.n++] = keep[i];
	edit_sort(&sorted);
	vec_each(o, &snap->objects) {
		struct cluster_ref ref = { (*o)->kind, (*o)->meta->namespace, (*o)->meta->name };

		if (!r && is_in_scope(p, *o) && !slice_is_ours(*o) && !is_kept(&sorted, *o))
			r = vec_push(&refs, ref);
	}
	if (r)
		r = err_nomem(reterr);
	else if (refs.n)
		r = cluster_delete(snap, cfg, refs.at, refs.n, false, changes, reterr);
	vec_done(&sorted);
	vec_done(&refs);
	return r;
}
