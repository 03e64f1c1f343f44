/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Room for choice blocks: the complement of all published sets. A block that this plan replaces
 * is still published in the view, so it is not given away before the next plan.
 */
#include "plan/layout_parts.h"

typedef VEC(struct gap) gap_vec;

static int gap_cmp(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;

	return (x->base > y->base) - (x->base < y->base);
}

/* A set that runs past the table is nobody's work of ours; what is past does not exist. */
static int used_push(gap_vec *used, union sluice_set set, size_t n_choices)
{
	size_t n = set.size;

	if (!n || set.base >= n_choices)
		return 0;
	if (n > n_choices - set.base)
		n = n_choices - set.base;
	return vec_push(used, (struct gap){ set.base, n });
}

static int used_collect(gap_vec *used, const struct layout_view *view)
{
	for (size_t row = 1; row < view->n_services; row++) {
		const struct sluice_service *s = &view->services[row];

		if (!(s->flags & SLUICE_SVC_USED))
			continue;
		if (used_push(used, s->cluster, view->n_choices) ||
		    used_push(used, s->local, view->n_choices))
			return -ENOMEM;
	}
	if (used->n)
		qsort(used->at, used->n, sizeof(*used->at), gap_cmp);
	return 0;
}

static int gaps_fill(struct blocks *b, const gap_vec *used, size_t n_choices)
{
	size_t at = 0;

	vec_each(u, used) {
		if (u->base > at && vec_push(&b->gaps, (struct gap){ at, u->base - at }))
			return -ENOMEM;
		if ((size_t)u->base + u->n > at)
			at = (size_t)u->base + u->n;
	}
	if (at < n_choices)
		return vec_push(&b->gaps, (struct gap){ at, n_choices - at });
	return 0;
}

int blocks_init(struct blocks *b, const struct layout_view *view)
{
	gap_vec used = { 0 };
	int r;

	r = used_collect(&used, view);
	if (!r)
		r = gaps_fill(b, &used, view->n_choices);
	vec_done(&used);
	return r;
}

void blocks_done(struct blocks *b)
{
	vec_done(&b->gaps);
}

/* Where the search for @size begins. Gaps only shrink, so it never needs to go back. */
static size_t *blocks_from(struct blocks *b, uint16_t size)
{
	const size_t max = sizeof(b->from) / sizeof(*b->from);
	size_t i;

	for (i = 0; i < b->n_from; i++)
		if (b->from[i].size == size)
			return &b->from[i].gap;
	if (i == max)
		i = 0;		/* forget one: slower, not wrong */
	else
		b->n_from++;
	b->from[i].size = size;
	b->from[i].gap = 0;
	return &b->from[i].gap;
}

bool blocks_take(struct blocks *b, uint16_t size, uint32_t *ret_base)
{
	size_t *from = blocks_from(b, size);

	while (*from < b->gaps.n && b->gaps.at[*from].n < size)
		(*from)++;
	if (*from == b->gaps.n)
		return false;
	*ret_base = b->gaps.at[*from].base;
	b->gaps.at[*from].base += size;
	b->gaps.at[*from].n -= size;
	return true;
}
