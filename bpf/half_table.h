/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of half-open flows: finding, putting and deleting rows. See sluice/half.h for its shape
 * and who wins a race. @v6 is a constant at every call, as in flow.h.
 */
#pragma once

#include "bpf/flow.h"
#include "sluice/half.h"

/*
 * sluice_half4/6   flows whose client has not proved yet that it exists; promoted to
 *   sluice_flows at the ACK that ends the handshake, or at the first UDP packet after an answer
 *   (half.h). A tuple that has a row is taken: so a source port is allocated. Rows silent for
 *   syn_sec, or udp_sec, count as absent.
 *   writes  programs
 *   reads   programs; user, for status
 *   lives   until promoted, or until a new flow needs the row: a flood takes from here only
 */
MAP(sluice_half4, ARRAY, __u32, struct sluice_half_bucket4, SLUICE_HALF_BUCKETS4, BPF_F_MMAPABLE);
MAP(sluice_half6, ARRAY, __u32, struct sluice_half_bucket6, SLUICE_HALF_BUCKETS6, BPF_F_MMAPABLE);

/* Tests have smaller tables. Set with the maps' sizes, before load. */
const volatile __u32 sluice_half_buckets4 = SLUICE_HALF_BUCKETS4;
const volatile __u32 sluice_half_buckets6 = SLUICE_HALF_BUCKETS6;

/* A row, or where one would be. */
struct half_place {
	__u32 row;
	void *bucket;		/* struct sluice_half_bucket4 or 6: row @row of the table */
	__u64 hash;
	__u32 way;
};

static __always_inline __u64 *half_tag(const struct half_place *at)
{
	__u64 *tags = at->bucket;	/* the same place in both kinds of bucket */

	return &tags[at->way & (SLUICE_HALF_WAYS - 1)];
}

static __always_inline union flow_key *half_key(const struct half_place *at, bool v6)
{
	__u32 way = at->way & (SLUICE_HALF_WAYS - 1);

	if (v6)
		return (void *)&((struct sluice_half_bucket6 *)at->bucket)->row[way].key;
	return (void *)&((struct sluice_half_bucket4 *)at->bucket)->row[way].key;
}

static __always_inline union flow_value *half_value(const struct half_place *at, bool v6)
{
	__u32 way = at->way & (SLUICE_HALF_WAYS - 1);

	if (v6)
		return (void *)&((struct sluice_half_bucket6 *)at->bucket)->row[way].flow;
	return (void *)&((struct sluice_half_bucket4 *)at->bucket)->row[way].flow;
}

static __always_inline bool half_key_is(const union flow_key *a, const union flow_key *b, bool v6)
{
	__u64 differs = 0;

	for (__u32 i = 0; i < (v6 ? sizeof(a->v6) : sizeof(a->v4)); i += 8)
		differs |= load64((const void *)a + i) ^ load64((const void *)b + i);
	return !differs;
}

/* The bucket of @k. False: never, but for the verifier. */
static __always_inline bool half_seek(const union flow_key *k, struct half_place *ret, bool v6)
{
	const struct sluice_settings *cfg = settings_get();

	if (!cfg)
		return false;
	if (v6) {
		ret->hash = sluice_half_hash6(&k->v6, cfg->secret);
		ret->row = sluice_half_bucket(ret->hash, sluice_half_buckets6);
		ret->bucket = bpf_map_lookup_elem(&sluice_half6, &ret->row);
	} else {
		ret->hash = sluice_half_hash4(&k->v4, cfg->secret);
		ret->row = sluice_half_bucket(ret->hash, sluice_half_buckets4);
		ret->bucket = bpf_map_lookup_elem(&sluice_half4, &ret->row);
	}
	return ret->bucket;
}

/*
 * The two searches in a bucket. Global functions, which the verifier proves once each and of whose
 * result it knows nothing: inlined, it would follow every way of eight through all that comes
 * after, at each of a dozen places ("processed 1000001 insns (limit 1000000)").
 */
static __always_inline __u32 half_search(const void *bucket, __u32 mark)
{
	const volatile __u64 *tags = bucket;
	__u32 found = SLUICE_HALF_WAYS;

	for (__u32 i = 0; i < SLUICE_HALF_WAYS; i++)
		if (tags[i] >> 32 == mark)
			found = i;
	return found;
}

/* A free way, else the oldest; none that is BUSY, unless all are. */
static __always_inline __u32 half_oldest(const void *bucket)
{
	const volatile __u64 *tags = bucket;
	__u32 now = now_jiffies(), most = 0, way = 0;

	for (__u32 i = 0; i < SLUICE_HALF_WAYS; i++) {
		__u64 tag = tags[i];
		__u32 age = tag ? now - (__u32)tag : ~0u;

		/* Another CPU may be a tick ahead: that row is new, not as old as can be. Only so
		 * much, for a row may lie there longer than a signed difference goes. */
		if (tag && age > ~0u - sluice_hz)
			age = 0;
		if (tag != SLUICE_HALF_BUSY && age > most) {
			most = age;
			way = i;
		}
	}
	return way;
}

/* The way with @mark in bucket @row, or SLUICE_HALF_WAYS. */
__noinline __u32 sluice_half_search4(__u32 row, __u32 mark)
{
	const void *bucket = bpf_map_lookup_elem(&sluice_half4, &row);

	return bucket ? half_search(bucket, mark) : SLUICE_HALF_WAYS;
}

__noinline __u32 sluice_half_search6(__u32 row, __u32 mark)
{
	const void *bucket = bpf_map_lookup_elem(&sluice_half6, &row);

	return bucket ? half_search(bucket, mark) : SLUICE_HALF_WAYS;
}

/* The way that a new row of bucket @row takes. */
__noinline __u32 sluice_half_oldest4(__u32 row)
{
	const void *bucket = bpf_map_lookup_elem(&sluice_half4, &row);

	return bucket ? half_oldest(bucket) : 0;
}

__noinline __u32 sluice_half_oldest6(__u32 row)
{
	const void *bucket = bpf_map_lookup_elem(&sluice_half6, &row);

	return bucket ? half_oldest(bucket) : 0;
}

/* The row of @k in its bucket. If two marks are alike by chance, the earlier way is not found, as
 * if it had been pushed out. */
static __always_inline bool half_match(const union flow_key *k, struct half_place *at, bool v6)
{
	__u32 mark = sluice_half_mark(at->hash);

	at->way = v6 ? sluice_half_search6(at->row, mark) : sluice_half_search4(at->row, mark);
	return at->way < SLUICE_HALF_WAYS && half_key_is(half_key(at, v6), k, v6);
}

static __always_inline void half_choose(struct half_place *at, bool v6)
{
	at->way = v6 ? sluice_half_oldest6(at->row) : sluice_half_oldest4(at->row);
}

/* A row that is in use stays young. */
static __always_inline void half_touch(const struct half_place *at)
{
	__u64 *tag = half_tag(at), old = *(volatile __u64 *)tag;
	__u32 now = now_jiffies();

	if (now - (__u32)old >= sluice_hz && old >> 32 == sluice_half_mark(at->hash))
		__sync_val_compare_and_swap(tag, old, sluice_half_tag(at->hash, now));
}

static __always_inline union flow_value *half_find(const union flow_key *k, bool v6)
{
	struct half_place at;

	if (!half_seek(k, &at, v6) || !half_match(k, &at, v6))
		return NULL;
	half_touch(&at);
	return half_value(&at, v6);
}

enum half_put {
	HALF_NEW,		/* only if the tuple is not there */
	HALF_ANY,		/* instead of what is there, if anything is */
};

/* Who of two CPUs comes too late looks again: the row may be another one now, or have moved. */
#define HALF_ATTEMPTS 3

enum half_wrote {
	HALF_WROTE,
	HALF_TAKEN,		/* HALF_NEW, and the tuple is there */
	HALF_BUSY,		/* another CPU was at this very row */
};

static __always_inline enum half_wrote half_write(const union flow_key *k,
						  const union flow_value *f, __u32 how, bool v6)
{
	struct half_place at;
	__u64 *tag, old;

	if (!half_seek(k, &at, v6))
		return HALF_BUSY;
	if (half_match(k, &at, v6)) {
		if (how == HALF_NEW)
			return HALF_TAKEN;
	} else {
		half_choose(&at, v6);
	}
	tag = half_tag(&at);
	old = *(volatile __u64 *)tag;
	if (old == SLUICE_HALF_BUSY ||
	    __sync_val_compare_and_swap(tag, old, SLUICE_HALF_BUSY) != old)
		return HALF_BUSY;
	if (v6)
		half_key(&at, v6)->v6 = k->v6;
	else
		half_key(&at, v6)->v4 = k->v4;
	flow_copy(half_value(&at, v6), f, v6);
	/* An exchange, for its barrier: whoever sees the tag sees the row. */
	__sync_lock_test_and_set(tag, sluice_half_tag(at.hash, f->f.seen));
	return HALF_WROTE;
}

/* Behind a global function, for the same reason as the searches: the pair is in the scratch. */
static __always_inline __u32 half_put_scratch(bool reply, __u32 how, bool v6)
{
	struct scratch *s = scratch_get();

	if (!s)
		return HALF_BUSY;
	return reply ? half_write(&s->x.rev_key, &s->x.rev, how, v6) :
		       half_write(&s->x.key, &s->x.fwd, how, v6);
}

__noinline __u32 sluice_half_put4(__u32 reply, __u32 how)
{
	return half_put_scratch(reply, how, false);
}

__noinline __u32 sluice_half_put6(__u32 reply, __u32 how)
{
	return half_put_scratch(reply, how, true);
}

/* Puts a half of the pair in the scratch into the table; true if it is there now. */
static __always_inline bool half_put(bool reply, enum half_put how, bool v6)
{
	for (int i = 0; i < HALF_ATTEMPTS; i++) {
		__u32 r = v6 ? sluice_half_put6(reply, how) : sluice_half_put4(reply, how);

		if (r != HALF_BUSY)
			return r == HALF_WROTE;
	}
	return false;
}

static __always_inline void half_del(const union flow_key *k, bool v6)
{
	struct half_place at;
	__u64 *tag, old;

	if (!half_seek(k, &at, v6) || !half_match(k, &at, v6))
		return;
	tag = half_tag(&at);
	old = *(volatile __u64 *)tag;
	if (old >> 32 == sluice_half_mark(at.hash))
		__sync_val_compare_and_swap(tag, old, 0);
}
