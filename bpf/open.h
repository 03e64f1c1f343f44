/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A new flow: service → set → backend → both halves of the pair, in the half-open table.
 * Putting in the reply's half, whose tuple must be free, is what allocates the source port: there
 * is no other table to disagree with.
 */
#pragma once

#include "bpf/affinity.h"
#include "bpf/half_table.h"
#include "bpf/send.h"
#include "bpf/source.h"
#include "bpf/split.h"

/* How many source ports are tried before NO_PORT. At 90 % of the range taken towards one
 * backend, one in 5 new connections would find none of 16. */
#define SNAT_TRIES 16
#define SNAT_TRIES_POLITE 12	/* the rest presses */

static __always_inline void fwd_init(union flow_value *fwd, const struct pkt *p,
				     const struct sluice_backend *be, __u32 slot, bool v6)
{
	__u32 now = now_jiffies();

	__builtin_memset(fwd, 0, sizeof(*fwd));
	fwd->f.slot = slot;
	fwd->f.slot_gen = be->gen;
	fwd->f.seen = now;
	fwd->f.born = now;
	fwd->f.dport = be->port;
	if (v6) {
		__builtin_memcpy(fwd->v6.src, p->key.v6.src, 16);
		__builtin_memcpy(fwd->v6.dst, be->addr.ip6, 16);
		fwd->f.sport = p->key.v6.sport;
	} else {
		fwd->v4.src = p->key.v4.src;
		fwd->v4.dst = be->addr.ip6[3];
		fwd->f.sport = p->key.v4.sport;
	}
}

static __always_inline bool fwd_is_hairpin(const union flow_value *fwd, bool v6)
{
	if (!v6)
		return fwd->v4.src == fwd->v4.dst;
	return fwd->v6.src[0] == fwd->v6.dst[0] && fwd->v6.src[1] == fwd->v6.dst[1] &&
	       fwd->v6.src[2] == fwd->v6.dst[2] && fwd->v6.src[3] == fwd->v6.dst[3];
}

/* The source becomes @a, if that is an address of the family. */
static __always_inline bool fwd_set_source(union flow_value *fwd, const struct sluice_addr *a,
					   bool v6)
{
	if (!v6) {
		if (a->ip6[3])
			fwd->v4.src = a->ip6[3];
		return a->ip6[3];
	}
	if (!(a->ip6[0] | a->ip6[3]))
		return false;
	__builtin_memcpy(fwd->v6.src, a->ip6, 16);
	return true;
}

/*
 * Masquerade: the address of the device that the packet leaves by, else the node's. A process of
 * this host has an address of this host, and keeps it, for only its port has to be replaced, so
 * that no connection of its own can have the same tuple. But if the backend is behind another device
 * than the frontend, the answer would not come back by that: strict rp_filter, here or there. And
 * what it has on lo may be 127.0.0.1, which means nothing elsewhere.
 */
static __always_inline bool fwd_masquerade(const struct walk *w, union flow_value *fwd, bool v6)
{
	const struct sluice_device *dev = device_find(fwd->f.ifindex);
	const struct sluice_settings *cfg = settings_get();
	bool host = w->from == FROM_HOST;

	if (host && (fwd->f.ifindex == w->ifindex || !fwd->f.ifindex))
		return true;	/* the latter: to a socket of this host */
	if (dev && fwd_set_source(fwd, v6 ? &dev->addr6 : &dev->addr4, v6))
		return true;
	return (host && !w->lo) || (cfg && fwd_set_source(fwd, v6 ? &cfg->node6 : &cfg->node4, v6));
}

/* Back into the pod that this packet comes from, by the addresses on its frame. */
static __always_inline void rev_to_pod(hook_ctx *ctx, const struct walk *w, union flow_value *rev)
{
	const struct sluice_device *dev = device_find(w->ifindex);

	if (!dev || !(dev->flags & SLUICE_DEV_PEER))
		return;
	rev->f.send = SLUICE_SEND_POD;
	rev->f.ifindex = w->ifindex;
	rev->f.flags |= SLUICE_FLOW_PINNED;
	hook_load(ctx, 0, rev->f.smac, sizeof(rev->f.smac));
	hook_load(ctx, sizeof(rev->f.smac), rev->f.dmac, sizeof(rev->f.dmac));
}

/*
 * Up to a process of this host. What it dialled through lo has our own address for its source;
 * what it dialled by an uplink comes in by that uplink, whatever way the reply took, for strict
 * rp_filter expects the service's address there.
 */
static __always_inline void rev_to_host(const struct walk *w, const union flow_value *fwd,
					union flow_value *rev)
{
	const struct sluice_settings *cfg = settings_get();
	const struct sluice_device *dev = device_find(fwd->f.ifindex);

	if (cfg && w->ifindex == cfg->lo_ifindex) {
		rev->f.send = SLUICE_SEND_LOOP;
		return;
	}
	if (dev && dev->kind == SLUICE_DEV_UPLINK && fwd->f.ifindex == w->ifindex) {
		rev->f.send = SLUICE_SEND_STACK;
		return;
	}
	dev = device_find(w->ifindex);
	rev->f.send = SLUICE_SEND_UPLINK_IN;
	rev->f.ifindex = w->ifindex;
	if (dev)
		__builtin_memcpy(rev->f.dmac, dev->mac, sizeof(dev->mac));
}

/* Where the reply goes, as far as it is known from where the request came. */
static __always_inline void rev_set_send(hook_ctx *ctx, const struct walk *w,
					 const union flow_value *fwd, union flow_value *rev)
{
	const struct sluice_backend *be = bpf_map_lookup_elem(&sluice_backends, &fwd->f.slot);

	if (be && be->flags & SLUICE_BE_HOST) {
		rev->f.send = SLUICE_SEND_STACK;	/* our socket's answer is routed already */
		return;
	}
	if (w->from == FROM_HOST) {
		rev_to_host(w, fwd, rev);
		return;
	}
	rev->f.flags |= SLUICE_FLOW_FORWARDED;
	if (w->from == FROM_POD)
		rev_to_pod(ctx, w, rev);
}

/*
 * The reply's tuple belongs to a lasting pair. May it be taken over? Only if that is over, and has
 * been silent for a moment.
 */
static __always_inline bool rev_evict(struct flow_pair *x, const union flow_value *old, bool v6)
{
	const union flow_value *fwd;
	__u32 now = x->rev.f.seen;

	flow_partner_key(&x->rev_key, old, &x->other_key, v6);
	fwd = flow_find(&x->other_key, v6);
	if (!fwd)
		return !flow_del(&x->rev_key, v6);
	if (!flow_is_closing(fwd, old) || !flow_older(&fwd->f, now, 2) || !flow_older(&old->f, now, 2))
		return false;
	flow_end(&x->other_key, fwd, &x->rev_key, v6);
	return true;
}

/*
 * Claims the reply's tuple. True if it is ours now. @press: ports are scarce, so what is over or
 * only half-open is pushed aside. A real handshake lives in the half-open table for one round
 * trip, what a flood put there for syn_sec: it is the flood that loses.
 */
static __always_inline bool rev_claim(struct flow_pair *x, __u32 syn_sec, bool press, bool v6)
{
	union flow_value *old = flow_find(&x->rev_key, v6);

	if (old && !(press && rev_evict(x, old, v6)))
		return false;
	if (half_put(true, HALF_NEW, v6))
		return true;
	old = half_find(&x->rev_key, v6);
	if (!old || !(press || flow_older(&old->f, x->rev.f.seen, syn_sec) ||
		      rev_is_ours(old, &x->rev, v6)))
		return false;
	return half_put(true, HALF_ANY, v6);
}

/* Another source port for the pair: of all that is made already, only this hangs on it. */
static __always_inline void pair_set_port(struct flow_pair *x, __be16 port, bool v6)
{
	x->fwd.f.l4_delta = csum_fold((__u32)x->fwd.f.l4_delta + (__u16)~x->fwd.f.sport + port);
	x->rev.f.l4_delta = csum_inverse(x->fwd.f.l4_delta);
	x->fwd.f.sport = port;
	if (v6)
		x->rev_key.v6.dport = port;
	else
		x->rev_key.v4.dport = port;
}

/*
 * Finds a source port for which the reply's tuple is free, and takes it. Without SNAT the
 * client's own port comes first; only if that tuple is taken (the same client by another
 * frontend to the same backend) is the port replaced.
 */
static __always_inline enum sluice_reason pair_allocate(struct flow_pair *x, __u32 hash, bool v6)
{
	const struct sluice_settings *cfg = settings_get();
	bool snat = x->fwd.f.flags & SLUICE_FLOW_SNAT;
	__u32 span;

	if (!cfg)
		return SLUICE_R_NO_PORT;
	span = cfg->snat_max - cfg->snat_min + 1;
	/* A client that tries again a second later must not meet the same full ports. */
	hash = hash3(hash, x->fwd.f.seen / (sluice_hz ?: 1), cfg->seed);
	for (int i = 0; i < SNAT_TRIES; i++) {
		if (snat || i) {
			__u32 port = cfg->snat_min + (__u32)((__u64)hash * span >> 32);

			pair_set_port(x, bpf_htons(port), v6);
			hash = hash * 0x9e3779b1u + 0x7f4a7c15u;
		}
		if (rev_claim(x, cfg->syn_sec, i >= SNAT_TRIES_POLITE, v6))
			return SLUICE_R_OK;
	}
	return SLUICE_R_NO_PORT;
}

/* Makes the pair for a packet that dials @svc, with @slot as its backend, in @x. */
static __always_inline enum sluice_reason flow_open(hook_ctx *ctx, struct walk *w,
						    const struct pkt *p,
						    const struct sluice_backend *be, __u32 slot,
						    bool masquerade, __u32 hash,
						    struct flow_pair *x, bool v6)
{
	bool host_backend = be->flags & SLUICE_BE_HOST;
	enum sluice_reason why;

	fwd_init(&x->fwd, p, be, slot, v6);
	if (w->sticky && p->proto == IPPROTO_TCP)
		x->fwd.f.state = SLUICE_FLOW_STICKY;
	if (host_backend) {
		x->fwd.f.send = w->from == FROM_HOST ? SLUICE_SEND_LOOP : SLUICE_SEND_STACK;
		/* Our own address must not come in from outside: the socket sees the client. */
		masquerade &= w->from == FROM_HOST;
	} else {
		if (w->from != FROM_HOST)
			x->fwd.f.flags |= SLUICE_FLOW_FORWARDED;
		why = hop_find(ctx, w, &x->fwd, p->proto, v6);
		if (why)
			return why;
	}
	/* Before there is a flow: the next hook would take this packet for its second one. */
	why = hop_allows(ctx, w, p, &x->fwd.f);
	if (HOOK_IS_XDP && !why && neigh_is_due(&x->fwd.f))
		why = SLUICE_R_LATER;
	if (why && !split_is_due(why, p))
		return why;
	if (masquerade || fwd_is_hairpin(&x->fwd, v6)) {
		x->fwd.f.flags |= SLUICE_FLOW_SNAT;
		if (!fwd_masquerade(w, &x->fwd, v6))
			return SLUICE_R_NO_ROUTE;
	}
	flow_set_deltas(&x->key, &x->fwd, v6);
	flow_partner_key(&x->key, &x->fwd, &x->rev_key, v6);
	flow_reverse(&x->key, &x->fwd, &x->rev, v6);
	rev_set_send(ctx, w, &x->fwd, &x->rev);
	why = pair_allocate(x, hash, v6);
	if (why)
		return why;
	if (!half_put(false, HALF_ANY, v6)) {
		half_del(&x->rev_key, v6);
		return SLUICE_R_TABLE_FULL;
	}
	return SLUICE_R_OK;
}

/*
 * A packet of no known flow: does it dial a service, and may it start a connection? OK: the pair
 * is in @x and in the half-open table.
 */
static __always_inline enum sluice_reason flow_new(hook_ctx *ctx, struct walk *w,
						   const struct pkt *p, struct flow_pair *x, bool v6)
{
	const struct sluice_frontend *fe = frontend_find(p, v6);
	const struct sluice_settings *cfg = settings_get();
	const struct sluice_service *svc;
	const struct sluice_backend *be;
	enum sluice_reason why;
	enum origin client;
	__u32 hash, slot;
	bool local;

	if (!fe || !cfg || (fe->kind == SLUICE_FE_LOCALHOST && !w->lo))
		return SLUICE_R_NOT_OURS;
	svc = bpf_map_lookup_elem(&sluice_services, &fe->service);
	if (!svc || !(svc->flags & SLUICE_SVC_USED))
		return SLUICE_R_NOT_OURS;
	w->service = fe->service;
	if (p->bad)
		return p->bad;
	if (p->fragment && p->proto == IPPROTO_SCTP)
		return SLUICE_R_SCTP_FRAGMENT;	/* the port may have to change: sctp.h */
	if (source_is_refused(svc, fe->service, fe->kind))
		return SLUICE_R_FILTERED;
	if (p->proto == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
		return SLUICE_R_NO_FLOW;

	hash = choose_hash(&p->key, cfg->seed, v6);
	client = client_of(cfg, w->from, p);
	local = service_uses_local(svc, fe->kind, client);
	w->sticky = svc->flags & SLUICE_SVC_AFFINITY;
	slot = w->sticky ? sluice_affinity_choose(fe->service, local) :
			   choose(service_set(svc, local), hash);
	be = bpf_map_lookup_elem(&sluice_backends, &slot);
	if (slot == SLUICE_NONE || !be)
		return svc->flags & SLUICE_SVC_HAS_ANY ? SLUICE_R_NO_LOCAL : SLUICE_R_NO_BACKEND;
	why = flow_open(ctx, w, p, be, slot, service_masquerades(cfg, svc, fe->kind, client),
			hash3(hash, p->proto, cfg->seed), x, v6);
	if (!why && w->sticky && p->proto != IPPROTO_TCP)
		sluice_affinity_note();
	return why;
}
