/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IPv4 without DF that is larger than its way out takes: a router has to fragment it, and the stack
 * knows how. So the packet is rewritten and goes up into the stack, which forwards it, hop limit
 * and firewall included.
 *
 * It must come in by a device where its new source address is expected, or strict rp_filter drops
 * it: by lo if that address is ours (masquerade, or the answer of a node port), else by the device
 * that routing names for it, which mostly is the one where the packet is now.
 *
 * tc only; XDP leaves such packets to it.
 */
#pragma once

#include "bpf/sctp.h"
#include "bpf/send.h"

static __always_inline bool split_is_due(enum sluice_reason why, const struct pkt *p)
{
	/* What is a fragment already is not cut again: its others are to go the same way. */
	return !HOOK_IS_XDP && why == SLUICE_R_TOO_BIG && p->splits && !p->fragment;
}

#if !HOOK_IS_XDP

/*
 * Whether routing, which does not forward to the new source, says so because that is ours. The
 * other reason is that there is no route at all, as there may be none to a VIP.
 */
static __always_inline bool split_source_is_own(const struct scratch *s)
{
	const union flow_value *f = &s->x.fwd;
	const struct sluice_frontend *fe;
	struct sluice_frontend4_key k = {
		.addr = f->v4.src,
		.port = f->f.sport,
		.proto = s->p.proto,
	};

	if (!(f->f.flags & SLUICE_FLOW_REPLY))
		return true;
	fe = bpf_map_lookup_elem(&sluice_frontends4, &k);
	return fe && fe->kind == SLUICE_FE_NODE_PORT;
}

/* Where the packet goes up into the stack: *@ret, and the MAC that makes it ours there. */
static __always_inline enum sluice_reason split_find_input(hook_ctx *ctx, struct scratch *s,
							   __u32 *ret, __u8 mac[static 6])
{
	const struct sluice_settings *cfg = settings_get();
	struct bpf_fib_lookup *fib = fib_begin(s, 0, false);
	const struct sluice_device *dev;
	long rc;

	fib_set_ends(fib, &s->x.fwd.v4.dst, &s->x.fwd.v4.src, false);
	rc = fib_ask(ctx, fib, 0);
	__builtin_memset(mac, 0, 6);
	if (rc == BPF_FIB_LKUP_RET_NOT_FWDED && cfg && split_source_is_own(s)) {
		*ret = cfg->lo_ifindex;	/* its MAC is all zero */
		return SLUICE_R_OK;
	}
	if (!fib_has_way(rc))
		return SLUICE_R_TOO_BIG;
	*ret = fib->ifindex;
	dev = device_find(fib->ifindex);
	if (dev)
		__builtin_memcpy(mac, dev->mac, 6);
	else if (rc == BPF_FIB_LKUP_RET_SUCCESS)
		__builtin_memcpy(mac, fib->smac, 6);
	else if (*ret != s->w.ifindex)
		return SLUICE_R_TOO_BIG;
	return SLUICE_R_OK;
}

static __always_inline enum sluice_reason split(hook_ctx *ctx, struct scratch *s)
{
	struct sluice_flow *f = &s->x.fwd.f;
	struct weight n = hook_weight(ctx, &s->p);
	__u32 input = 0;
	__u8 mac[6];
	enum sluice_reason why = split_find_input(ctx, s, &input, mac);

	f->flags &= ~SLUICE_FLOW_FORWARDED;	/* the stack takes the hop */
	why = why ?: packet_rewrite(ctx, &s->p, &s->x.fwd, false);
	if (why)
		return why;
	count_slot(f->slot, f->flags & SLUICE_FLOW_REPLY, n);
	s->w.action = HOOK_GO_ON;
	if (s->w.from != FROM_HOST && input == s->w.ifindex)
		return SLUICE_R_OK;
	if (tc_set_macs(ctx, mac, mac))
		return SLUICE_R_NOT_SENT;
	s->w.action = bpf_redirect(input, BPF_F_INGRESS);
	return SLUICE_R_OK;
}

/* The packet's flow is in the scratch's x.fwd. TOO_BIG: it cannot be done, nothing has happened. */
__noinline int sluice_split4(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? split(ctx, s) : SLUICE_R_NOT_SENT;
}

#endif
