/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which service port a packet dials, and which rules hold for a new connection to it: the
 * dispatch and masquerade tables of Kubernetes (kube-proxy's contract).
 */
#pragma once

#include "bpf/choose.h"
#include "bpf/maps.h"
#include "bpf/parse.h"
#include "bpf/walk.h"

static __always_inline bool filter_has(const struct sluice_filter *f, __u32 bit)
{
	bit &= SLUICE_FILTER_BITS - 1;
	return f->words[bit / 64] >> (bit % 64) & 1;
}

/* What the packet may be: for a frontend, from a backend. 0: certainly neither. */
#define MAYBE_TO_FRONTEND	1u
#define MAYBE_FROM_BACKEND	2u

static __always_inline __u32 filter_ask(const struct pkt *p)
{
	__u32 zero = 0;
	const struct sluice_filter *f = bpf_map_lookup_elem(&sluice_filter, &zero);
	__be32 src, dst;
	__be16 sport, dport;

	if (!f)
		return 0;
	if (p->v6) {
		src = p->key.v6.src[3];
		dst = p->key.v6.dst[3];
		sport = p->key.v6.sport;
		dport = p->key.v6.dport;
	} else {
		src = p->key.v4.src;
		dst = p->key.v4.dst;
		sport = p->key.v4.sport;
		dport = p->key.v4.dport;
	}
	return (filter_has(f, sluice_filter_bit(SLUICE_FILTER_FRONTEND, dst, dport, p->proto)) ?
		MAYBE_TO_FRONTEND : 0) |
	       (filter_has(f, sluice_filter_bit(SLUICE_FILTER_BACKEND, src, sport, p->proto)) ?
		MAYBE_FROM_BACKEND : 0);
}

static __always_inline const struct sluice_frontend *frontend_find(const struct pkt *p, bool v6)
{
	if (v6) {
		struct sluice_frontend6_key k = {
			.addr = { p->key.v6.dst[0], p->key.v6.dst[1], p->key.v6.dst[2],
				  p->key.v6.dst[3] },
			.port = p->key.v6.dport,
			.proto = p->proto,
		};
		return bpf_map_lookup_elem(&sluice_frontends6, &k);
	}
	struct sluice_frontend4_key k = {
		.addr = p->key.v4.dst,
		.port = p->key.v4.dport,
		.proto = p->proto,
	};
	return bpf_map_lookup_elem(&sluice_frontends4, &k);
}

/*
 * The set for a new connection. External frontends of a Local service use the local set, but
 * for this node's own pods and processes: they go "up to an external load balancer and come
 * back in", which may be anywhere.
 */
static __always_inline const union sluice_set *service_set(const struct sluice_service *s,
							   __u8 kind, __u32 from)
{
	if (kind == SLUICE_FE_CLUSTER_IP)
		return s->flags & SLUICE_SVC_INT_LOCAL ? &s->local : &s->cluster;
	return s->flags & SLUICE_SVC_EXT_LOCAL && from == FROM_WIRE ? &s->local : &s->cluster;
}

/* Whether the client's address must be replaced, the hairpin case aside. */
static __always_inline bool service_masquerades(const struct sluice_service *s, __u8 kind,
						__u32 from)
{
	if (from == FROM_HOST)
		return true;
	if (kind == SLUICE_FE_CLUSTER_IP)
		return from == FROM_WIRE;
	return !(s->flags & SLUICE_SVC_EXT_LOCAL);
}
