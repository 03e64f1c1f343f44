/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Source ranges: a merge of what the table holds with what the image wants, by service row.
 */
#include "plan/layout_parts.h"

#include <string.h>

typedef VEC(struct layout_range) range_vec;

struct both {
	range_vec have;
	range_vec want;
};

static void both_done(struct both *b)
{
	vec_done(&b->have);
	vec_done(&b->want);
}
DEFINE_OWN_DONE(struct both, both_done)

int layout_range_cmp(const void *a, const void *b)
{
	const struct layout_range *x = a, *y = b;
	int c = (x->service > y->service) - (x->service < y->service);

	if (!c)
		c = addr_cmp(&x->cidr.base, &y->cidr.base);
	return c ? c : (int)x->cidr.bits - (int)y->cidr.bits;
}

static void ranges_sort(range_vec *v)
{
	if (v->n)
		qsort(v->at, v->n, sizeof(*v->at), layout_range_cmp);
}

static bool range_is_orphan(const struct layout_view *view, const struct layout_range *r)
{
	return r->service >= view->n_services ||
	       !(view->services[r->service].flags & SLUICE_SVC_RANGES);
}

static int both_collect(const struct layout *l, struct both *ret)
{
	for (size_t i = 0; i < l->img->services.n; i++) {
		vec_each(r, &l->img->services.at[i].ranges)
			if (vec_push(&ret->want, (struct layout_range){ l->plan.rows.at[i], *r }))
				return -ENOMEM;
	}
	for (size_t i = 0; i < l->view->n_ranges; i++)
		if (!range_is_orphan(l->view, &l->view->ranges[i]) &&
		    vec_push(&ret->have, l->view->ranges[i]))
			return -ENOMEM;
	ranges_sort(&ret->want);
	ranges_sort(&ret->have);
	return 0;
}

/* Those of @of that @but has not, both sorted, as ops of @type. */
static int ranges_push(struct layout *l, const range_vec *of, const range_vec *but,
		       enum layout_op_type type)
{
	size_t at = 0;

	vec_each(range, of) {
		int r;

		while (at < but->n && layout_range_cmp(&but->at[at], range) < 0)
			at++;
		if (at < but->n && !layout_range_cmp(&but->at[at], range))
			continue;
		r = layout_push(l, (struct layout_op){ .type = type, .range = *range });
		if (r)
			return r;
	}
	return 0;
}

/* New ranges come before the old ones go, so both must fit for a moment. */
static int room_check(const struct layout *l, const struct both *b, size_t ops_before)
{
	size_t need = l->view->other_ranges + b->have.n + l->plan.ops.n - ops_before;

	if (!l->view->max_ranges || need <= l->view->max_ranges)
		return 0;
	return err_set(l->reterr, ENOSPC,
		       "no room for %zu source ranges, old and new: their table holds %zu", need,
		       l->view->max_ranges);
}

int ranges_free_orphans(struct layout *l)
{
	for (size_t i = 0; i < l->view->n_ranges; i++) {
		const struct layout_range *range = &l->view->ranges[i];
		int r = 0;

		if (range_is_orphan(l->view, range))
			r = layout_push(l, (struct layout_op){ .type = LAYOUT_RANGE_DEL,
							       .range = *range });
		if (r)
			return r;
	}
	return 0;
}

int ranges_plan_put(struct layout *l)
{
	own(both_done) struct both b = { 0 };
	size_t ops = l->plan.ops.n;

	if (both_collect(l, &b))
		return err_nomem(l->reterr);
	return ranges_push(l, &b.want, &b.have, LAYOUT_RANGE_PUT) ?: room_check(l, &b, ops);
}

int ranges_plan_del(struct layout *l)
{
	own(both_done) struct both b = { 0 };

	if (both_collect(l, &b))
		return err_nomem(l->reterr);
	return ranges_push(l, &b.have, &b.want, LAYOUT_RANGE_DEL);
}
