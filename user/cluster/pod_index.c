/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/pod_index.h"

#include <string.h>

#include "base/hash.h"

static uint64_t posting_hash(const char *namespace, const char *key, const char *value)
{
	return hash_mix(hash_text(hash_text(hash_text(HASH_INIT, namespace), key), value));
}

static int posting_cmp(const void *a, const void *b)
{
	const struct pod_posting *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->pod < y->pod ? -1 : x->pod > y->pod;
}

static int index_pod(struct pod_index *idx, size_t i)
{
	const struct meta *m = idx->pods[i]->meta;

	/* No label has an empty key: this one stands for the namespace. */
	if (vec_push(&idx->postings, (struct pod_posting){
				posting_hash(m->namespace, "", ""), i }) < 0)
		return -ENOMEM;
	vec_each(l, &m->labels) {
		if (vec_push(&idx->postings, (struct pod_posting){
					posting_hash(m->namespace, l->key, l->value), i }) < 0)
			return -ENOMEM;
	}
	return 0;
}

int pod_index_init(struct pod_index *idx, const struct snapshot *snap)
{
	*idx = (struct pod_index){ 0 };
	idx->pods = snapshot_kind(snap, KIND_POD, &idx->n_pods);
	for (size_t i = 0; i < idx->n_pods; i++) {
		if (index_pod(idx, i) < 0) {
			pod_index_done(idx);
			return -ENOMEM;
		}
	}
	if (idx->postings.n)
		qsort(idx->postings.at, idx->postings.n, sizeof(*idx->postings.at), posting_cmp);
	return 0;
}

void pod_index_done(struct pod_index *idx)
{
	vec_done(&idx->postings);
}

/* The first posting at or after (hash, pod). */
static size_t lower_bound(const struct pod_index *idx, struct pod_posting key)
{
	size_t low = 0, high = idx->postings.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (posting_cmp(&idx->postings.at[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct run {
	size_t first;
	size_t n;
};

static struct run postings_of(const struct pod_index *idx, uint64_t hash)
{
	size_t first = lower_bound(idx, (struct pod_posting){ hash, 0 });

	return (struct run){ first, lower_bound(idx, (struct pod_posting){ hash, SIZE_MAX }) -
				    first };
}

int pod_index_select(const struct pod_index *idx, const char *namespace,
		     const label_vec *selector, pod_vec *ret)
{
	struct run best = postings_of(idx, posting_hash(namespace, "", ""));

	vec_each(l, selector) {
		struct run r = postings_of(idx, posting_hash(namespace, l->key, l->value));

		if (r.n < best.n)
			best = r;
	}
	ret->n = 0;
	for (size_t i = best.first; i < best.first + best.n; i++) {
		const struct pod *p = &idx->pods[idx->postings.at[i].pod]->u.pod;

		/* Two texts can have the same hash. */
		if (strcmp(p->meta.namespace, namespace) ||
		    !labels_match(selector, &p->meta.labels))
			continue;
		if (vec_push(ret, p) < 0)
			return -ENOMEM;
	}
	return 0;
}
