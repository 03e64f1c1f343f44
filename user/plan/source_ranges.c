/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * loadBalancerSourceRanges: the field's texts, as prefixes of one family.
 */
#include "plan/source_ranges.h"

static bool range_has_any(const struct cidr *range, const addr_vec *addrs)
{
	vec_each(a, addrs)
		if (cidr_has(range, a))
			return true;
	return false;
}

static int range_cmp(const void *a, const void *b)
{
	const struct cidr *x = a, *y = b;
	int c = addr_cmp(&x->base, &y->base);

	return c ? c : (int)x->bits - (int)y->bits;
}

static void ranges_sort(cidr_vec *v)
{
	size_t n = 0;

	if (v->n)
		qsort(v->at, v->n, sizeof(*v->at), range_cmp);
	vec_each(r, v)
		if (!n || range_cmp(&v->at[n - 1], r))
			v->at[n++] = *r;
	v->n = n;
}

/*
 * If there are only ranges of the other family, or one that has everybody, nobody is kept out.
 * Without a VIP there is nothing to guard. A Service's own VIP is often an address of the node too,
 * which is then what a process of the node dials it from: it belongs to those who are let in with
 * the node.
 */
int source_ranges_make(const text_vec *texts, enum family family, const addr_vec *vips,
		       const addr_vec *node, cidr_vec *ret)
{
	bool with_node = false;

	if (!vips->n)
		return 0;
	vec_each(text, texts) {
		struct cidr range;

		if (cidr_parse(*text, &range) || addr_family(&range.base) != family)
			continue;
		if (!range.bits) {
			ret->n = 0;
			return 0;
		}
		with_node |= range_has_any(&range, node);
		if (vec_push(ret, range))
			return -ENOMEM;
	}
	vec_each(a, vips) {
		struct cidr one = { *a, family == FAMILY_V4 ? 32 : 128 };

		if (with_node && vec_push(ret, one))
			return -ENOMEM;
	}
	ranges_sort(ret);
	return 0;
}
