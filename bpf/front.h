/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The front of the path: nearly every packet of a busy node, without leaving the registers. It
 * takes plain packets only (plain.h), so that every offset is a constant, and does two things: what
 * is not ours goes on, what is of an established flow is rewritten and sent. All else is left
 * untouched to sluice_rest(), which begins anew.
 *
 * Nothing here may be handed to a function that is not inlined: a struct whose address leaves
 * lives in memory from its first byte on, which made an established packet cost half as much
 * again. For the same reason the filter is looked up first, when nothing is known yet that would
 * have to survive the call.
 */
#pragma once

#include "bpf/path.h"
#include "bpf/plain.h"

/* No verdict: sluice_rest() shall look. No action of XDP or tc has this number. */
#define FRONT_REST	0x7fff

/* Whether the packet may change the state of its flow, or must be answered. */
static __always_inline bool front_is_event(const struct pkt *p)
{
	return p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST) || p->ttl <= 1;
}

/* Whether the entry may be trusted for this packet as it is. */
static __always_inline bool front_flow_is_fresh(const struct pkt *p, const struct sluice_flow *f)
{
	if (now_jiffies() - f->seen >= sluice_hz || f->send < SLUICE_SEND_WIRE)
		return false;
	return p->proto == IPPROTO_TCP || f->flags & SLUICE_FLOW_REPLY || flow_slot_current(f);
}

/* Sends a packet of an established flow; to one that goes to sluice_rest() nothing is done. */
static __always_inline int front_flow(hook_ctx *ctx, struct walk *w, const struct pkt *p,
				      const union flow_value *f, bool v6)
{
	enum sluice_reason why;

	if (!f || !front_flow_is_fresh(p, &f->f) || !hop_takes(ctx, p, &f->f))
		return FRONT_REST;
	why = hook_rewrite(ctx, p, f, v6);
	if (likely(!why))
		why = path_deliver(ctx, w, p, f, v6);
	if (likely(!why))
		return w->action;
	count_reason(why, hook_weight(ctx, p));
	return HOOK_DROP;
}

static __always_inline int front_pass(hook_ctx *ctx, const struct pkt *p)
{
	if (!HOOK_IS_XDP)	/* tc sees what XDP passes: once is enough */
		count_reason(SLUICE_R_NOT_OURS, hook_weight(ctx, p));
	return HOOK_GO_ON;
}

static __always_inline bool front_may_be_ours(const struct sluice_filter *filter,
					      struct plain_ends e, __u8 proto, bool lo)
{
	return filter_to_frontend(filter, e.dst, e.dport, proto) ||
	       filter_from_backend(filter, e.src, e.sport, proto) ||
	       (lo && filter_to_localhost(filter, e.dst, e.dport, proto));
}

static __always_inline int front4(hook_ctx *ctx, struct walk *w, struct cur *c,
				  const struct sluice_filter *filter, bool lo)
{
	const struct iphdr *ip = c->pos;
	struct plain_key4 k;
	struct pkt p;

	if (!plain_ipv4(c, &p))
		return FRONT_REST;
	if (!front_may_be_ours(filter, plain_ends4(ip), p.proto, lo))
		return filter_to_address4(filter, ip->daddr) ? FRONT_REST : front_pass(ctx, &p);
	plain_rest4(ip, &p, &k);
	if (front_is_event(&p))
		return FRONT_REST;
	return front_flow(ctx, w, &p, bpf_map_lookup_elem(&sluice_flows4, &k), false);
}

static __always_inline int front6(hook_ctx *ctx, struct walk *w, struct cur *c,
				  const struct sluice_filter *filter)
{
	const struct ipv6hdr *ip = c->pos;
	const void *dst = &ip->daddr;
	struct plain_key6 k;
	struct pkt p;

	if (!plain_ipv6(c, &p))
		return FRONT_REST;
	if (!front_may_be_ours(filter, plain_ends6(ip), p.proto, false))
		return filter_to_address6(filter, load64(dst), load64(dst + 8)) ?
			FRONT_REST : front_pass(ctx, &p);
	plain_rest6(ip, &p, &k);
	if (front_is_event(&p))
		return FRONT_REST;
	return front_flow(ctx, w, &p, bpf_map_lookup_elem(&sluice_flows6, &k), true);
}

/* What the program returns, or FRONT_REST. @lo: a constant, as @from is. */
static __always_inline int front(hook_ctx *ctx, enum origin from, bool lo)
{
	const struct sluice_filter *filter = filter_get();
	struct walk w = { .from = from };	/* the device: hook_ifindex() */
	struct cur c = hook_cur(ctx);
	const struct ethhdr *eth = cur_pull(&c, struct ethhdr);

	if (!eth || !filter)
		return FRONT_REST;
	if (!hook_frame_is_ours(ctx, eth))
		return HOOK_GO_ON;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return front4(ctx, &w, &c, filter, lo);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return front6(ctx, &w, &c, filter);
	return HOOK_GO_ON;
}
