/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Half-open flows: until the client has proved that it is there, and how it becomes a lasting
 * one. The proof is kept in the forward half, for the reply's may be evicted or taken over.
 *
 *	TCP	the ACK of the server's SYN+ACK; its number is in isn
 *	UDP	a second packet after the endpoint has answered
 */
#pragma once

#include "bpf/open.h"

/* The client's ACK may already cover data that came with SYN+ACK (TCP Fast Open, RFC 7413). A
 * blind guess hits with one in 2^18. */
#define ACK_WINDOW 16384

/* What the pair has shown of its end before it became lasting must not be forgotten. */
static __always_inline void half_note_end(const struct pkt *p, union flow_value *f)
{
	if (p->tcp_flags & TCP_FIN)
		f->f.state |= SLUICE_FLOW_FIN;
	if (p->tcp_flags & TCP_RST)
		f->f.state |= SLUICE_FLOW_RST;
}

/* The endpoint's packet: tells the forward half that it answered, and with what number. */
static __always_inline void half_answered(hook_ctx *ctx, const struct pkt *p, union flow_value *rev,
					  struct flow_pair *x, bool v6)
{
	union flow_value *fwd;
	__be32 seq = 0;

	half_note_end(p, rev);
	if (rev->f.state & SLUICE_FLOW_ANSWERED)
		return;
	if (p->proto == IPPROTO_TCP &&
	    ((p->tcp_flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK) ||
	     hook_load(ctx, p->l4_off + __builtin_offsetof(struct tcphdr, seq), &seq, sizeof(seq))))
		return;
	flow_partner_key(&x->key, rev, &x->rev_key, v6);
	fwd = half_find(&x->rev_key, v6);
	if (!fwd)
		return;
	fwd->f.isn = bpf_ntohl(seq);
	fwd->f.state |= SLUICE_FLOW_ANSWERED;
	rev->f.state |= SLUICE_FLOW_ANSWERED;
}

static __always_inline bool half_proved(hook_ctx *ctx, const struct pkt *p,
					const union flow_value *fwd)
{
	__be32 ack;

	if (!(fwd->f.state & SLUICE_FLOW_ANSWERED))
		return false;
	if (p->proto != IPPROTO_TCP)
		return true;
	if ((p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_ACK ||
	    hook_load(ctx, p->l4_off + __builtin_offsetof(struct tcphdr, ack_seq), &ack,
		      sizeof(ack)))
		return false;
	return bpf_ntohl(ack) - 1 - fwd->f.isn < ACK_WINDOW;
}

enum rev_state {
	REV_THERE,		/* in the half-open table */
	REV_MADE,		/* was evicted: made again from what this packet shows */
	REV_LOST,		/* its tuple is another flow's now */
};

/* The reply's half that belongs to @fwd, a copy of which goes to @x->fwd, in @x->rev. */
static __always_inline enum rev_state half_rev(hook_ctx *ctx, const struct walk *w,
					       const union flow_value *fwd, struct flow_pair *x,
					       bool v6)
{
	const union flow_value *half;

	flow_copy(&x->fwd, fwd, v6);
	x->fwd.f.seen = now_jiffies();
	flow_partner_key(&x->key, &x->fwd, &x->rev_key, v6);
	flow_reverse(&x->key, &x->fwd, &x->rev, v6);
	half = half_find(&x->rev_key, v6);
	if (half && !rev_is_ours(half, &x->rev, v6))
		return REV_LOST;
	if (half) {
		flow_copy(&x->rev, half, v6);
		return REV_THERE;
	}
	rev_set_send(ctx, w, &x->fwd, &x->rev);
	return REV_MADE;
}

/* A SYN or a datagram that comes again wants an answer: its reply half must be there. */
static __always_inline bool half_restore(hook_ctx *ctx, const struct walk *w,
					 const union flow_value *fwd, struct flow_pair *x, bool v6)
{
	switch (half_rev(ctx, w, fwd, x, v6)) {
	case REV_THERE:
		return true;
	case REV_MADE:
		return !flow_find(&x->rev_key, v6) &&
		       half_put(true, HALF_NEW, v6);
	default:
		return false;
	}
}

enum promoted {
	PROMOTED,
	PROMOTE_FULL,		/* goes on half-open */
	PROMOTE_LOST,		/* the reply's tuple is another flow's */
};

/* Into the lasting table, reply half first, as always. Room is reserved. */
static __always_inline enum promoted promote_insert(struct flow_pair *x, bool v6)
{
	const union flow_value *old;

	if (flow_put(&x->rev_key, &x->rev, BPF_NOEXIST, v6)) {
		old = flow_find(&x->rev_key, v6);
		if (!old)
			return PROMOTE_FULL;
		if (!rev_is_ours(old, &x->rev, v6))
			return PROMOTE_LOST;
	}
	if (flow_put(&x->key, &x->fwd, BPF_NOEXIST, v6)) {
		if (!flow_find(&x->key, v6))
			flow_del(&x->rev_key, v6);
		return PROMOTE_FULL;	/* or another CPU was first: nothing left to do */
	}
	gc_tag(&x->key, x->fwd.f.born, v6);
	if (gc_put(&x->key, v6)) {	/* cannot be: room was reserved */
		gc_tag(&x->key, 0, v6);
		flow_del(&x->key, v6);
		flow_del(&x->rev_key, v6);
		return PROMOTE_FULL;
	}
	gc_tag(&x->key, 0, v6);
	return PROMOTED;
}

/*
 * The client is real: moves the pair to the lasting table. @x->fwd is its forward half
 * afterwards. The half-open rows go: a table full of dead rows would evict handshakes that are
 * under way.
 */
static __always_inline enum promoted half_promote(hook_ctx *ctx, const struct walk *w,
						  const struct pkt *p, const union flow_value *fwd,
						  struct flow_pair *x, bool v6)
{
	enum promoted r;
	bool sticky;

	if (half_rev(ctx, w, fwd, x, v6) == REV_LOST)
		return PROMOTE_LOST;
	sticky = x->fwd.f.state & SLUICE_FLOW_STICKY;
	x->fwd.f.state &= SLUICE_FLOW_FIN | SLUICE_FLOW_RST;
	x->rev.f.state &= SLUICE_FLOW_FIN | SLUICE_FLOW_RST;
	x->rev.f.seen = x->fwd.f.seen;
	if (!gc_reserve(p->proto != IPPROTO_TCP, v6))
		return PROMOTE_FULL;
	r = promote_insert(x, v6);
	if (r != PROMOTED) {
		gc_count(-1, v6);
		return r;
	}
	count_opened(x->fwd.f.slot);
	if (sticky)
		sluice_affinity_note();
	half_del(&x->key, v6);
	half_del(&x->rev_key, v6);
	return PROMOTED;
}

/* Forgets the forward half, and the reply's if it is of the same flow. */
static __always_inline void half_end(const union flow_value *fwd, struct flow_pair *x, bool v6)
{
	const union flow_value *rev;

	flow_copy(&x->fwd, fwd, v6);
	flow_partner_key(&x->key, &x->fwd, &x->rev_key, v6);
	flow_reverse(&x->key, &x->fwd, &x->rev, v6);
	rev = half_find(&x->rev_key, v6);
	if (rev && rev_is_ours(rev, &x->rev, v6))
		half_del(&x->rev_key, v6);
	half_del(&x->key, v6);
}

/*
 * Whether the slot still is the endpoint's, if only to count its last connections. Half-open flows
 * do not hold it: once it is given away, a connection would count for another endpoint, and its
 * replies be no backend's to the filter.
 */
static __always_inline bool half_slot_is_there(const struct sluice_flow *f)
{
	const struct sluice_backend *b = bpf_map_lookup_elem(&sluice_backends, &f->slot);

	/* gen goes up when an endpoint leaves, and again when its slot is given away. */
	return b && b->flags & SLUICE_BE_USED && b->gen - f->slot_gen <= 1;
}

/*
 * A packet that hits a half-open entry. Returns the entry to use, NULL if the packet is to be
 * taken as new: the endpoint went away before the connection was made, or the reply's tuple.
 */
static __always_inline union flow_value *half_use(hook_ctx *ctx, const struct walk *w,
						  const struct pkt *p, union flow_value *f,
						  struct flow_pair *x, bool v6)
{
	bool first = p->proto != IPPROTO_TCP || p->tcp_flags & TCP_SYN;

	if (f->f.flags & SLUICE_FLOW_REPLY) {
		half_answered(ctx, p, f, x, v6);
		return f;
	}
	half_note_end(p, f);
	if (first && !flow_slot_current(&f->f)) {
		half_end(f, x, v6);
		return NULL;
	}
	if (!half_proved(ctx, p, f)) {
		if (!first || half_restore(ctx, w, f, x, v6))
			return f;
		half_end(f, x, v6);
		return NULL;
	}
	if (!half_slot_is_there(&f->f)) {
		half_end(f, x, v6);
		return NULL;
	}
	switch (half_promote(ctx, w, p, f, x, v6)) {
	case PROMOTED:
		return &x->fwd;
	case PROMOTE_LOST:
		half_end(f, x, v6);
		return NULL;
	default:
		return f;
	}
}
