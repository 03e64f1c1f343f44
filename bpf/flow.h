/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flow entries: finding, making, promoting and ending pairs. See sluice/flow.h for what an
 * entry is and bpf/maps.h for who wins a race.
 *
 * @v6 is a constant at every call, so that each function folds to one family.
 */
#pragma once

#include "bpf/count.h"
#include "bpf/csum.h"
#include "bpf/maps.h"
#include "bpf/parse.h"
#include "bpf/quote.h"
#include "bpf/walk.h"
#include "sluice/fragment.h"

union flow_value {
	struct sluice_flow f;
	struct sluice_flow4 v4;
	struct sluice_flow6 v6;
};

/* Both halves of a pair under construction. */
struct flow_pair {
	union flow_key key;
	union flow_value fwd;
	union flow_value rev;
	union flow_key rev_key;
	union flow_key other_key;	/* of a pair that is in our way */
};

/*
 * What the slow half of the path knows. Not on the stack, whose 512 bytes all frames of a chain of
 * calls share; and on Linux 6.1 a global function's argument may not be a map key ("R2 type=mem
 * expected=fp, pkt, pkt_meta, map_key, map_value"). One for each CPU: the hooks that share it all
 * run with bottom halves off, and none within another.
 */
struct scratch {
	struct walk w;
	struct pkt p;
	struct flow_pair x;
	struct bpf_fib_lookup fib;
	struct quote quote;
	struct sluice_fragment_key fragment_key;
	struct sluice_fragment fragment;
	__u64 held_hash;
	__u32 held_row;
};
MAP(sluice_scratch, PERCPU_ARRAY, __u32, struct scratch, 1, 0);

static __always_inline struct scratch *scratch_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sluice_scratch, &zero);
}

static __always_inline union flow_value *flow_find(const union flow_key *k, bool v6)
{
	if (v6)
		return bpf_map_lookup_elem(&sluice_flows6, k);
	return bpf_map_lookup_elem(&sluice_flows4, k);
}

/* Map values of the IPv4 tables are shorter than the union. */
static __always_inline void flow_copy(union flow_value *to, const union flow_value *from, bool v6)
{
	if (v6)
		to->v6 = from->v6;
	else
		to->v4 = from->v4;
}

static __always_inline long flow_put(const union flow_key *k, const union flow_value *f,
				     __u64 flags, bool v6)
{
	if (v6)
		return bpf_map_update_elem(&sluice_flows6, k, f, flags);
	return bpf_map_update_elem(&sluice_flows4, k, f, flags);
}

static __always_inline long flow_del(const union flow_key *k, bool v6)
{
	if (v6)
		return bpf_map_delete_elem(&sluice_flows6, k);
	return bpf_map_delete_elem(&sluice_flows4, k);
}

/* The tuple that the other direction has on the wire: this one rewritten, then swapped. */
static __always_inline void flow_partner_key(const union flow_key *k, const union flow_value *f,
					     union flow_key *ret, bool v6)
{
	__builtin_memset(ret, 0, sizeof(*ret));
	if (v6) {
		for (int i = 0; i < 4; i++) {
			ret->v6.src[i] = f->v6.dst[i];
			ret->v6.dst[i] = f->v6.src[i];
		}
		ret->v6.sport = f->f.dport;
		ret->v6.dport = f->f.sport;
		ret->v6.proto = k->v6.proto;
	} else {
		ret->v4.src = f->v4.dst;
		ret->v4.dst = f->v4.src;
		ret->v4.sport = f->f.dport;
		ret->v4.dport = f->f.sport;
		ret->v4.proto = k->v4.proto;
	}
}

/* The checksum deltas of rewriting @k as @f says. */
static __always_inline void flow_set_deltas(const union flow_key *k, union flow_value *f, bool v6)
{
	__u32 sum;

	if (v6)
		sum = csum_words_not(k->v6.src, 4) + csum_words_not(k->v6.dst, 4) +
		      csum_words(f->v6.src, 4) + csum_words(f->v6.dst, 4);
	else
		sum = csum_words_not(&k->v4.src, 1) + csum_words_not(&k->v4.dst, 1) +
		      csum_words(&f->v4.src, 1) + csum_words(&f->v4.dst, 1);
	f->f.addr_delta = csum_fold(sum);
	sum = f->f.addr_delta;
	if (v6)
		sum += (__u16)~k->v6.sport + (__u16)~k->v6.dport;
	else
		sum += (__u16)~k->v4.sport + (__u16)~k->v4.dport;
	sum += f->f.sport + f->f.dport;
	f->f.l4_delta = csum_fold(sum);
}

/*
 * The reply's half from the forward half: everything but where it is to be sent, which stays
 * unknown. Either half of a pair can be rebuilt so, if it was evicted alone.
 */
static __always_inline void flow_reverse(const union flow_key *k, const union flow_value *f,
					 union flow_value *ret, bool v6)
{
	__builtin_memset(ret, 0, sizeof(*ret));
	ret->f.slot = f->f.slot;
	ret->f.slot_gen = f->f.slot_gen;
	ret->f.born = f->f.born;
	ret->f.seen = f->f.seen;
	ret->f.addr_delta = csum_inverse(f->f.addr_delta);
	ret->f.l4_delta = csum_inverse(f->f.l4_delta);
	ret->f.flags = SLUICE_FLOW_REPLY | (f->f.flags & SLUICE_FLOW_SNAT);
	if (v6) {
		for (int i = 0; i < 4; i++) {
			ret->v6.src[i] = k->v6.dst[i];
			ret->v6.dst[i] = k->v6.src[i];
		}
		ret->f.sport = k->v6.dport;
		ret->f.dport = k->v6.sport;
	} else {
		ret->v4.src = k->v4.dst;
		ret->v4.dst = k->v4.src;
		ret->f.sport = k->v4.dport;
		ret->f.dport = k->v4.sport;
	}
}

/*
 * Silent for more than @sec. `seen` may be a moment ahead of our clock (another CPU's), hence the
 * second of slack; all unsigned, for a row may lie there longer than a signed difference goes.
 */
static __always_inline bool flow_older(const struct sluice_flow *f, __u32 now, __u32 sec)
{
	return now - f->seen + sluice_hz > (sec + 1) * sluice_hz;
}

/*
 * Whether the endpoint is still there. UDP flows ask at each packet, so that they leave a gone
 * endpoint at once; TCP flows live on with what they have.
 */
static __always_inline bool flow_slot_current(const struct sluice_flow *f)
{
	const struct sluice_backend *b = bpf_map_lookup_elem(&sluice_backends, &f->slot);

	return b && b->gen == f->slot_gen;
}

static __always_inline struct sluice_gc *gc_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sluice_gc, &zero);
}

static __always_inline void gc_count(__s64 n, bool v6)
{
	struct sluice_gc *gc = gc_get();

	if (gc)
		__sync_fetch_and_add(v6 ? &gc->tokens6 : &gc->tokens4, n);
}

/* A token back into, or new in, the collector's queue. */
static __always_inline long gc_put(const union flow_key *k, bool v6)
{
	if (v6)
		return bpf_map_push_elem(&sluice_gc6, &k->v6, 0);
	return bpf_map_push_elem(&sluice_gc4, &k->v4, 0);
}

/*
 * A token says in its padding when the pair was born: if the tuple is used again, that pair has a
 * token of its own, and this one shows to be dead.
 */
static __always_inline void gc_tag(union flow_key *token, __u32 born, bool v6)
{
	__u8 *tag = v6 ? token->v6.zero : token->v4.zero;

	tag[0] = born;
	tag[1] = born >> 8;
	tag[2] = born >> 16;
}

static __always_inline bool gc_tag_is(const union flow_key *token, __u32 born, bool v6)
{
	const __u8 *tag = v6 ? token->v6.zero : token->v4.zero;

	return tag[0] == (__u8)born && tag[1] == (__u8)(born >> 8) &&
	       tag[2] == (__u8)(born >> 16);
}

/*
 * Room for one more lasting pair: the counter is what is in the queue or in the collector's
 * hand, so that its tokens always find their place again. UDP, whose clients prove little, gets
 * half of the room.
 */
static __always_inline bool gc_reserve(bool udp, bool v6)
{
	const struct sluice_settings *cfg = settings_get();
	struct sluice_gc *gc = gc_get();
	__u64 *tokens, limit;

	if (!cfg || !gc)
		return false;
	tokens = v6 ? &gc->tokens6 : &gc->tokens4;
	limit = v6 ? cfg->pairs6 : cfg->pairs4;
	if (!limit)
		limit = ~0ull;
	if (__sync_fetch_and_add(tokens, 1) < (udp ? limit / 2 : limit))
		return true;
	__sync_fetch_and_add(tokens, -1);
	return false;
}

/* FIN from both sides, or RST from one. */
static __always_inline bool flow_is_closing(const union flow_value *f,
					    const union flow_value *partner)
{
	__u8 any = f->f.state | partner->f.state, both = f->f.state & partner->f.state;

	return any & SLUICE_FLOW_RST || both & SLUICE_FLOW_FIN;
}

/* Whether two reply halves say the same: then they are of the same flow. */
static __always_inline bool rev_is_ours(const union flow_value *old, const union flow_value *rev,
					bool v6)
{
	if (old->f.sport != rev->f.sport || old->f.dport != rev->f.dport)
		return false;
	if (!v6)
		return old->v4.src == rev->v4.src && old->v4.dst == rev->v4.dst;
	return old->v6.src[3] == rev->v6.src[3] && old->v6.src[2] == rev->v6.src[2] &&
	       old->v6.src[1] == rev->v6.src[1] && old->v6.src[0] == rev->v6.src[0] &&
	       old->v6.dst[3] == rev->v6.dst[3] && old->v6.dst[2] == rev->v6.dst[2] &&
	       old->v6.dst[1] == rev->v6.dst[1] && old->v6.dst[0] == rev->v6.dst[0];
}

/*
 * Ends the lasting pair of which @k, @f is the forward half. Two CPUs: who takes the forward
 * half out takes the reply's too; the other must not, for the tuple may be in use again.
 */
static __always_inline void flow_end(const union flow_key *k, const union flow_value *f,
				     union flow_key *scratch, bool v6)
{
	__u32 slot = f->f.slot;
	bool over = f->f.over;

	flow_partner_key(k, f, scratch, v6);
	if (flow_del(k, v6))
		return;
	flow_del(scratch, v6);
	count_closed(slot, over);
}
