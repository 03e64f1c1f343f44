/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * XDP on an uplink: the fast path for what comes off the wire and goes back to it (node ports
 * and VIPs with a backend on another node, and their replies). Everything else is left to tc,
 * untouched.
 */
#include "bpf/hook_xdp.h"
#include "bpf/front.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The one exit: the reason is counted and becomes an action. */
static __always_inline int finish(struct xdp_md *ctx, struct walk *w, const struct pkt *p,
				  enum sluice_reason why)
{
	if (likely(why == SLUICE_R_OK))
		return w->action;
	/* tc sees what passes here and counts it: once is enough. */
	if (reason_verdict(why) == SLUICE_V_PASS)
		return XDP_PASS;
	if (why == SLUICE_R_TRUNCATED && (!w->maybe || xdp_is_jumbo(ctx)))
		return XDP_PASS;
	path_count_drop(ctx, w, p, why);
	return path_answer(ctx, w, p, why) ? w->action : XDP_DROP;
}

/* Everything that the front does not take. */
__noinline int sluice_rest(struct xdp_md *ctx)
{
	struct scratch *s = scratch_get();

	if (!s)
		return XDP_PASS;
	s->w = (struct walk){ .ifindex = hook_ifindex(ctx), .from = FROM_WIRE };
	return finish(ctx, &s->w, &s->p, path_address(ctx, s, path_walk(ctx, s)));
}

SEC("xdp")
int sluice_xdp(struct xdp_md *ctx)
{
	int action = front(ctx, FROM_WIRE, false);

	return likely(action != FRONT_REST) ? action : sluice_rest(ctx);
}
