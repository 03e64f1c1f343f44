/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The slices of a Service that were there before those that were just built for it. Who imports
 * a cluster's slices beside its Pods gets them back under their names, made from the Pods.
 */
#include <string.h>

#include "cluster/edit.h"
#include "cluster/slice_build.h"

/* Those that the controller which builds @b's would take for its own. */
static bool is_owned(const struct slice_build *b, const struct object *o)
{
	const char *manager = labels_find(&o->meta->labels, LABEL_MANAGED_BY);

	if (slice_is_ours(o) || !slice_is_of_cluster(o))
		return slice_is_ours(o);
	/* The one of selectors leaves alone what has none; the one of Endpoints, what has one. */
	return b->service->u.service.has_selector || !strcmp(manager, KUBE_MIRROR_MANAGER);
}

bool slice_build_is_of_cluster(const struct slice_build *b)
{
	size_t n;
	struct object **have = slices_find(b->have, b->service, &n);

	for (size_t i = 0; i < n; i++) {
		if (slice_is_of_cluster(have[i]))
			return true;
	}
	return false;
}

static struct object *find_named(struct object *const *sorted, size_t n, const char *name)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int side = strcmp(sorted[mid]->meta->name, name);

		if (!side)
			return sorted[mid];
		low = side < 0 ? mid + 1 : low;
		high = side < 0 ? high : mid;
	}
	return NULL;
}

/* The owned ones that none of those that were built is named after. */
static int find_lenders(const struct slice_build *b, struct object *const *have, size_t n,
			object_vec *ret)
{
	object_vec built = { 0 };
	int r = vec_reserve(&built, b->out->n - b->first);

	for (size_t i = b->first; !r && i < b->out->n; i++)
		built.at[built.n++] = b->out->at[i];
	edit_sort(&built);
	for (size_t i = 0; !r && i < n; i++) {
		if (is_owned(b, have[i]) && !find_named(built.at, built.n, have[i]->meta->name))
			r = vec_push(ret, have[i]);
	}
	vec_done(&built);
	return r;
}

static bool is_alike(const struct slice *a, const struct slice *b)
{
	return a->family == b->family && a->fqdn == b->fqdn &&
	       slice_ports_same(&a->ports, &b->ports);
}

/* Takes it out of @lenders. NULL: none is alike. */
static struct object *take_lender(object_vec *lenders, const struct slice *s)
{
	vec_each(l, lenders) {
		if (*l && is_alike(&(*l)->u.slice, s))
			return TAKE(*l);
	}
	return NULL;
}

static int take_name(struct object *o, const struct object *lender)
{
	char *name = strdup(lender->meta->name);

	if (!name)
		return -ENOMEM;
	free(o->meta->name);
	o->meta->name = name;
	return 0;
}

static int lend(struct slice_build *b, struct object *const *have, size_t n, object_vec *lenders)
{
	for (size_t i = b->first; i < b->out->n; i++) {
		struct object *o = b->out->at[i];
		const struct object *lender = find_named(have, n, o->meta->name) ? NULL :
					      take_lender(lenders, &o->u.slice);

		if (lender && take_name(o, lender) < 0)
			return -ENOMEM;
	}
	return 0;
}

int slice_adopt(struct slice_build *b)
{
	size_t n;
	struct object **have = slices_find(b->have, b->service, &n);
	object_vec lenders = { 0 };
	int r = n ? find_lenders(b, have, n, &lenders) : 0;

	if (!r && lenders.n)
		r = lend(b, have, n, &lenders);
	vec_each(l, &lenders) {
		if (!r && *l && slice_is_of_cluster(*l))
			r = vec_push(b->surplus, *l);
	}
	vec_done(&lenders);
	return r;
}
