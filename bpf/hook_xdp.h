/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The path's vocabulary over struct xdp_md. XDP finishes a packet or leaves it untouched: it
 * sends to the wire only, and only frames that came from there, whose checksums are whole.
 *
 * A jumbo frame may lie in several buffers, of which pointers reach the first: enough for headers.
 * To the front such a frame looks cut short, so it takes the whole way, which asks for its length.
 */
#pragma once

#include "bpf/flow.h"
#include "bpf/service.h"
#include "bpf/walk.h"

#define HOOK_IS_XDP 1
#define HOOK_GO_ON XDP_PASS
#define HOOK_DROP XDP_DROP

typedef struct xdp_md hook_ctx;

static __always_inline struct cur hook_cur(hook_ctx *ctx)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;

	return (struct cur){ .pos = data, .end = end, .frame_len = end - data };
}

static __always_inline __u32 hook_frame_len(hook_ctx *ctx)
{
	return bpf_xdp_get_buff_len(ctx);
}

/* Not all of it is in the first buffer. */
static __always_inline bool xdp_is_jumbo(hook_ctx *ctx)
{
	return hook_frame_len(ctx) > ctx->data_end - ctx->data;
}

/* The device of the hook: a constant, but for a program that is bound to none. */
static __always_inline __u32 hook_ifindex(hook_ctx *ctx)
{
	return sluice_dev.ifindex ?: ctx->ingress_ifindex;
}

/*
 * A device in promiscuous mode shows XDP frames for others, which somebody else forwards; tc
 * has pkt_type for this. Two loads and a compare with constants.
 */
static __always_inline bool hook_frame_is_ours(hook_ctx *ctx, const struct ethhdr *eth)
{
	return !sluice_dev.ifindex ||
	       (load32(eth->h_dest) == *(const volatile __u32 *)sluice_dev.mac &&
		*(const __u16 *)(eth->h_dest + 4) == *(const volatile __u16 *)(sluice_dev.mac + 4));
}

static __always_inline struct weight hook_weight(hook_ctx *ctx, const struct pkt *p)
{
	return (struct weight){ .packets = 1, .bytes = p->ip_len };
}

/* The size that the way out must be able to carry. */
static __always_inline __u32 hook_wire_len(hook_ctx *ctx, const struct pkt *p)
{
	return p->ip_len;
}

static __always_inline long hook_load(hook_ctx *ctx, __u32 off, void *to, __u32 len)
{
	return bpf_xdp_load_bytes(ctx, off, to, len);
}

static __always_inline long hook_store(hook_ctx *ctx, __u32 off, void *from, __u32 len)
{
	return bpf_xdp_store_bytes(ctx, off, from, len);
}

/* Back where it came from: the frame is an answer, its MACs are swapped. */
static __always_inline enum sluice_reason hook_send_back(hook_ctx *ctx, struct walk *w)
{
	w->action = XDP_TX;
	return SLUICE_R_OK;
}

/* Whether this hook can carry out what the entry says; if not, a later one will. */
static __always_inline bool hook_can_send(const struct sluice_flow *f)
{
	return f->flags & SLUICE_FLOW_XDP;
}

/* Addresses, TTL and IPv4's checksum: what XDP sends it has forwarded. */
static __always_inline enum sluice_reason xdp_rewrite_ip(void *data, void *end,
							 const union flow_value *f, bool v6)
{
	if (v6) {
		struct ipv6hdr *ip = data + ETH_HLEN;

		/* Always true: L4 is behind it. The verifier cannot know. */
		if ((void *)(ip + 1) > end)
			return SLUICE_R_NOT_SENT;
		for (int i = 0; i < 4; i++)
			store64((void *)&ip->saddr + i * 8, load64((const void *)f->v6.src + i * 8));
		ip->hop_limit--;
	} else {
		struct iphdr *ip = data + ETH_HLEN;

		if ((void *)(ip + 1) > end)
			return SLUICE_R_NOT_SENT;
		store64(&ip->saddr, load64(&f->v4.src));
		ip->ttl--;
		ip->check = csum_apply(ip->check, f->f.addr_delta + CSUM_TTL_LESS);
	}
	return SLUICE_R_OK;
}

static __always_inline enum sluice_reason hook_rewrite_ip(hook_ctx *ctx, const struct pkt *p,
							  const union flow_value *f, bool v6)
{
	return xdp_rewrite_ip((void *)(long)ctx->data, (void *)(long)ctx->data_end, f, v6);
}

/*
 * And this very packet. A driver that receives frames of several buffers transmits them too;
 * whether another device does cannot be asked from here, and a redirect to one that does not is
 * lost.
 */
static __always_inline bool hook_can_send_packet(hook_ctx *ctx, const struct sluice_flow *f)
{
	return f->ifindex == hook_ifindex(ctx) || !xdp_is_jumbo(ctx);
}

/*
 * Rewrites addresses, ports, TTL and checksums of TCP and UDP in place. Only headers that were
 * parsed; the bounds are checked again for the verifier. OK, or NOT_SENT with the packet untouched.
 */
static __always_inline enum sluice_reason hook_rewrite(hook_ctx *ctx, const struct pkt *p,
							const union flow_value *f, bool v6)
{
	void *data = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	void *l4 = data + (p->l4_off & PKT_L4_OFF_MAX);
	__be16 *ports = l4;

	if (p->proto == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;

		if ((void *)(tcp + 1) > end)
			return SLUICE_R_NOT_SENT;
		tcp->check = csum_apply(tcp->check, f->f.l4_delta);
	} else {
		struct udphdr *udp = l4;

		if ((void *)(udp + 1) > end)
			return SLUICE_R_NOT_SENT;
		udp->check = csum_apply_udp(udp->check, f->f.l4_delta);
	}
	store32(ports, load32(&f->f.sport));
	return xdp_rewrite_ip(data, end, f, v6);
}

static __always_inline enum sluice_reason hook_send(hook_ctx *ctx, struct walk *w,
						    const struct pkt *p,
						    const union flow_value *f, bool v6)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return SLUICE_R_NOT_SENT;
	store64(eth, load64(f->f.dmac));
	store32((void *)eth + 8, load32((const void *)f->f.dmac + 8));
	w->action = f->f.ifindex == hook_ifindex(ctx) ? XDP_TX : bpf_redirect(f->f.ifindex, 0);
	return SLUICE_R_OK;
}

/*
 * Makes the frame @frame_len bytes: @head of the caller, all there is, and sends it back
 * where it came from. The MACs in @head are already swapped.
 *
 * It grows at the head, where every driver leaves 192 bytes and more; at the tail there may be
 * none (veth, with an skb that just fits).
 */
static __always_inline enum sluice_reason hook_answer(hook_ctx *ctx, struct walk *w, void *head,
						      __u32 frame_len)
{
	int more = (int)frame_len - (int)hook_frame_len(ctx);

	if (more > 0 ? bpf_xdp_adjust_head(ctx, -more) : bpf_xdp_adjust_tail(ctx, more))
		return SLUICE_R_NOT_SENT;
	if (hook_store(ctx, 0, head, frame_len))
		return SLUICE_R_NOT_SENT;
	return hook_send_back(ctx, w);
}
