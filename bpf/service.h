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
	return f->words[bit / 64 & (SLUICE_FILTER_BITS / 64 - 1)] >> (bit % 64) & 1;
}

/* What the packet may be: for a frontend, from a backend, for an address. 0: certainly nothing. */
#define MAYBE_TO_FRONTEND	1u
#define MAYBE_FROM_BACKEND	2u
#define MAYBE_TO_ADDRESS	4u

static __always_inline const struct sluice_filter *filter_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sluice_filter, &zero);
}

/* The addresses by their last 4 bytes, as they are in the packet. */
static __always_inline bool filter_to_frontend(const struct sluice_filter *f, __be32 dst,
					       __be16 dport, __u8 proto)
{
	return filter_has(f, sluice_filter_bit(SLUICE_FILTER_FRONTEND, dst, dport, proto));
}

/* For packets on lo. */
static __always_inline bool filter_to_localhost(const struct sluice_filter *f, __be32 dst,
						__be16 dport, __u8 proto)
{
	return filter_has(f, sluice_filter_bit(SLUICE_FILTER_LOCALHOST, dst, dport, proto));
}

static __always_inline bool filter_from_backend(const struct sluice_filter *f, __be32 src,
						__be16 sport, __u8 proto)
{
	return filter_has(f, sluice_filter_bit(SLUICE_FILTER_BACKEND, src, sport, proto));
}

/*
 * Whether an address of ours is dialled that is no frontend, or one of the service range. Nearly
 * always not, which one compare with a prefix tells. The compiler must not make the prefix's
 * address, which is further off than an instruction can say, anew for each of its words.
 */
static __always_inline bool filter_to_address4(const struct sluice_filter *f, __be32 dst)
{
	const union sluice_net4 *addrs = &f->addrs4;

	barrier_var(addrs);
	return unlikely(sluice_net4_has(addrs, dst)) &&
	       (sluice_net4_has(&f->range4, dst) ||
		filter_has(f, sluice_filter_bit(SLUICE_FILTER_ADDRESS, dst, 0, 0)));
}

static __always_inline bool filter_to_address6(const struct sluice_filter *f, __u64 high, __u64 low)
{
	const struct sluice_net6 *addrs = &f->addrs6;

	barrier_var(addrs);
	return unlikely(sluice_net6_has(addrs, high, low)) &&
	       (sluice_net6_has(&f->range6, high, low) ||
		filter_has(f, sluice_filter_bit(SLUICE_FILTER_ADDRESS, low >> 32, 0, 0)));
}

static __always_inline __u32 filter_ask_key(const union flow_key *k, __u8 proto, bool v6)
{
	const struct sluice_filter *f = filter_get();
	bool to, from;

	if (!f)
		return 0;
	if (v6) {
		to = filter_to_frontend(f, k->v6.dst[3], k->v6.dport, proto);
		from = filter_from_backend(f, k->v6.src[3], k->v6.sport, proto);
	} else {
		to = filter_to_frontend(f, k->v4.dst, k->v4.dport, proto);
		from = filter_from_backend(f, k->v4.src, k->v4.sport, proto);
	}
	return (to ? MAYBE_TO_FRONTEND : 0) | (from ? MAYBE_FROM_BACKEND : 0);
}

static __always_inline __u32 filter_ask(const struct walk *w, const struct pkt *p)
{
	__u32 maybe = filter_ask_key(&p->key, p->proto, p->v6);
	const struct sluice_filter *f = filter_get();

	if (w->lo && f && !p->v6 &&
	    filter_to_localhost(f, p->key.v4.dst, p->key.v4.dport, p->proto))
		maybe |= MAYBE_TO_FRONTEND;
	return maybe;
}

/* Whether a fragment may be of ours: it has no port, the addresses must do. */
static __always_inline bool filter_ask_fragment(const struct pkt *p)
{
	const struct sluice_filter *f = filter_get();
	__be32 src = p->v6 ? p->key.v6.src[3] : p->key.v4.src;
	__be32 dst = p->v6 ? p->key.v6.dst[3] : p->key.v4.dst;

	return f && (filter_has(f, sluice_filter_addr_bit(SLUICE_FILTER_FRONTEND, dst)) ||
		     filter_has(f, sluice_filter_addr_bit(SLUICE_FILTER_BACKEND, src)));
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

static __always_inline bool client_has_pod_addr(const struct sluice_settings *cfg,
						const struct pkt *p)
{
	const __be32 *a = p->key.v6.src;

	if (!p->v6)
		return sluice_net4_has(&cfg->pods4, p->key.v4.src);
	return sluice_net6_has(&cfg->pods6, (__u64)a[1] << 32 | a[0], (__u64)a[3] << 32 | a[2]);
}

/*
 * Who the client of a new connection is for the rules below: pods are known by the device that
 * they come by, or by their addresses if the operator has given those. Without a way to know
 * pods there are none.
 */
static __always_inline enum origin client_of(const struct sluice_settings *cfg, __u32 from,
					     const struct pkt *p)
{
	if (from == FROM_POD && cfg->flags & SLUICE_SET_NO_PODS)
		return FROM_WIRE;
	if (from == FROM_WIRE && client_has_pod_addr(cfg, p))
		return FROM_POD;
	return from;
}

/*
 * Which set a new connection uses. External frontends of a Local service use the local set, but
 * for this node's own pods and processes: they go "up to an external load balancer and come
 * back in", which may be anywhere.
 */
static __always_inline bool service_uses_local(const struct sluice_service *s, __u8 kind,
					       enum origin client)
{
	if (kind == SLUICE_FE_CLUSTER_IP)
		return s->flags & SLUICE_SVC_INT_LOCAL;
	return s->flags & SLUICE_SVC_EXT_LOCAL && client == FROM_WIRE;
}

static __always_inline const union sluice_set *service_set(const struct sluice_service *s,
							   bool local)
{
	return local ? &s->local : &s->cluster;
}

/*
 * Whether the client's address must be replaced, the hairpin case aside. A process of this host
 * keeps its address, which is the node's already (open.h).
 */
static __always_inline bool service_masquerades(const struct sluice_settings *cfg,
						const struct sluice_service *s, __u8 kind,
						enum origin client)
{
	if (client == FROM_HOST)
		return true;
	if (kind != SLUICE_FE_CLUSTER_IP)
		return !(s->flags & SLUICE_SVC_EXT_LOCAL);
	if (cfg->flags & SLUICE_SET_MASQUERADE)
		return true;
	return client == FROM_WIRE && !(cfg->flags & SLUICE_SET_NO_PODS);
}
