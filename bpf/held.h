/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments that wait for the first of their datagram: where they are, and whether there are any.
 * Both hooks look; how they come here and go on is tc's, in fragment_hold.h.
 */
#pragma once

#include "bpf/flow.h"
#include "sluice/fragment.h"

/*
 * sluice_held_tags   fragments that wait for their first: see sluice/fragment.h
 *   writes  programs of tc
 *   reads   programs
 *   lives   SLUICE_HELD_SEC, until held_sweep(), or until the next in the bucket needs the row
 */
MAP(sluice_held_tags, ARRAY, __u32, struct sluice_held_bucket, SLUICE_HELD_BUCKETS, 0);

/* Where fragments of the datagram in the scratch wait, once held_seek() was there. */
static __always_inline struct sluice_held_bucket *held_bucket(const struct scratch *s)
{
	__u32 row = s->held_row;

	return bpf_map_lookup_elem(&sluice_held_tags, &row);
}

static __always_inline struct sluice_held_bucket *held_seek(struct scratch *s)
{
	const struct sluice_settings *cfg = settings_get();

	if (!cfg)
		return NULL;
	s->held_hash = sluice_held_hash(&s->fragment_key, cfg->secret);
	s->held_row = sluice_held_row(&s->fragment_key, cfg->secret);
	return held_bucket(s);
}

static __always_inline bool held_is_young(__u32 at)
{
	return now_jiffies() - at + sluice_hz <= (SLUICE_HELD_SEC + 1) * sluice_hz;
}

#if HOOK_IS_XDP
/* If it is another datagram's after all, tc finds out. */
#define sluice_held_is(way) true
#else
/*
 * sluice_held   the fragments behind sluice_held_tags: row bucket × WAYS + way
 *   writes  programs, while they have the tag
 *   reads   the same, and who looks whether it is his: the tag, once it has that, tells truly
 */
MAP(sluice_held, ARRAY, __u32, struct sluice_held, SLUICE_HELD_BUCKETS * SLUICE_HELD_WAYS, 0);

static __always_inline struct sluice_held *held_at(__u32 row, __u32 way)
{
	__u32 at = row * SLUICE_HELD_WAYS + (way & (SLUICE_HELD_WAYS - 1));

	return bpf_map_lookup_elem(&sluice_held, &at);
}

static __always_inline struct sluice_held *held_get(const struct scratch *s, __u32 way)
{
	return held_at(s->held_row, way);
}

/* It was kept in vain. */
static __always_inline void held_count(const struct sluice_held *h, enum sluice_reason why)
{
	count_reason(why, (struct weight){ .packets = 1, .bytes = h->len - ETH_HLEN });
}

static __always_inline bool held_key_is(const struct sluice_fragment_key *a,
					const struct sluice_fragment_key *b)
{
	__u64 differs = 0;

	for (__u32 i = 0; i < sizeof(*a); i += 8)
		differs |= load64((const void *)a + i) ^ load64((const void *)b + i);
	return !differs;
}

/* Whether what waits there is of the datagram in the scratch: two may have one hash. */
__noinline int sluice_held_is(__u32 way)
{
	const struct scratch *s = scratch_get();
	const struct sluice_held *h = s ? held_get(s, way) : NULL;

	return h && held_key_is(&h->key, &s->fragment_key);
}
#endif

/* Whether fragments wait for the first one in the scratch. */
static __always_inline bool held_any(struct scratch *s)
{
	struct sluice_held_bucket *b = held_seek(s);

	/* Not a load: what was written before must be seen before this is read. */
	if (!b || !held_is_young(__sync_fetch_and_add(&b->last, 0)))
		return false;
	for (__u32 i = 0; i < SLUICE_HELD_WAYS; i++) {
		__u64 tag = *(volatile __u64 *)&b->tag[i];

		if (tag >> 32 == sluice_half_mark(s->held_hash) && held_is_young((__u32)tag) &&
		    sluice_held_is(i))
			return true;
	}
	return false;
}
