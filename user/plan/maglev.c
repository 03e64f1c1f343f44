/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Each backend walks the table in an order of its own (a start and a step, both from its id;
 * the size is prime, so every step visits every place) and takes the next free place when it
 * is its turn. Turns go by id, never by the order of arguments: two nodes that list the same
 * backends differently must agree.
 */
#include "plan/maglev.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/own.h"

#define FREE UINT32_MAX

struct walker {
	uint64_t id;
	uint32_t backend;
	uint32_t at;		/* the place that it wants next */
	uint32_t step;
};

uint16_t maglev_size(size_t n)
{
	static const uint16_t ladder[] = {
		127, 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521,
	};
	size_t rung = 0;

	if (n < 2)
		return n;
	while (rung < sizeof(ladder) / sizeof(*ladder) - 1 && ladder[rung] / 32 < n)
		rung++;
	return ladder[rung];
}

static int walker_cmp(const void *a, const void *b)
{
	const struct walker *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->backend > y->backend) - (x->backend < y->backend);
}

static void walker_init(struct walker *w, uint64_t id, uint32_t backend, uint16_t size)
{
	uint64_t start = hash_mix(id ^ 0x9e3779b97f4a7c15ull);
	uint64_t step = hash_mix(id ^ 0xd1b54a32d192ed03ull);

	w->id = id;
	w->backend = backend;
	w->at = start % size;
	w->step = size > 1 ? 1 + step % (size - 1) : 0;
}

static void walker_take(struct walker *w, uint32_t *table, uint16_t size)
{
	while (table[w->at] != FREE) {
		w->at += w->step;
		if (w->at >= size)
			w->at -= size;
	}
	table[w->at] = w->backend;
}

int maglev_fill(uint32_t *table, uint16_t size, const uint64_t *ids, size_t n)
{
	own(free) struct walker *walkers = NULL;

	if (!size)
		return 0;
	assert(n > 0 && n < FREE);

	walkers = calloc(n, sizeof(*walkers));
	if (!walkers)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		walker_init(&walkers[i], ids[i], i, size);
	qsort(walkers, n, sizeof(*walkers), walker_cmp);

	for (size_t i = 0; i < size; i++)
		table[i] = FREE;
	for (size_t i = 0; i < size; i++)
		walker_take(&walkers[i % n], table, size);
	return 0;
}
