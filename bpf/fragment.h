/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fragments, a packet at a time. The first of a datagram has the ports and goes the way of every
 * packet; what is done to it is written down and done to the later ones: their addresses change
 * and nothing else, for the checksum of L4 is in the first and covers them all.
 *
 * A later one that comes before the first, because the network or the CPUs of this host changed
 * the order, waits for it: fragment_hold.h. The first writes down its rewrite and then looks for
 * those who wait; who waits puts himself down and then looks for the first. So of two that do this
 * on two CPUs at once, one sees the other.
 *
 * The first may also be stopped, or answered, or of no service: it writes that down, and so it
 * goes with the later ones, but that none of them is rejected: RFC 1122 section 3.2.2. What waits
 * for one that is stopped waits in vain: without it it is of no use.
 *
 * Nothing is put together here: overlaps and gaps are for the endpoint's kernel to judge, which
 * does as with fragments that no one translated (RFC 5722). The identification stays what the
 * sender made it, as with the kernel's NAT: two clients behind one masquerade address that use the
 * same one towards the same endpoint at the same moment lose their datagrams to the checksum.
 *
 * Who can send in another's name and guess the identification can put a fragment into a datagram
 * of his, as with any host that reassembles; it goes where the first went, nowhere else. From pods
 * not even that: their fragments belong together only if they come by the same device.
 */
#pragma once

#include "bpf/address.h"
#include "bpf/half_table.h"
#include "bpf/held.h"
#include "bpf/send.h"

/*
 * sluice_fragments   datagram → what became of its first fragment
 *   writes  programs, at a first fragment. The same identification again, or a first one that
 *           overlaps the other: the newer holds
 *   reads   programs, at later fragments
 *   lives   until evicted, or a newer datagram takes the identification, for the last of a datagram
 *           may come before others. Rows count as absent after SLUICE_FRAGMENT_SEC
 */
MAP(sluice_fragments, LRU_HASH, struct sluice_fragment_key, struct sluice_fragment, 16384, 0);

/*
 * Whether datagrams that have what all fragments of @p have may be for us: the addresses must do, for
 * only the first one has ports. Asked of a first fragment that is not ours too: if the others are
 * to wait for it, they must hear of it.
 */
static __always_inline bool fragment_ask(const struct pkt *p)
{
	if (address_may(p))
		return true;
	/* IPv6 says what a datagram is in the first fragment only. */
	return (p->v6 || pkt_has_ports(p)) && filter_ask_fragment(p);
}

/* Of the packet in the scratch, into the scratch. */
static __always_inline void fragment_set_key(struct scratch *s)
{
	struct sluice_fragment_key *k = &s->fragment_key;
	const struct pkt *p = &s->p;

	__builtin_memset(k, 0, sizeof(*k));
	k->id = p->fragment_id;
	k->via = s->w.from == FROM_WIRE ? 0 : s->w.ifindex;
	k->v6 = p->v6;
	if (p->v6) {
		__builtin_memcpy(k->src, p->key.v6.src, sizeof(k->src));
		__builtin_memcpy(k->dst, p->key.v6.dst, sizeof(k->dst));
	} else {
		k->src[3] = p->key.v4.src;
		k->dst[3] = p->key.v4.dst;
		k->proto = p->proto;
	}
}

/* What became of the first one of the datagram in the scratch; NULL: it has not come. */
static __always_inline struct sluice_fragment *fragment_find(struct scratch *s)
{
	struct sluice_fragment *first = bpf_map_lookup_elem(&sluice_fragments, &s->fragment_key);
	__u32 now = now_jiffies();

	/* Another CPU may be a tick ahead of this one: a second of slack. */
	if (!first || now - first->at + sluice_hz > (SLUICE_FRAGMENT_SEC + 1) * sluice_hz ||
	    now - first->used + sluice_hz > (SLUICE_FRAGMENT_GAP_SEC + 1) * sluice_hz)
		return NULL;
	if (first->used != now)
		first->used = now;
	return first;
}

/* Whether later fragments are done to what @why says; else they are only to be stopped. */
static __always_inline bool fragment_goes_on(enum sluice_reason why)
{
	enum sluice_verdict v = reason_verdict(why);

	return v != SLUICE_V_DROP && v != SLUICE_V_REJECT;
}

/*
 * Writes down what becomes of the first fragment in the scratch, before it is done. OK, or who is
 * to go on with it because others wait: at XDP tc, which holds them.
 */
__noinline int sluice_fragment_first(__u32 why)
{
	struct scratch *s = scratch_get();

	if (!s)
		return SLUICE_R_NOT_SENT;
	fragment_set_key(s);
	s->fragment.why = why;
	s->fragment.service = s->w.service;
	s->fragment.at = s->fragment.used = now_jiffies();
	bpf_map_update_elem(&sluice_fragments, &s->fragment_key, &s->fragment, BPF_ANY);
	/* This host's own come in order: nobody waits. */
	if (s->w.from == FROM_HOST || !fragment_goes_on(why) || !held_any(s))
		return SLUICE_R_OK;
	return HOOK_IS_XDP ? SLUICE_R_LATER : PATH_RELEASE;
}

/* The first fragment @p is about to go as @f says. */
static __always_inline enum sluice_reason fragment_goes(const union flow_value *f, bool v6)
{
	struct scratch *s = scratch_get();

	if (!s)
		return SLUICE_R_NOT_SENT;
	flow_copy((union flow_value *)&s->fragment.flow, f, v6);
	return sluice_fragment_first(SLUICE_R_OK);
}

/* What was written down under the identification of the datagram in the scratch is of an older one. */
__noinline int sluice_fragment_forget(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		return -1;
	fragment_set_key(s);
	if (bpf_map_lookup_elem(&sluice_fragments, &s->fragment_key))
		bpf_map_delete_elem(&sluice_fragments, &s->fragment_key);
	return 0;
}

/*
 * @why nothing was sent so far: a first fragment in the scratch writes that down, and it is @why
 * unless others wait.
 */
static __always_inline enum sluice_reason fragment_note(const struct scratch *s,
							enum sluice_reason why)
{
	/* What went on has said so. And nobody knows whose it is if its header is not there. */
	if (s->p.fragment != PKT_FRAGMENT_FIRST || why == SLUICE_R_OK || why >= SLUICE_R_COUNT ||
	    why == SLUICE_R_TRUNCATED)
		return why;
	if (reason_verdict(why) == SLUICE_V_PASS && !fragment_ask(&s->p))
		return why;
	/* What passes XDP tc sees, and nobody waits for what this host sends. But its others may be
	 * here before tc has seen it. */
	if (reason_verdict(why) == SLUICE_V_PASS && (HOOK_IS_XDP || s->w.from == FROM_HOST)) {
		sluice_fragment_forget();
		return why;
	}
	return sluice_fragment_first(why) ?: why;
}

/* A later fragment goes as the first one did. */
static __always_inline enum sluice_reason fragment_follows(hook_ctx *ctx, struct walk *w,
							   const struct pkt *p,
							   const struct sluice_fragment *first,
							   bool v6)
{
	const union flow_value *f = (const union flow_value *)&first->flow;
	enum sluice_reason why = hop_allows(ctx, w, p, &f->f);

	if (!why)
		why = hook_rewrite_ip(ctx, p, f, v6);
	if (why)
		return why;
	count_slot(f->f.slot, f->f.flags & SLUICE_FLOW_REPLY, hook_weight(ctx, p));
	return hook_send(ctx, w, p, f, v6);
}

/*
 * The later fragment in the scratch, if its first one is known: else LATER. A global function, as
 * those in path.h.
 */
__noinline int sluice_fragment_next(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();
	const struct sluice_fragment *first;

	if (!s)
		return SLUICE_R_LATER;
	fragment_set_key(s);
	first = fragment_find(s);
	if (!first)
		return SLUICE_R_LATER;
	if (first->why) {
		s->w.service = first->service;
		s->w.echo = first->why == SLUICE_R_ECHO;
		return first->why;
	}
	return s->p.v6 ? fragment_follows(ctx, &s->w, &s->p, first, true) :
			 fragment_follows(ctx, &s->w, &s->p, first, false);
}
