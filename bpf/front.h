/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The front of the path: nearly every packet of a busy node, without leaving the registers. It
 * takes plain packets only (IPv4 without options or IPv6 without extension headers, no fragment,
 * TCP or UDP that does not contradict itself), so that every offset is a constant, and does two
 * things: what is not ours goes on, what is of an established flow is rewritten and sent. All
 * else is left untouched to sluice_rest(), which begins anew.
 *
 * Nothing here may be handed to a function that is not inlined: a struct whose address leaves
 * lives in memory from its first byte on, which made an established packet cost half as much
 * again. For the same reason the filter is looked up first, when nothing is known yet that would
 * have to survive the call.
 */
#pragma once

#include "bpf/path.h"

/* No verdict: sluice_rest() shall look. No action of XDP or tc has this number. */
#define FRONT_REST	0x7fff

/* The keys of the flow tables as they are filled from a header: in few stores. */
struct front_key4 {
	__u64 addrs;
	__u32 ports;
	__u32 proto;
};
_Static_assert(sizeof(struct front_key4) == sizeof(struct sluice_flow4_key), "the same key");

struct front_key6 {
	__u64 addrs[4];
	__u32 ports;
	__u32 proto;
};
_Static_assert(sizeof(struct front_key6) == sizeof(struct sluice_flow6_key), "the same key");

static __always_inline bool front_tcp(const struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct tcphdr *tcp = c->pos;

	if ((void *)(tcp + 1) > c->end)
		return false;
	p->tcp_flags = ((const __u8 *)tcp)[13];
	p->l4_len = (((const __u8 *)tcp)[12] >> 4) * 4;
	return p->l4_len >= sizeof(*tcp) && p->l4_len <= l4_bytes;
}

/* UDP whose length and IP's agree. */
static __always_inline bool front_udp(const struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct udphdr *udp = c->pos;

	p->tcp_flags = 0;
	p->l4_len = sizeof(*udp);
	return bpf_ntohs(udp->len) == l4_bytes;
}

/* @c stands at the L4 header, of which 8 bytes are there. */
static __always_inline bool front_l4(const struct cur *c, struct pkt *p, __u32 header)
{
	__u32 l4_bytes = p->ip_len - header;

	if (p->ip_len > c->frame_len - ETH_HLEN || p->ip_len < header + 8)
		return false;
	p->bad = 0;
	p->l4_off = ETH_HLEN + header;
	if (p->proto == IPPROTO_TCP)
		return front_tcp(c, p, l4_bytes);
	return p->proto == IPPROTO_UDP && front_udp(c, p, l4_bytes);
}

/* @c stands behind Ethernet. True: plain, and all of @p but its key is set. */
static __always_inline bool front_ipv4(struct cur *c, struct pkt *p)
{
	const struct iphdr *ip = cur_take(c, sizeof(*ip));

	if (!ip || c->pos + 8 > c->end || *(const __u8 *)ip != 0x45 ||
	    ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return false;
	p->v6 = 0;
	p->ip_len = bpf_ntohs(ip->tot_len);
	p->proto = ip->protocol;
	p->ttl = ip->ttl;
	return front_l4(c, p, sizeof(*ip));
}

static __always_inline bool front_ipv6(struct cur *c, struct pkt *p)
{
	const struct ipv6hdr *ip = cur_take(c, sizeof(*ip));

	if (!ip || c->pos + 8 > c->end || *(const __u8 *)ip >> 4 != 6)
		return false;
	p->v6 = 1;
	p->ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->proto = ip->nexthdr;
	p->ttl = ip->hop_limit;
	return front_l4(c, p, sizeof(*ip));
}

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

static __always_inline int front4(hook_ctx *ctx, struct walk *w, struct cur *c,
				  const struct sluice_filter *filter)
{
	const void *ip = c->pos;
	struct front_key4 k;
	struct pkt p;

	if (!front_ipv4(c, &p))
		return FRONT_REST;
	k.addrs = load64(ip + __builtin_offsetof(struct iphdr, saddr));
	k.ports = load32(ip + sizeof(struct iphdr));
	k.proto = p.proto;
	if (!filter_to_frontend(filter, k.addrs >> 32, k.ports >> 16, p.proto) &&
	    !filter_from_backend(filter, k.addrs, k.ports, p.proto))
		return front_pass(ctx, &p);
	if (front_is_event(&p))
		return FRONT_REST;
	return front_flow(ctx, w, &p, bpf_map_lookup_elem(&sluice_flows4, &k), false);
}

static __always_inline int front6(hook_ctx *ctx, struct walk *w, struct cur *c,
				  const struct sluice_filter *filter)
{
	const void *ip = c->pos;
	struct front_key6 k;
	struct pkt p;

	if (!front_ipv6(c, &p))
		return FRONT_REST;
	for (int i = 0; i < 4; i++)
		k.addrs[i] = load64(ip + __builtin_offsetof(struct ipv6hdr, saddr) + i * 8);
	k.ports = load32(ip + sizeof(struct ipv6hdr));
	k.proto = p.proto;
	if (!filter_to_frontend(filter, k.addrs[3] >> 32, k.ports >> 16, p.proto) &&
	    !filter_from_backend(filter, k.addrs[1] >> 32, k.ports, p.proto))
		return front_pass(ctx, &p);
	if (front_is_event(&p))
		return FRONT_REST;
	return front_flow(ctx, w, &p, bpf_map_lookup_elem(&sluice_flows6, &k), true);
}

/* What the program returns, or FRONT_REST. */
static __always_inline int front(hook_ctx *ctx, enum origin from)
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
		return front4(ctx, &w, &c, filter);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return front6(ctx, &w, &c, filter);
	return HOOK_GO_ON;
}
