/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The path's vocabulary over struct __sk_buff. tc is complete: whatever XDP left, it does.
 *
 * Checksums go through the kernel's helpers, because an skb has three kinds: whole, PARTIAL
 * (local senders leave the pseudo header's sum for the device to finish; that takes address
 * changes uncomplemented and no port changes) and COMPLETE (skb->csum is the sum of all bytes,
 * which must follow what does not cancel out).
 */
#pragma once

#include "bpf/flow.h"
#include "bpf/service.h"
#include "bpf/walk.h"

#define HOOK_IS_XDP 0
#define HOOK_DROP TC_ACT_SHOT

/*
 * Let the packet go on. Not TC_ACT_OK, which would end the chain of programs and filters on the
 * device: there may be others behind us, a policer or a firewall. TCX_NEXT has the same value.
 */
#define HOOK_GO_ON TC_ACT_UNSPEC

typedef struct __sk_buff hook_ctx;

/* gso_size of a packet whose parts are not of one size (linux/skbuff.h). */
#define GSO_BY_FRAGS 0xffff

/*
 * The compiler must not keep the address of a field of the context across these: "dereference of
 * modified ctx ptr R1 off=76 disallowed" (clang 14, Linux 6.18).
 */
static __always_inline void *tc_data(hook_ctx *ctx)
{
	barrier_var(ctx);
	return (void *)(long)ctx->data;
}

static __always_inline void *tc_data_end(hook_ctx *ctx)
{
	barrier_var(ctx);
	return (void *)(long)ctx->data_end;
}

static __always_inline __u32 hook_frame_len(hook_ctx *ctx)
{
	return ctx->len;
}

static __always_inline __u32 hook_ifindex(hook_ctx *ctx)
{
	return ctx->ifindex;
}

/* The entries look at pkt_type where it says something. */
static __always_inline bool hook_frame_is_ours(hook_ctx *ctx, const struct ethhdr *eth)
{
	return true;
}

static __always_inline struct cur hook_cur(hook_ctx *ctx)
{
	void *data = tc_data(ctx);
	void *end = tc_data_end(ctx);

	return (struct cur){ .pos = data, .end = end, .frame_len = ctx->len };
}

/* A GSO packet is gso_segs packets, each with headers of its own. */
static __always_inline struct weight hook_weight(hook_ctx *ctx, const struct pkt *p)
{
	__u32 segs = ctx->gso_segs;

	if (segs < 2)
		return (struct weight){ .packets = 1, .bytes = p->ip_len };
	return (struct weight){
		.packets = segs,
		.bytes = p->ip_len + (segs - 1) * (p->l4_off - ETH_HLEN + p->l4_len),
	};
}

static __always_inline __u32 hook_wire_len(hook_ctx *ctx, const struct pkt *p)
{
	__u32 part = ctx->gso_size;

	if (likely(!part))
		return p->ip_len;
	if (part == GSO_BY_FRAGS)
		return 0;	/* SCTP: already cut to what its sender knows of the path */
	return p->l4_off - ETH_HLEN + p->l4_len + part;
}

static __always_inline long hook_load(hook_ctx *ctx, __u32 off, void *to, __u32 len)
{
	return bpf_skb_load_bytes(ctx, off, to, len);
}

/* After this the packet's pointers are dead. */
static __always_inline long hook_store(hook_ctx *ctx, __u32 off, const void *from, __u32 len)
{
	return bpf_skb_store_bytes(ctx, off, from, len, BPF_F_RECOMPUTE_CSUM);
}

static __always_inline bool hook_can_send(const struct sluice_flow *f)
{
	return true;
}

static __always_inline bool hook_can_send_packet(hook_ctx *ctx, const struct sluice_flow *f)
{
	return true;
}

/* After this the packet's pointers are dead. @none: UDP without a checksum. */
static __always_inline enum sluice_reason tc_fix_l4_csum(hook_ctx *ctx, const struct pkt *p,
							  const struct sluice_flow *f, bool none)
{
	__u32 off = p->l4_off, flags = 0;
	__u16 ports = csum_without(f->l4_delta, f->addr_delta);

	if (none) {	/* nothing in the packet makes up for the ports in a COMPLETE sum */
		bpf_csum_update(ctx, ports);
		return SLUICE_R_OK;
	}
	if (p->proto == IPPROTO_TCP) {
		off += __builtin_offsetof(struct tcphdr, check);
	} else {
		off += __builtin_offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
	}
	/* Field size 0: the last but one argument is a difference. */
	if (bpf_l4_csum_replace(ctx, off, 0, f->addr_delta, flags | BPF_F_PSEUDO_HDR))
		return SLUICE_R_NOT_SENT;
	/* 0 and 0xffff are both "nothing changed". */
	if (ports && ports != 0xffff &&
	    bpf_l4_csum_replace(ctx, off, 0, ports, flags))
		return SLUICE_R_NOT_SENT;
	return SLUICE_R_OK;
}

/*
 * IPv6 has no header checksum that would cancel a change of addresses or hop limit in a
 * COMPLETE skb's sum, so these bytes go in by a helper that keeps the sum: hop limit, source and
 * destination are neighbours.
 */
static __always_inline enum sluice_reason tc_rewrite_ipv6(hook_ctx *ctx, const struct pkt *p,
							   const union flow_value *f)
{
	struct {
		__u8 pad[3];
		__u8 hop_limit;
		__be32 addrs[8];
	} new;

	new.hop_limit = p->ttl - !!(f->f.flags & SLUICE_FLOW_FORWARDED);
	__builtin_memcpy(&new.addrs[0], f->v6.src, 16);
	__builtin_memcpy(&new.addrs[4], f->v6.dst, 16);
	if (bpf_skb_store_bytes(ctx, ETH_HLEN + __builtin_offsetof(struct ipv6hdr, hop_limit),
				&new.hop_limit, 33, BPF_F_RECOMPUTE_CSUM))
		return SLUICE_R_NOT_SENT;
	return SLUICE_R_OK;
}

static __always_inline enum sluice_reason tc_rewrite_ipv4(void *data, void *end,
							   const union flow_value *f)
{
	struct iphdr *ip = data + ETH_HLEN;
	bool forwarded = f->f.flags & SLUICE_FLOW_FORWARDED;

	if ((void *)(ip + 1) > end)
		return SLUICE_R_NOT_SENT;
	store64(&ip->saddr, load64(&f->v4.src));
	ip->ttl -= forwarded;
	ip->check = csum_apply(ip->check, f->f.addr_delta + (forwarded ? CSUM_TTL_LESS : 0));
	return SLUICE_R_OK;
}

/* Addresses, hop limit and IPv4's checksum. */
static __always_inline enum sluice_reason hook_rewrite_ip(hook_ctx *ctx, const struct pkt *p,
							  const union flow_value *f, bool v6)
{
	return v6 ? tc_rewrite_ipv6(ctx, p, f) : tc_rewrite_ipv4(tc_data(ctx), tc_data_end(ctx), f);
}

/* TCP and UDP. */
static __always_inline enum sluice_reason hook_rewrite(hook_ctx *ctx, const struct pkt *p,
							const union flow_value *f, bool v6)
{
	void *data = tc_data(ctx);
	void *end = tc_data_end(ctx);
	__be16 *ports = data + (p->l4_off & PKT_L4_OFF_MAX);
	bool no_csum;

	if ((void *)(ports + 4) > end)
		return SLUICE_R_NOT_SENT;
	no_csum = p->proto == IPPROTO_UDP && !ports[3];
	store32(ports, load32(&f->f.sport));
	if (v6 ? tc_rewrite_ipv6(ctx, p, f) : tc_rewrite_ipv4(data, end, f))
		return SLUICE_R_NOT_SENT;
	return tc_fix_l4_csum(ctx, p, &f->f, no_csum);
}

static __always_inline long tc_set_macs(hook_ctx *ctx, const __u8 *dmac, const __u8 *smac)
{
	struct ethhdr *eth = tc_data(ctx);

	if ((void *)(eth + 1) > tc_data_end(ctx))
		return -1;
	__builtin_memcpy(eth->h_dest, dmac, sizeof(eth->h_dest));
	__builtin_memcpy(eth->h_source, smac, sizeof(eth->h_source));
	return 0;
}

static __always_inline enum sluice_reason hook_send(hook_ctx *ctx, struct walk *w,
						    const struct pkt *p,
						    const union flow_value *f, bool v6)
{
	/* lo's MAC is all zero; any other would make the packet somebody else's. */
	const __u8 none[6] = {};
	const struct sluice_settings *cfg;

	switch (f->f.send) {
	case SLUICE_SEND_WIRE:
		if (w->via_neigh) {
			w->action = bpf_redirect_neigh(f->f.ifindex, NULL, 0, 0);
			return SLUICE_R_OK;
		}
		if (tc_set_macs(ctx, f->f.dmac, f->f.smac))
			return SLUICE_R_NOT_SENT;
		/* On its way out of that very device: no second round through our own hook. */
		if (w->from == FROM_HOST && f->f.ifindex == hook_ifindex(ctx))
			w->action = HOOK_GO_ON;
		else
			w->action = bpf_redirect(f->f.ifindex, 0);
		return SLUICE_R_OK;
	case SLUICE_SEND_NEIGH:
		w->action = bpf_redirect_neigh(f->f.ifindex, NULL, 0, 0);
		return SLUICE_R_OK;
	case SLUICE_SEND_POD:
		/* A pod does not look at the MACs, but a VM or a macvlan inside it may. */
		if (f->f.dmac[0] | f->f.dmac[1] | f->f.dmac[2] | f->f.dmac[5])
			tc_set_macs(ctx, f->f.dmac, f->f.smac);
		/* A bridge port takes frames that are for the bridge's MAC, not its own. */
		if (ctx->pkt_type != PACKET_HOST)
			bpf_skb_change_type(ctx, PACKET_HOST);
		w->action = bpf_redirect_peer(f->f.ifindex, 0);
		return SLUICE_R_OK;
	case SLUICE_SEND_STACK:
		w->action = HOOK_GO_ON;
		return SLUICE_R_OK;
	case SLUICE_SEND_UPLINK_IN:
		if (tc_set_macs(ctx, f->f.dmac, f->f.smac))
			return SLUICE_R_NOT_SENT;
		w->action = bpf_redirect(f->f.ifindex, BPF_F_INGRESS);
		return SLUICE_R_OK;
	case SLUICE_SEND_LOOP:
		cfg = settings_get();
		if (!cfg)
			return SLUICE_R_NOT_SENT;
		if (hook_ifindex(ctx) == cfg->lo_ifindex) {
			w->action = HOOK_GO_ON;	/* on its way there anyhow */
			return SLUICE_R_OK;
		}
		if (tc_set_macs(ctx, none, none))
			return SLUICE_R_NOT_SENT;
		w->action = bpf_redirect(cfg->lo_ifindex, BPF_F_INGRESS);
		return SLUICE_R_OK;
	}
	return SLUICE_R_NO_ROUTE;
}

/*
 * Back where it came from: what a process of this host sent through the input of the device that
 * it was leaving by, what came in by a device out of it again. Its MACs are swapped.
 */
static __always_inline enum sluice_reason hook_send_back(hook_ctx *ctx, struct walk *w)
{
	w->action = bpf_redirect(w->ifindex, w->from == FROM_HOST ? BPF_F_INGRESS : 0);
	return SLUICE_R_OK;
}

/* bpf_skb_change_tail() exists for answers like this one: it linearizes, unclones and drops GSO. */
static __always_inline enum sluice_reason hook_answer(hook_ctx *ctx, struct walk *w, void *head,
						      __u32 frame_len)
{
	const struct sluice_settings *cfg = settings_get();

	if (bpf_skb_change_tail(ctx, frame_len, 0))
		return SLUICE_R_NOT_SENT;
	if (w->from == FROM_HOST && cfg && w->ifindex == cfg->lo_ifindex)
		__builtin_memset(head, 0, 12);
	if (hook_store(ctx, 0, head, frame_len))
		return SLUICE_R_NOT_SENT;
	return hook_send_back(ctx, w);
}
