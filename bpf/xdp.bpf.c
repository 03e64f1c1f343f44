/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * XDP on an uplink: the fast path for what comes off the wire and goes back to it (node ports
 * and VIPs with a backend on another node, and their replies). Everything else is left to tc,
 * untouched.
 */
#include "bpf/hook_xdp.h"
#include "bpf/path.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * A device in promiscuous mode shows XDP frames for others, which somebody else forwards; tc
 * has pkt_type for this. Two loads and a compare with constants.
 */
static __always_inline bool frame_is_for_us(const struct xdp_md *ctx)
{
	const struct ethhdr *eth = (void *)(long)ctx->data;

	if (!sluice_dev.ifindex)
		return true;
	if ((void *)(eth + 1) > (void *)(long)ctx->data_end)
		return false;
	return *(const __u32 *)eth->h_dest == *(const volatile __u32 *)sluice_dev.mac &&
	       *(const __u16 *)(eth->h_dest + 4) == *(const volatile __u16 *)(sluice_dev.mac + 4);
}

/* The one exit: the reason is counted and becomes an action. */
static __always_inline int finish(struct xdp_md *ctx, struct walk *w, const struct pkt *p,
				  enum sluice_reason why)
{
	if (likely(why == SLUICE_R_OK))
		return w->action;
	/* tc sees what passes here and counts it: once is enough. */
	if (reason_verdict(why) == SLUICE_V_PASS || (why == SLUICE_R_TRUNCATED && !w->maybe))
		return XDP_PASS;
	path_count_drop(ctx, w, p, why);
	return path_answer(ctx, w, p, why) ? w->action : XDP_DROP;
}

SEC("xdp")
int sluice_xdp(struct xdp_md *ctx)
{
	struct walk w = { .ifindex = ctx->ingress_ifindex, .from = FROM_WIRE };
	struct pkt p = {};

	if (!frame_is_for_us(ctx))
		return XDP_PASS;
	return finish(ctx, &w, &p, path_walk(ctx, &w, &p));
}
