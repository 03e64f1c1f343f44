/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Service row → backend slot. The choice is a hash of the 5-tuple over a Maglev block
 * (user/plan/maglev.h): XDP and tc, and every node, choose alike, and a lost flow finds the
 * same backend again as long as the set did not change much.
 */
#pragma once

#include "bpf/maps.h"
#include "bpf/parse.h"

/* Bob Jenkins' lookup3, final(), https://burtleburtle.net/bob/c/lookup3.c (public domain). */
#define ROL32(v, n)	((v) << (n) | (v) >> (32 - (n)))
#define HASH_FINAL(a, b, c)                                                                 \
	do {                                                                                \
		c ^= b; c -= ROL32(b, 14);                                                  \
		a ^= c; a -= ROL32(c, 11);                                                  \
		b ^= a; b -= ROL32(a, 25);                                                  \
		c ^= b; c -= ROL32(b, 16);                                                  \
		a ^= c; a -= ROL32(c, 4);                                                   \
		b ^= a; b -= ROL32(a, 14);                                                  \
		c ^= b; c -= ROL32(b, 24);                                                  \
	} while (0)

static __always_inline __u32 hash3(__u32 a, __u32 b, __u32 c)
{
	HASH_FINAL(a, b, c);
	return c;
}

static __always_inline __u32 choose_hash(const union flow_key *k, __u32 seed, bool v6)
{
	__u32 h;

	if (!v6) {
		h = hash3(k->v4.src, k->v4.dst, seed ^ k->v4.proto);
		return hash3(h, (__u32)k->v4.sport << 16 | k->v4.dport, seed);
	}
	h = hash3(k->v6.src[0], k->v6.src[1], seed ^ k->v6.proto);
	h = hash3(h ^ k->v6.src[2], k->v6.src[3], k->v6.dst[0]);
	h = hash3(h ^ k->v6.dst[1], k->v6.dst[2], k->v6.dst[3]);
	return hash3(h, (__u32)k->v6.sport << 16 | k->v6.dport, seed);
}

/*
 * A slot of the set, or SLUICE_NONE if it is empty. The word is read again afterwards: if user
 * space published another set in between, the block may be on its way out, so once more.
 */
static __always_inline __u32 choose(const union sluice_set *published, __u32 hash)
{
	const volatile __u64 *word = &published->word;

	for (int i = 0; i < 2; i++) {
		union sluice_set set = { .word = *word };
		__u32 at = set.base + (__u32)((__u64)hash * set.size >> 32);
		__u32 row = at / SLUICE_CHOICES_PER_ROW;
		const volatile struct sluice_choices *choices;
		__u32 slot;

		if (!set.size)
			return SLUICE_NONE;
		choices = bpf_map_lookup_elem(&sluice_choices, &row);
		slot = choices ? choices->slots[at % SLUICE_CHOICES_PER_ROW] : SLUICE_NONE;
		if (*word == set.word)
			return slot;
	}
	return SLUICE_NONE;
}
