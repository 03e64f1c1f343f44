/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/map.h"

#include <string.h>

#include "base/quote.h"

/* A pair and where it stands: written ones first, then merged ones in their order. */
struct ranked {
	const struct doc_pair *pair;
	size_t rank;
};

static bool is_merge(const struct doc_pair *p)
{
	return !strcmp(p->key, "<<") &&
	       (p->value->type == DOC_MAP || p->value->type == DOC_LIST);
}

static int merge_map(const char *name, const struct doc_pair *merge,
		     const struct doc_node *map, doc_pair_vec *out, struct err *reterr)
{
	if (map->type != DOC_MAP)
		return err_set(reterr, EINVAL, "%s:%u: << wants a map or a list of maps, not %s",
			       name, merge->line, doc_type_text(map));
	for (size_t i = 0; i < map->n; i++) {
		if (vec_push(out, map->pairs[i]) < 0)
			return err_nomem(reterr);
	}
	return 0;
}

static int merge_pair(const char *name, const struct doc_pair *merge, doc_pair_vec *out,
		      struct err *reterr)
{
	const struct doc_node *value = merge->value;

	if (value->type == DOC_MAP)
		return merge_map(name, merge, value, out, reterr);
	for (size_t i = 0; i < value->n; i++) {
		int err = merge_map(name, merge, value->items[i], out, reterr);

		if (err)
			return err;
	}
	return 0;
}

static int ranked_cmp(const void *va, const void *vb)
{
	const struct ranked *a = va;
	const struct ranked *b = vb;
	int order = strcmp(a->pair->key, b->pair->key);

	return order ? order : a->rank < b->rank ? -1 : 1;
}

/* Most maps have a few keys, which differ: no need to sort them. */
static bool pairs_are_few_and_differ(const doc_pair_vec *pairs)
{
	if (pairs->n > 16)
		return false;
	for (size_t i = 1; i < pairs->n; i++)
		for (size_t j = 0; j < i; j++)
			if (!strcmp(pairs->at[i].key, pairs->at[j].key))
				return false;
	return true;
}

/*
 * Of equal keys the first stays; two among the first @written are an error. Sorted, so
 * that a map of a million keys takes no more than its share.
 */
static int pairs_unique(const char *name, doc_pair_vec *pairs, size_t written,
			struct err *reterr)
{
	own(free) struct ranked *sorted = NULL;
	char q[QUOTE_MAX];
	size_t kept = 0;

	if (pairs_are_few_and_differ(pairs))
		return 0;
	sorted = reallocarray(NULL, pairs->n, sizeof(*sorted));
	if (!sorted)
		return err_nomem(reterr);
	for (size_t i = 0; i < pairs->n; i++)
		sorted[i] = (struct ranked){ &pairs->at[i], i };
	qsort(sorted, pairs->n, sizeof(*sorted), ranked_cmp);
	for (size_t i = 1; i < pairs->n; i++) {
		const struct doc_pair *first = sorted[i - 1].pair;
		struct doc_pair *again = &pairs->at[sorted[i].rank];

		if (strcmp(first->key, again->key) != 0)
			continue;
		if (sorted[i].rank < written)
			return err_set(reterr, EINVAL, "%s:%u: the key %s is here twice, first "
				       "in line %u", name, again->line, quote(again->key, q),
				       first->line);
		again->value = NULL;
	}
	for (size_t i = 0; i < pairs->n; i++) {
		if (pairs->at[i].value)
			pairs->at[kept++] = pairs->at[i];
	}
	pairs->n = kept;
	return 0;
}

int map_resolve(const char *name, doc_pair_vec *pairs, struct err *reterr)
{
	size_t written = pairs->n;
	size_t kept = 0;
	bool merged = false;
	/* Duplicates first: `<<` twice is one too. */
	int err = pairs_unique(name, pairs, written, reterr);

	for (size_t i = 0; !err && i < written; i++) {
		struct doc_pair merge = pairs->at[i];

		if (!is_merge(&merge))
			continue;
		merged = true;
		err = merge_pair(name, &merge, pairs, reterr);
	}
	if (err || !merged)
		return err;
	for (size_t i = 0; i < pairs->n; i++) {
		if (i >= written || !is_merge(&pairs->at[i]))
			pairs->at[kept++] = pairs->at[i];
	}
	/* One pair, the merge key, is gone from the written ones. */
	return pairs_unique(name, pairs, written - 1, reterr);
}
