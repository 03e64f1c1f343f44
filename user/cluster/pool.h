/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A pool of the numbers 0 to size - 1 in two bands (KEP-3070): who wants a certain number may
 * take any free one; who takes any gets a random one at or above the band's edge, and one
 * below it only when there is no other. So numbers below the edge are likely to be free for
 * people who write them down.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool {
	uint64_t size;
	uint64_t edge;		/* numbers below are given out last */
	uint64_t taken_low;	/* how many are taken below the edge */
	uint64_t *slots;	/* open addressing: number + 1, 0 is free */
	size_t n;		/* how many are taken */
	size_t cap;		/* a power of 2, or 0 */
};

void pool_init(struct pool *p, uint64_t size, uint64_t edge);
void pool_done(struct pool *p);

bool pool_has(const struct pool *p, uint64_t number);

/* 0, -EEXIST if it is taken, or -ENOMEM. @number is below the size. */
int pool_take(struct pool *p, uint64_t number);

/*
 * Takes a free one; @random is any number, all 64 bits of it random. -ENOSPC if all are taken,
 * -ENOMEM.
 */
int pool_next(struct pool *p, uint64_t random, uint64_t *ret);
