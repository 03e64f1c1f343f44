/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Random numbers that a seed repeats: Sebastiano Vigna's splitmix64 (public domain). */
#pragma once

#include <stdbool.h>

#include "sluice/types.h"

struct random {
	__u64 state;
};

static inline __u64 random_u64(struct random *r)
{
	__u64 z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 to @n - 1. */
static inline unsigned random_below(struct random *r, unsigned n)
{
	return (unsigned)(random_u64(r) >> 32) % n;
}

/* True @n times in a hundred. */
static inline bool random_percent(struct random *r, unsigned n)
{
	return random_below(r, 100) < n;
}
