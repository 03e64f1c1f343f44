/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors about packets that we rewrote: of routers on the way ("too big", "time exceeded") and
 * of the ends ("port unreachable"). What they quote is not what the sender of the quoted packet
 * sent, so it would not know its connection.
 *
 * The flow entry of what travels opposite to the quoted packet says all: such a packet goes where
 * the error must go, by the same hop, and its rewrite is that of the quote, read backwards.
 * The error's own source becomes the source of that flow, as with the kernel's NAT: the client
 * talks to the service's address and may know no way to a router behind it.
 *
 * tc only. XDP, whose trade is speed, leaves ICMP untouched; errors are few.
 */
#pragma once

#include "bpf/half_table.h"
#include "bpf/hook_tc.h"
#include "bpf/send.h"

/* The ICMP message into @q, as much as may be of interest. */
static __always_inline bool quote_load(hook_ctx *ctx, const struct pkt *p, struct quote *q)
{
	__u32 len = p->ip_len + ETH_HLEN - p->l4_off;

	if (!p->l4_off || len > 0xffff || len < ICMP_HLEN)
		return false;
	if (len > QUOTE_MAX)
		len = QUOTE_MAX;
	q->len = len;
	barrier_var(len);	/* clang would compare one copy and pass another */
	if (len < ICMP_HLEN || len > QUOTE_MAX)
		return false;
	return !hook_load(ctx, p->l4_off, q->bytes, len);
}

static __always_inline bool quote_store(hook_ctx *ctx, const struct pkt *p, const struct quote *q)
{
	__u32 len = q->len;

	barrier_var(len);
	if (len < ICMP_HLEN || len > QUOTE_MAX)
		return false;
	return !hook_store(ctx, p->l4_off, q->bytes, len);
}

/*
 * The error is for who sent the quoted packet; what says otherwise is a forgery or not ours. The
 * quoted source is in the key's destination.
 */
static __always_inline bool error_is_for_sender(const struct pkt *p, const union flow_key *k,
						bool v6)
{
	const union flow_key *outer = &p->key;

	if (!v6)
		return outer->v4.dst == k->v4.dst;
	return outer->v6.dst[0] == k->v6.dst[0] && outer->v6.dst[1] == k->v6.dst[1] &&
	       outer->v6.dst[2] == k->v6.dst[2] && outer->v6.dst[3] == k->v6.dst[3];
}

/*
 * The entry of @x->key, whose copy goes to @x->fwd: an error proves nothing, so the entry must not
 * live longer for it.
 */
static __always_inline bool error_find_flow(struct flow_pair *x, __u8 proto, bool v6)
{
	const struct sluice_settings *cfg = settings_get();
	const union flow_value *f = flow_find(&x->key, v6);

	if (!cfg)
		return false;
	if (!f) {
		f = half_find(&x->key, v6);
		if (f && flow_older(&f->f, now_jiffies(),
				    proto == IPPROTO_TCP ? cfg->syn_sec : cfg->udp_sec))
			f = NULL;
	}
	if (f)
		flow_copy(&x->fwd, f, v6);
	return f;
}

/* The next hop in @f is good, or looked up now. */
static __always_inline enum sluice_reason error_find_hop(hook_ctx *ctx, const struct walk *w,
							 union flow_value *f, __u8 proto, bool v6)
{
	if (f->f.flags & SLUICE_FLOW_PINNED || f->f.send > SLUICE_SEND_POD)
		return SLUICE_R_OK;
	if (f->f.send >= SLUICE_SEND_WIRE && now_jiffies() - f->f.seen < sluice_hz)
		return SLUICE_R_OK;
	return hop_find(ctx, w, f, proto, v6);
}

/* The error's IPv4 header. @p: what it was. */
static __always_inline long error_rewrite_ip4(hook_ctx *ctx, const struct pkt *p,
					      const struct sluice_flow4 *f)
{
	bool forwarded = f->f.flags & SLUICE_FLOW_FORWARDED;
	struct iphdr ip;
	__u32 delta;

	if (hook_load(ctx, ETH_HLEN, &ip, sizeof(ip)))
		return -1;
	delta = csum_words_not(&ip.saddr, 2) + csum_words(&f->src, 1) + csum_words(&f->dst, 1);
	ip.ttl -= forwarded;
	ip.saddr = f->src;
	ip.daddr = f->dst;
	ip.check = csum_apply(ip.check, delta + (forwarded ? CSUM_TTL_LESS : 0));
	return hook_store(ctx, ETH_HLEN, &ip, sizeof(ip));
}

static __always_inline enum sluice_reason error_rewrite(hook_ctx *ctx, const struct pkt *p,
							const union flow_value *f, struct quote *q,
							bool v6)
{
	if (v6) {
		__u32 outer = csum_words_not(p->key.v6.src, 4) + csum_words_not(p->key.v6.dst, 4) +
			      csum_words(f->v6.src, 4) + csum_words(f->v6.dst, 4);

		quote_rewrite6(q, &f->v6, csum_fold(outer));
		if (!quote_store(ctx, p, q) || tc_rewrite_ipv6(ctx, p, f))
			return SLUICE_R_NOT_SENT;
	} else {
		quote_rewrite4(q, &f->v4);
		if (!quote_store(ctx, p, q) || error_rewrite_ip4(ctx, p, &f->v4))
			return SLUICE_R_NOT_SENT;
	}
	return SLUICE_R_OK;
}

/* Behind parse(), which has found ICMP. NOT_OURS: no error, or about no flow of ours. */
static __always_inline enum sluice_reason error_walk(hook_ctx *ctx, struct walk *w, struct pkt *p,
						     struct flow_pair *x, struct quote *q, bool v6)
{
	enum sluice_reason why;

	__builtin_memset(&x->key, 0, sizeof(x->key));
	if (!quote_load(ctx, p, q) || !quote_parse(q, &x->key, v6) ||
	    !error_is_for_sender(p, &x->key, v6) || !filter_ask_key(&x->key, q->proto, v6) ||
	    !error_find_flow(x, q->proto, v6))
		return SLUICE_R_NOT_OURS;
	why = error_find_hop(ctx, w, &x->fwd, q->proto, v6);
	why = why ?: hop_allows(ctx, w, p, &x->fwd.f);
	why = why ?: error_rewrite(ctx, p, &x->fwd, q, v6);
	if (why)
		return why;
	count_slot(x->fwd.f.slot, x->fwd.f.flags & SLUICE_FLOW_REPLY, hook_weight(ctx, p));
	return hook_send(ctx, w, p, &x->fwd, v6);
}

__noinline int sluice_icmp_error4(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? error_walk(ctx, &s->w, &s->p, &s->x, &s->quote, false) : SLUICE_R_NOT_OURS;
}

__noinline int sluice_icmp_error6(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? error_walk(ctx, &s->w, &s->p, &s->x, &s->quote, true) : SLUICE_R_NOT_OURS;
}
