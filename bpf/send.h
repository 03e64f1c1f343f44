/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Where a rewritten packet goes: the kernel's routing table, asked when a flow is new and
 * once a second, remembered in the flow entry.
 */
#pragma once

#include "bpf/fib.h"
#include "bpf/service.h"

/* clang makes a call of memcmp() out of more than a few bytes; there is none in BPF. */
static __always_inline bool mac_differs(const __u8 *a, const __u8 *b)
{
	const __u16 *x = (const __u16 *)a, *y = (const __u16 *)b;

	return (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]);
}

static __always_inline struct sluice_neighbour *neigh_turn_find(const struct sluice_flow *f)
{
	__u32 row = (f->dmac[5] ^ f->dmac[4] ^ f->dmac[3]) & (SLUICE_NEIGHBOURS - 1);

	return bpf_map_lookup_elem(&sluice_neighbours, &row);
}

/*
 * Whether a packet of this flow should go by the kernel's neighbour table now. That must be once
 * in a while for each neighbour: what we send past it does not count as use, so a STALE entry
 * would never be probed and a changed MAC never noticed.
 */
static __always_inline bool neigh_is_due(const struct sluice_flow *f)
{
	const struct sluice_settings *cfg = settings_get();
	const struct sluice_neighbour *t = neigh_turn_find(f);

	return f->send == SLUICE_SEND_WIRE && t && cfg && cfg->neigh_sec &&
	       (mac_differs(t->mac, f->dmac) ||
		now_jiffies() - t->at >= cfg->neigh_sec * sluice_hz);
}

/* True: this packet does it, for a while. */
static __always_inline bool neigh_take_turn(const struct sluice_flow *f)
{
	struct sluice_neighbour *t = neigh_turn_find(f);

	if (!t || !neigh_is_due(f))
		return false;
	t->at = now_jiffies();
	__builtin_memcpy(t->mac, f->dmac, sizeof(t->mac));
	return true;
}

/*
 * The question of the way to f's new destination, with what rules for routing may look at. The
 * scratch has the tuple of the packet as it came. A request is routed with its client's address, as
 * by the kernel, which masquerades behind routing: so the answer does not depend on the one before.
 * A reply is routed with the address that it leaves with, so that "ip rule from" the service's
 * address works.
 */
static __always_inline struct bpf_fib_lookup *hop_question(struct scratch *s,
							    const union flow_value *f,
							    __u8 proto, bool v6)
{
	struct bpf_fib_lookup *fib = fib_begin(s, proto, v6);
	const union flow_key *k = &s->x.key;
	bool reply = f->f.flags & SLUICE_FLOW_REPLY;

	fib->dport = f->f.dport;
	if (v6) {
		fib->sport = reply ? f->f.sport : k->v6.sport;
		fib_set_ends(fib, reply ? f->v6.src : k->v6.src, f->v6.dst, v6);
	} else {
		fib->sport = reply ? f->f.sport : k->v4.sport;
		fib_set_ends(fib, reply ? &f->v4.src : &k->v4.src, &f->v4.dst, v6);
	}
	return fib;
}

/* The way that was known is not there any more. */
static __always_inline enum sluice_reason hop_lose(union flow_value *f)
{
	if (f->f.send != SLUICE_SEND_UNKNOWN)
		f->f.send = SLUICE_SEND_UNKNOWN;
	return SLUICE_R_NO_ROUTE;
}

/*
 * The way to f's new destination, written to @f, whose key is in the scratch. OK also for a
 * neighbour that is not resolved yet (SEND_NEIGH), else NO_ROUTE: then the way is unknown, and the
 * next packet asks again.
 *
 * Another CPU may read the entry meanwhile: nothing is stored that did not change, and the next
 * hop changes rarely.
 */
static __noinline int hop_find(hook_ctx *ctx, const struct walk *w, union flow_value *f,
			       __u32 proto, bool v6)
{
	struct scratch *s = scratch_get();
	struct bpf_fib_lookup *fib;
	const struct sluice_device *dev, *in;
	__u8 send, flags = f->f.flags & ~SLUICE_FLOW_XDP;
	long rc;

	if (!s)
		return SLUICE_R_NO_ROUTE;
	fib = hop_question(s, f, proto, v6);
	rc = fib_ask(ctx, fib, 0);
	if (rc == BPF_FIB_LKUP_RET_SUCCESS)
		send = SLUICE_SEND_WIRE;
	else if (rc == BPF_FIB_LKUP_RET_NO_NEIGH)
		send = SLUICE_SEND_NEIGH;
	else
		return hop_lose(f);

	dev = device_find(fib->ifindex);
	if (dev && dev->kind == SLUICE_DEV_WORKLOAD && dev->flags & SLUICE_DEV_PEER &&
	    w->from != FROM_HOST)
		send = SLUICE_SEND_POD;	/* redirect_peer works at ingress only */
	/* Native at both ends: generic XDP shows unfinished checksums without saying so. And only
	 * what we forward, since XDP always takes one from the TTL. */
	in = device_find(w->ifindex);
	if (dev && dev->flags & SLUICE_DEV_XDP && in && in->flags & SLUICE_DEV_XDP &&
	    send == SLUICE_SEND_WIRE && flags & SLUICE_FLOW_FORWARDED)
		flags |= SLUICE_FLOW_XDP;

	if (rc == BPF_FIB_LKUP_RET_SUCCESS &&
	    (f->f.mtu != fib->mtu_result ||
	     mac_differs(f->f.dmac, fib->dmac) || mac_differs(f->f.smac, fib->smac))) {
		__builtin_memcpy(f->f.dmac, fib->dmac, sizeof(fib->dmac));
		__builtin_memcpy(f->f.smac, fib->smac, sizeof(fib->smac));
		f->f.mtu = fib->mtu_result;
	}
	if (f->f.ifindex != fib->ifindex)
		f->f.ifindex = fib->ifindex;
	if (f->f.flags != flags)
		f->f.flags = flags;
	if (f->f.send != send)
		f->f.send = send;
	return SLUICE_R_OK;
}

/* Whether this hook can send the packet the way of @f, TTL aside. */
static __always_inline bool hop_takes(hook_ctx *ctx, const struct pkt *p,
				      const struct sluice_flow *f)
{
	return hook_can_send(f) && likely(!f->mtu || hook_wire_len(ctx, p) <= f->mtu);
}

/* OK, or why the packet cannot go the way of @f from this hook: nothing is done to it yet. */
static __always_inline enum sluice_reason hop_allows(hook_ctx *ctx, struct walk *w,
						     const struct pkt *p,
						     const struct sluice_flow *f)
{
	/* Not left to the stack: for it a node port is an address of its own, and it would
	 * answer a live connection with RST. */
	if (hook_can_send(f) && f->flags & SLUICE_FLOW_FORWARDED && p->ttl <= 1)
		return HOOK_IS_XDP ? SLUICE_R_LATER : SLUICE_R_TTL;
	if (hop_takes(ctx, p, f))
		return hook_can_send_packet(ctx, f) ? SLUICE_R_OK : SLUICE_R_LATER;
	w->mtu = f->mtu;
	return HOOK_IS_XDP ? SLUICE_R_LATER : SLUICE_R_TOO_BIG;
}
