/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The taken numbers are a hash set and not a bitmap: a pool of IPv6 addresses has up to
 * 2^64 numbers, of which a few thousand are taken.
 */
#include "cluster/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

void pool_init(struct pool *p, uint64_t size, uint64_t edge)
{
	assert(edge <= size);
	*p = (struct pool){ .size = size, .edge = edge };
}

void pool_done(struct pool *p)
{
	free(p->slots);
	*p = (struct pool){ 0 };
}

/* Where the number is, or the free slot where it would be. */
static size_t slot_of(const uint64_t *slots, size_t cap, uint64_t number)
{
	size_t at = hash_mix(number) & (cap - 1);

	while (slots[at] && slots[at] != number + 1)
		at = (at + 1) & (cap - 1);
	return at;
}

bool pool_has(const struct pool *p, uint64_t number)
{
	return p->cap && p->slots[slot_of(p->slots, p->cap, number)];
}

static int pool_grow(struct pool *p)
{
	size_t cap = p->cap ? p->cap * 2 : 64;
	uint64_t *slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < p->cap; i++) {
		if (p->slots[i])
			slots[slot_of(slots, cap, p->slots[i] - 1)] = p->slots[i];
	}
	free(p->slots);
	p->slots = slots;
	p->cap = cap;
	return 0;
}

int pool_take(struct pool *p, uint64_t number)
{
	assert(number < p->size);
	if (pool_has(p, number))
		return -EEXIST;
	/* At most half full: a search ends after a few steps. */
	if (p->n >= p->cap / 2 && pool_grow(p) < 0)
		return -ENOMEM;
	p->slots[slot_of(p->slots, p->cap, number)] = number + 1;
	p->n++;
	p->taken_low += number < p->edge;
	return 0;
}

/* The first free number at or after a random one, going round. There is one. */
static int take_from(struct pool *p, uint64_t first, uint64_t end, uint64_t random, uint64_t *ret)
{
	uint64_t number = first + random % (end - first);
	int r;

	while (pool_has(p, number))
		number = number + 1 < end ? number + 1 : first;
	r = pool_take(p, number);
	if (!r)
		*ret = number;
	return r;
}

int pool_next(struct pool *p, uint64_t random, uint64_t *ret)
{
	if (p->n - p->taken_low < p->size - p->edge)
		return take_from(p, p->edge, p->size, random, ret);
	if (p->taken_low < p->edge)
		return take_from(p, 0, p->edge, random, ret);
	return -ENOSPC;
}
