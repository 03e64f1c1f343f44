/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The packet's way, the same for XDP and tc:
 *
 *	parse → filter → find flow → (miss: find service → choose backend → make flow)
 *	      → rewrite → send
 *
 * and what none of this takes is asked at last whose address it dials (address.h).
 *
 * The front (front.h) walks it for plain packets of established flows with one hash lookup, and
 * sends past what is not ours. Here is the whole way: first packets, handshakes, ends, once a
 * second, and headers that are not plain.
 *
 * hook_xdp.h or hook_tc.h gives hook_ctx and the verbs.
 */
#pragma once

#include "bpf/address.h"
#include "bpf/fragment.h"
#include "bpf/half.h"
#include "bpf/icmp.h"
#include "bpf/sctp.h"

/* The rewritten packet goes as the entry says; that it may was asked before. */
static __always_inline enum sluice_reason path_deliver(hook_ctx *ctx, struct walk *w,
						       const struct pkt *p,
						       const union flow_value *f, bool v6)
{
	count_slot(f->f.slot, f->f.flags & SLUICE_FLOW_REPLY, hook_weight(ctx, p));
	return hook_send(ctx, w, p, f, v6);
}

/* The tail of the slow half: the flow is known, the packet goes. */
static __always_inline int path_send(hook_ctx *ctx, struct walk *w, const struct pkt *p,
				     const union flow_value *f, struct flow_pair *x, bool v6)
{
	enum sluice_reason why = hop_allows(ctx, w, p, &f->f);

	if (!v6 && split_is_due(why, p)) {
		flow_copy(&x->fwd, f, v6);
		return PATH_SPLIT;
	}
	if (!why && sctp_fragment_is_lost(p, f, v6))
		why = SLUICE_R_SCTP_FRAGMENT;
	if (!why && p->fragment)
		why = fragment_goes(f, v6);
	return why ?: packet_rewrite(ctx, p, f, v6) ?: path_deliver(ctx, w, p, f, v6);
}

/*
 * Once a second: seen, and the next hop. A hop that is not known yet: at every packet. A packet
 * whose neighbour is due for the kernel's table is tc's, so XDP does not renew its flow.
 */
static __always_inline enum sluice_reason flow_renew(hook_ctx *ctx, struct walk *w,
						     const struct pkt *p,
						     union flow_value *f, bool v6)
{
	__u32 now = now_jiffies();
	bool stale = now - f->f.seen >= sluice_hz;
	enum sluice_reason why;

	if (!stale && f->f.send >= SLUICE_SEND_WIRE)
		return SLUICE_R_OK;
	if (HOOK_IS_XDP && neigh_is_due(&f->f))
		return SLUICE_R_LATER;
	if (stale)
		f->f.seen = now;
	if (f->f.flags & SLUICE_FLOW_PINNED || f->f.send > SLUICE_SEND_POD)
		return SLUICE_R_OK;
	why = hop_find(ctx, w, f, p->proto, v6);
	if (!why && !HOOK_IS_XDP)
		w->via_neigh = neigh_take_turn(&f->f);
	return why;
}

/* A SYN may take over the tuple of a connection that is closing, or lost its other half. */
static __always_inline bool flow_is_reusable(const union flow_value *f, struct flow_pair *x,
					     bool v6)
{
	const union flow_value *partner;

	flow_partner_key(&x->key, f, &x->rev_key, v6);
	partner = flow_find(&x->rev_key, v6);
	return !partner || flow_is_closing(f, partner);
}

/* After FIN or RST: is the connection over now? Counted once, on its forward half. */
static __always_inline void flow_note_end(union flow_value *f, struct flow_pair *x, bool v6)
{
	union flow_value *partner, *fwd;

	flow_partner_key(&x->key, f, &x->rev_key, v6);
	partner = flow_find(&x->rev_key, v6);
	if (!partner || !flow_is_closing(f, partner))
		return;
	fwd = f->f.flags & SLUICE_FLOW_REPLY ? partner : f;
	if (!fwd->f.over && !__sync_val_compare_and_swap(&fwd->f.over, 0, 1))
		count_over(fwd->f.slot);
}

/*
 * Who is said to have reset the connection speaks on, a second later: somebody else said so, and
 * guessed no more than the ports. A connection must not die of that at its next pause.
 */
static __always_inline void flow_revive(union flow_value *f, struct flow_pair *x, bool v6)
{
	union flow_value *partner, *fwd;

	f->f.state &= ~SLUICE_FLOW_RST;
	flow_partner_key(&x->key, f, &x->rev_key, v6);
	partner = flow_find(&x->rev_key, v6);
	if (!partner || flow_is_closing(f, partner))
		return;
	fwd = f->f.flags & SLUICE_FLOW_REPLY ? partner : f;
	if (fwd->f.over && __sync_val_compare_and_swap(&fwd->f.over, 1, 0))
		count_revived(fwd->f.slot);
}

/*
 * The Service of the connection @f wants no talk with endpoints that are gone. Asked once a second:
 * a packet that comes sooner goes by the front, which knows nothing of this.
 */
static __always_inline bool flow_is_cut(const struct pkt *p, const struct sluice_flow *f,
					struct walk *w)
{
	const struct sluice_backend *b;

	if (p->proto != IPPROTO_TCP || now_jiffies() - f->seen < sluice_hz)
		return false;
	b = bpf_map_lookup_elem(&sluice_backends, &f->slot);
	if (!b || b->gen == f->slot_gen || !(b->flags & SLUICE_BE_RESET))
		return false;
	w->service = b->service;
	return true;
}

/* Both halves go; closed is counted by the forward one. */
static __always_inline void flow_cut(struct flow_pair *x, const union flow_value *f, bool v6)
{
	const union flow_value *fwd;

	if (!(f->f.flags & SLUICE_FLOW_REPLY)) {
		flow_end(&x->key, f, &x->rev_key, v6);
		return;
	}
	flow_partner_key(&x->key, f, &x->rev_key, v6);
	fwd = flow_find(&x->rev_key, v6);
	if (fwd)
		flow_end(&x->rev_key, fwd, &x->other_key, v6);
	else
		flow_del(&x->key, v6);
}

/* An entry of the lasting table that is not plain. False: it is no more, the packet is new. */
static __always_inline bool flow_keep(const struct pkt *p, union flow_value *f,
				      struct flow_pair *x, bool v6)
{
	bool reply = f->f.flags & SLUICE_FLOW_REPLY;
	__u8 state = f->f.state;

	if (p->proto == IPPROTO_SCTP)
		return true;	/* as TCP, it stays with its endpoint; its end is silence */
	if (p->proto == IPPROTO_UDP) {
		if (reply || flow_slot_current(&f->f))
			return true;
		flow_end(&x->key, f, &x->rev_key, v6);
		return false;
	}
	if (!reply && (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    flow_is_reusable(f, x, v6)) {
		flow_end(&x->key, f, &x->rev_key, v6);
		return false;
	}
	if (p->tcp_flags & TCP_FIN)
		state |= SLUICE_FLOW_FIN;
	if (p->tcp_flags & TCP_RST)
		state |= SLUICE_FLOW_RST;
	if (state != f->f.state) {
		f->f.state = state;
		flow_note_end(f, x, v6);
	} else if (state & SLUICE_FLOW_RST && !(p->tcp_flags & TCP_RST) &&
		   now_jiffies() - f->f.seen >= sluice_hz) {
		flow_revive(f, x, v6);
	}
	return true;
}

static __always_inline int path_slow(hook_ctx *ctx, struct walk *w, const struct pkt *p,
				     struct flow_pair *x, bool v6)
{
	const struct sluice_settings *cfg = settings_get();
	union flow_value *f;
	enum sluice_reason why;

	if (!cfg)
		return SLUICE_R_NOT_OURS;
	x->key = p->key;
	f = flow_find(&x->key, v6);
	if (f && p->bad)
		return p->bad;
	if (f && flow_is_cut(p, &f->f, w)) {
		flow_cut(x, f, v6);
		if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
			return SLUICE_R_GONE;
		w->service = SLUICE_NONE;	/* it dials anew, and perhaps nobody's */
		f = NULL;
	}
	if (f && !flow_keep(p, f, x, v6))
		f = NULL;
	if (!f) {
		f = half_find(&x->key, v6);
		if (f && flow_older(&f->f, now_jiffies(), p->proto == IPPROTO_TCP ?
				    cfg->syn_sec : cfg->udp_sec))
			f = NULL;
		if (f && p->bad)
			return p->bad;
		if (f)
			f = half_use(ctx, w, p, f, x, v6);
	}
	/* Another CPU may have made it a lasting one between the two looks. */
	if (!f && !(p->tcp_flags & TCP_SYN)) {
		f = flow_find(&x->key, v6);
		if (f && p->bad)
			return p->bad;
	}
	if (!f)
		return PATH_NEW;
	why = flow_renew(ctx, w, p, f, v6);
	if (why)
		return HOOK_IS_XDP ? SLUICE_R_LATER : why;
	return path_send(ctx, w, p, f, x, v6);
}

/* A packet of no flow; path_slow() has left its tuple in @x. */
static __always_inline int path_new(hook_ctx *ctx, struct walk *w, const struct pkt *p,
				    struct flow_pair *x, bool v6)
{
	enum sluice_reason why = flow_new(ctx, w, p, x, v6);

	if (!why && !HOOK_IS_XDP)
		w->via_neigh = neigh_take_turn(&x->fwd.f);
	return why ?: path_send(ctx, w, p, &x->fwd, x, v6);
}

/*
 * Global functions: large, rare, and proved once each. They are called one after the other, not
 * by each other, because the frames of a chain of calls share 512 bytes.
 */
__noinline int sluice_slow4(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? path_slow(ctx, &s->w, &s->p, &s->x, false) : SLUICE_R_NOT_OURS;
}

__noinline int sluice_slow6(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? path_slow(ctx, &s->w, &s->p, &s->x, true) : SLUICE_R_NOT_OURS;
}

__noinline int sluice_new4(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? path_new(ctx, &s->w, &s->p, &s->x, false) : SLUICE_R_NOT_OURS;
}

__noinline int sluice_new6(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? path_new(ctx, &s->w, &s->p, &s->x, true) : SLUICE_R_NOT_OURS;
}

/* Behind parse(). */
static __always_inline enum sluice_reason path_family(hook_ctx *ctx, const struct walk *w, bool v6)
{
	int why = v6 ? sluice_slow6(ctx) : sluice_slow4(ctx);

	if (why == PATH_NEW && !(w->maybe & MAYBE_TO_FRONTEND))
		return SLUICE_R_NOT_OURS;
	if (why == PATH_NEW)
		why = v6 ? sluice_new6(ctx) : sluice_new4(ctx);
#if !HOOK_IS_XDP
	if (why == PATH_SPLIT)
		why = sluice_split4(ctx);
#endif
	return why;
}

/* Into the scratch. A global function, behind which the many ways through headers meet again. */
__noinline int sluice_parse(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();
	struct cur c = hook_cur(ctx);

	if (!s)
		return SLUICE_R_NOT_OURS;
	c.frame_len = hook_frame_len(ctx);
	__builtin_memset(&s->p, 0, sizeof(s->p));
	return parse(&c, &s->p);
}

static __always_inline enum sluice_reason path_later(hook_ctx *ctx, struct scratch *s)
{
	/* IPv4 says in each fragment which protocol it is of. */
	if (!s->p.v6 && !pkt_has_ports(&s->p) && !address_may(&s->p))
		return SLUICE_R_NOT_OURS;
	return HOOK_IS_XDP ? sluice_fragment_next(ctx) : PATH_LATER;
}

static __always_inline enum sluice_reason path_walk(hook_ctx *ctx, struct scratch *s)
{
	enum sluice_reason why = sluice_parse(ctx);

	if (why)
		return why;
	if (s->p.fragment == PKT_FRAGMENT_LATER)
		return path_later(ctx, s);
	why = SLUICE_R_NOT_OURS;
	s->w.maybe = filter_ask(&s->w, &s->p);
	if (s->w.maybe)
		why = s->p.v6 ? path_family(ctx, &s->w, true) : path_family(ctx, &s->w, false);
	return why;
}

/*
 * @why so far: what nobody took may still be for an address of ours. Later fragments are not asked:
 * of them the first one says it.
 */
static __always_inline enum sluice_reason path_address(hook_ctx *ctx, struct scratch *s,
						       enum sluice_reason why)
{
	if (why == SLUICE_R_NOT_OURS && s->p.fragment != PKT_FRAGMENT_LATER &&
	    address_ask(&s->p)) {
		s->w.maybe |= MAYBE_TO_ADDRESS;
		why = sluice_address(ctx);
	}
	return fragment_note(s, why);
}

/* Counts a packet that ends here, for the node and for its service. */
static __always_inline void path_count_drop(hook_ctx *ctx, const struct walk *w,
					    const struct pkt *p, enum sluice_reason why)
{
	struct weight n = hook_weight(ctx, p);

	if (why == SLUICE_R_NOT_OURS && !p->ip_len)
		return;		/* not IP: nobody's business here */
	count_reason(why, n);
	if (w->service && why != SLUICE_R_ECHO)
		count_service(w->service, why, n.packets);
}

/*
 * Answers a packet that ends here for @why, if an answer is due and within the limit. True: it
 * became the answer, w->action is set. The packet is counted already.
 */
static __always_inline bool path_answer(hook_ctx *ctx, struct walk *w, const struct pkt *p,
					enum sluice_reason why)
{
	enum sluice_reason failed;

	/* An RST is never answered, nor an ICMP error, nor what is not the beginning of its
	 * datagram, unless it is part of the answer: RFC 1122 section 3.2.2. */
	if (reason_verdict(why) < SLUICE_V_REJECT || p->tcp_flags & TCP_RST ||
	    (pkt_is_icmp(p) && !w->echo) ||
	    (p->fragment == PKT_FRAGMENT_LATER && why != SLUICE_R_ECHO))
		return false;
	if (!answer_allowed(why))
		failed = SLUICE_R_REJECT_LIMIT;
	else if (why == SLUICE_R_ECHO)
		failed = sluice_echo(ctx);
	else
		failed = answer(ctx, w, p, why);
	if (failed)
		count_reason(failed, (struct weight){ .packets = 1, .bytes = p->ip_len });
	return !failed;
}
