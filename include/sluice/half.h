/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of half-open flows: buckets of eight rows in a plain array, found by a hash of the
 * tuple. A new flow takes the place of the oldest in its bucket, so a flood pushes out what is
 * old and nothing else, and a SYN costs stores instead of two inserts into an LRU hash, whose
 * lists and locks were most of its price.
 *
 * A bucket begins with one word a row, in a cache line of their own: hash, and when the row was
 * filled. The word is what makes a row be there, and its owner:
 *
 *	0	free
 *	BUSY	somebody is writing the row; nobody else touches it
 *	else	the row is whole
 *
 * Writers take a row by compare-and-swap to BUSY, fill it, and publish it by storing its word.
 * Two CPUs may at the same instant put the same tuple into two rows, or read a row that is just
 * being given to another flow: the first ends at promotion, where the lasting table takes a tuple
 * once; the second is no worse than the kernel's preallocated tables, which reuse their elements in
 * the same way.
 */
#pragma once

#include "sluice/flow.h"

#define SLUICE_HALF_WAYS	8u
/* Powers of two. */
#define SLUICE_HALF_BUCKETS4	(1u << 14)
#define SLUICE_HALF_BUCKETS6	(1u << 12)

#define SLUICE_HALF_BUSY	1ull

struct sluice_half4 {
	struct sluice_flow4_key key;
	struct sluice_flow4 flow;
};

struct sluice_half6 {
	struct sluice_flow6_key key;
	struct sluice_flow6 flow;
};

struct sluice_half_bucket4 {
	__u64 tag[SLUICE_HALF_WAYS];
	struct sluice_half4 row[SLUICE_HALF_WAYS];
};
_Static_assert(sizeof(struct sluice_half_bucket4) % 64 == 0, "a line for the tags of each");

struct sluice_half_bucket6 {
	__u64 tag[SLUICE_HALF_WAYS];
	struct sluice_half6 row[SLUICE_HALF_WAYS];
};
_Static_assert(sizeof(struct sluice_half_bucket6) % 64 == 0, "a line for the tags of each");

/* What the tag keeps of the hash: 31 bits, and not 0, so that no tag looks free or BUSY. */
static inline __u32 sluice_half_mark(__u64 hash)
{
	return (__u32)(hash >> 33) | 1;
}

/* @jiffies: when the row was filled. */
static inline __u64 sluice_half_tag(__u64 hash, __u32 jiffies)
{
	return (__u64)sluice_half_mark(hash) << 32 | jiffies;
}

/* Out of @n, a power of two. */
static inline __u32 sluice_half_bucket(__u64 hash, __u32 n)
{
	return (__u32)hash & (n - 1);
}

/*
 * Two rounds of multiply and fold for each word (the constants of splitmix64's finalizer), each
 * with the secret: clients that differ in a few bits must not meet in a bucket, and nobody outside
 * may know which ones do.
 */
static inline __u64 sluice_half_mix(__u64 h)
{
	h = (h ^ h >> 32) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ h >> 29) * 0x94d049bb133111ebull;
	return h ^ h >> 32;
}

static inline __u64 sluice_half_hash4(const struct sluice_flow4_key *k, __u64 secret)
{
	__u64 h = sluice_half_mix(secret ^ ((__u64)k->src << 32 | k->dst));

	return sluice_half_mix(h ^ secret ^
			       ((__u64)k->proto << 32 | (__u32)k->sport << 16 | k->dport));
}

static inline __u64 sluice_half_hash6(const struct sluice_flow6_key *k, __u64 secret)
{
	__u64 h = 0;

	for (int i = 0; i < 4; i += 2) {
		h = sluice_half_mix(h ^ secret ^ ((__u64)k->src[i] << 32 | k->src[i + 1]));
		h = sluice_half_mix(h ^ secret ^ ((__u64)k->dst[i] << 32 | k->dst[i + 1]));
	}
	return sluice_half_mix(h ^ secret ^
			       ((__u64)k->proto << 32 | (__u32)k->sport << 16 | k->dport));
}
