/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments that come before the first of their datagram. They are kept, as the bytes that they
 * are; when the first one comes they and it are put in again where they came from, it ahead, and
 * then go the way of fragments in order. Nothing else than this can be done a packet at a time: a
 * later fragment does not say who it is for, and the kernel, which would put the datagram together,
 * does so for itself only behind our hooks, or for others by a connection tracker that is not
 * there.
 *
 * Only what comes in is kept. What this host sends comes in order, for it is cut in one go.
 */
#pragma once

#include "bpf/fragment.h"
#include "bpf/hook_tc.h"

/*
 * Always true, but the verifier wants to see it. clang would compare a copy, or both bounds by one
 * subtraction: then Linux 6.1 does not know the lower one ("invalid access to map value,
 * value_size=2048 off=64 size=0").
 */
static __always_inline bool held_len_is_good(__u32 *len)
{
	barrier_var(*len);
	if (*len > SLUICE_HELD_FRAME)
		return false;
	barrier_var(*len);
	return *len > ETH_HLEN;
}

/* The packet, into @h. */
static __always_inline bool held_load(hook_ctx *ctx, struct sluice_held *h,
				      const struct scratch *s)
{
	__u32 len = ctx->len;

	h->len = len;
	h->ifindex = s->w.ifindex;
	h->tag = ctx->vlan_present ? ctx->vlan_proto << 16 | (ctx->vlan_tci & 0xffff) : 0;
	h->key = s->fragment_key;
	return held_len_is_good(&len) && !hook_load(ctx, 0, h->frame, len);
}

/*
 * Keeps the later fragment in the scratch. HELD: it is stopped; OK: the first one came meanwhile,
 * so go on; FRAGMENT: it cannot be kept.
 */
__noinline int sluice_hold(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();
	struct sluice_held_bucket *b;
	struct sluice_held *h;
	__u32 way, now = now_jiffies();
	__u64 old, mine, *tag;

	if (!s)
		return SLUICE_R_FRAGMENT;
	b = held_seek(s);
	if (!b || ctx->len > SLUICE_HELD_FRAME)
		return SLUICE_R_FRAGMENT;
	way = __sync_fetch_and_add(&b->next, 1) & (SLUICE_HELD_WAYS - 1);
	tag = &b->tag[way];
	old = *(volatile __u64 *)tag;
	if (old == SLUICE_HALF_BUSY ||
	    __sync_val_compare_and_swap(tag, old, SLUICE_HALF_BUSY) != old)
		return SLUICE_R_FRAGMENT;
	h = held_get(s, way);
	if (h && old)
		held_count(h, SLUICE_R_FRAGMENT_LOST);	/* its place is needed */
	if (!h || !held_load(ctx, h, s)) {
		__sync_lock_test_and_set(tag, 0);
		return SLUICE_R_FRAGMENT;
	}
	b->last = now;
	mine = sluice_half_tag(s->held_hash, now);
	__sync_lock_test_and_set(tag, mine);
	if (!fragment_find(s))
		return SLUICE_R_HELD;
	/* Unless the first one has it already. */
	return __sync_val_compare_and_swap(tag, mine, 0) == mine ? SLUICE_R_OK : SLUICE_R_HELD;
}

/* Makes the packet the one in @h, and puts a copy in where it came from. */
static __always_inline long held_put(hook_ctx *ctx, const struct sluice_held *h)
{
	__u32 len = h->len;

	if (!held_len_is_good(&len))
		return -1;
	/* Each had a tag of VLAN 0 or none: of another it is left that. */
	if (ctx->vlan_present && bpf_skb_vlan_pop(ctx))
		return -1;
	if (h->tag && bpf_skb_vlan_push(ctx, h->tag >> 16, h->tag & 0xffff))
		return -1;
	/* The sum of a COMPLETE packet is without Ethernet's header. */
	if (bpf_skb_change_tail(ctx, len, 0) || bpf_skb_store_bytes(ctx, 0, h->frame, ETH_HLEN, 0))
		return -1;
	len -= ETH_HLEN;
	if (bpf_skb_store_bytes(ctx, ETH_HLEN, h->frame + ETH_HLEN, len, BPF_F_RECOMPUTE_CSUM))
		return -1;
	return bpf_clone_redirect(ctx, h->ifindex, BPF_F_INGRESS);
}

/* Puts in what waits in way @way for the first fragment in the scratch, if any does. */
__noinline int sluice_release_way(hook_ctx *ctx, __u32 way)
{
	struct scratch *s = scratch_get();
	struct sluice_held_bucket *b = s ? held_bucket(s) : NULL;
	const struct sluice_held *h;
	__u64 old, *tag;

	if (!b)
		return SLUICE_R_NOT_SENT;
	tag = &b->tag[way & (SLUICE_HELD_WAYS - 1)];
	old = *(volatile __u64 *)tag;
	if (old >> 32 != sluice_half_mark(s->held_hash) || !sluice_held_is(way) ||
	    __sync_val_compare_and_swap(tag, old, SLUICE_HALF_BUSY) != old)
		return SLUICE_R_OK;
	h = held_get(s, way);
	/* Looked at again, now that nobody else can change it. */
	if (h && (!held_key_is(&h->key, &s->fragment_key) || !held_is_young((__u32)old)))
		held_count(h, SLUICE_R_FRAGMENT_LOST);
	else if (h && held_put(ctx, h))
		held_count(h, SLUICE_R_NOT_SENT);
	__sync_lock_test_and_set(tag, 0);
	return SLUICE_R_OK;
}

/* One place of the bucket @row: who has waited for too long is forgotten. */
static long held_sweep_way(__u32 way, __u32 *row)
{
	struct sluice_held_bucket *b = bpf_map_lookup_elem(&sluice_held_tags, row);
	const struct sluice_held *h = held_at(*row, way);
	__u64 old, *tag;

	if (!b || !h)
		return 1;
	tag = &b->tag[way & (SLUICE_HELD_WAYS - 1)];
	old = *(volatile __u64 *)tag;
	if (!old || old == SLUICE_HALF_BUSY || held_is_young((__u32)old) ||
	    __sync_val_compare_and_swap(tag, old, SLUICE_HALF_BUSY) != old)
		return 0;
	held_count(h, SLUICE_R_FRAGMENT_LOST);
	__sync_lock_test_and_set(tag, 0);
	return 0;
}

/* Counts those whose first one did not come. Buckets that nobody came to lately have none. */
static __always_inline void held_sweep(void)
{
	for (__u32 i = 0; i < SLUICE_HELD_BUCKETS; i++) {
		__u32 row = i;
		const struct sluice_held_bucket *b = bpf_map_lookup_elem(&sluice_held_tags, &row);

		if (b && now_jiffies() - b->last <= 2 * SLUICE_HELD_SEC * sluice_hz)
			bpf_loop(SLUICE_HELD_WAYS, held_sweep_way, &row, 0);
	}
}

/* The later fragment in the scratch: goes as its first one, or waits for it. */
static __always_inline enum sluice_reason fragment_later(hook_ctx *ctx, const struct scratch *s)
{
	enum sluice_reason why = sluice_fragment_next(ctx);

	if (why != SLUICE_R_LATER)
		return why;
	if (s->w.from == FROM_HOST || !fragment_ask(&s->p))
		return SLUICE_R_NOT_OURS;
	why = sluice_hold(ctx);
	if (why)
		return why;
	why = sluice_fragment_next(ctx);
	return why == SLUICE_R_LATER ? SLUICE_R_FRAGMENT : why;
}

/* The first fragment in the scratch and those who wait for it are put in again. */
static __always_inline enum sluice_reason fragment_release(hook_ctx *ctx, const struct scratch *s)
{
	if (bpf_clone_redirect(ctx, s->w.ifindex, BPF_F_INGRESS))
		return SLUICE_R_NOT_SENT;
	for (__u32 way = 0; way < SLUICE_HELD_WAYS; way++)
		sluice_release_way(ctx, way);
	return SLUICE_R_OK;
}
