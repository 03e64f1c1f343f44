/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The floors: the least that a program with our tables can do for a packet.
 *	null	nothing: what the harness itself costs
 *	parse	parse, pass
 *	0	parse, send
 *	A	parse, one hit, the complete rewrite, TTL, MACs, send
 *	B	parse, one miss, pass
 *	C	parse, one miss, two inserts into the half-open table, a rewrite, send
 *	D	parse, choose a backend by a hash, rewrite, send (floor_choose.h)
 * No options, no fragments, no counters, no state: what is above them is ours to answer for.
 * Keys and values are sluice's own; the bench copies its rows, so the bytes must come out alike.
 */
#pragma once

#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "sluice/half.h"

#define KEEP static __always_inline
#define WORD32(at) (*(__u32 *)(at))
#define WORD64(at) (*(__u64 *)(at))
#define ETH_HLEN 14

/* Sized by the bench, but for the half-open tables: as many rows as sluice's own. */
#define TABLE(name, map_type, key_type, value_type, n)			\
	struct {							\
		__uint(type, BPF_MAP_TYPE_##map_type);			\
		__uint(max_entries, n);					\
		__type(key, key_type);					\
		__type(value, value_type);				\
	} name SEC(".maps")

TABLE(floor_flows4, HASH, struct sluice_flow4_key, struct sluice_flow4, 1);
TABLE(floor_flows6, HASH, struct sluice_flow6_key, struct sluice_flow6, 1);
TABLE(floor_half4, LRU_HASH, struct sluice_flow4_key, struct sluice_flow4,
      SLUICE_HALF_BUCKETS4 * SLUICE_HALF_WAYS);
TABLE(floor_half6, LRU_HASH, struct sluice_flow6_key, struct sluice_flow6,
      SLUICE_HALF_BUCKETS6 * SLUICE_HALF_WAYS);

/* Not on the way that a run claims to take: must stay 0. */
__u32 floor_astray SEC(".data.astray");

/* Ports are at the same place in TCP and UDP. */
struct floor_packet {
	struct ethhdr *eth;
	union {
		struct iphdr *ip4;
		struct ipv6hdr *ip6;
	};
	__be16 *ports;
	__sum16 *check;
};

union floor_key {
	struct sluice_flow4_key v4;
	struct sluice_flow6_key v6;
};

union floor_value {
	struct sluice_flow f;
	struct sluice_flow4 v4;
	struct sluice_flow6 v6;
};

KEEP __u16 floor_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

KEEP __u16 floor_csum(__u16 old, __u32 delta)
{
	return ~floor_fold((__u16)~old + delta);
}

KEEP int floor_parse_l4(void *l4, void *end, __u8 proto, struct floor_packet *p)
{
	struct tcphdr *tcp = l4;
	struct udphdr *udp = l4;

	p->ports = l4;
	if (proto == IPPROTO_TCP) {
		p->check = &tcp->check;
		return (void *)(tcp + 1) > end ? -1 : 0;
	}
	if (proto == IPPROTO_UDP) {
		p->check = &udp->check;
		return (void *)(udp + 1) > end ? -1 : 0;
	}
	return -1;
}

KEEP int floor_parse4(void *data, void *end, struct floor_packet *p, union floor_key *k)
{
	p->eth = data;
	p->ip4 = data + ETH_HLEN;
	if ((void *)(p->ip4 + 1) > end || p->ip4->ihl != 5 ||
	    p->ip4->frag_off & bpf_htons(0x3fff) || p->ip4->ttl < 2 ||
	    floor_parse_l4(p->ip4 + 1, end, p->ip4->protocol, p))
		return -1;
	WORD64(&k->v4.src) = WORD64(&p->ip4->saddr);
	WORD32(&k->v4.sport) = WORD32(p->ports);
	WORD32(&k->v4.proto) = p->ip4->protocol;
	return 0;
}

KEEP int floor_parse6(void *data, void *end, struct floor_packet *p, union floor_key *k)
{
	p->eth = data;
	p->ip6 = data + ETH_HLEN;
	if ((void *)(p->ip6 + 1) > end || p->ip6->hop_limit < 2 ||
	    floor_parse_l4(p->ip6 + 1, end, p->ip6->nexthdr, p))
		return -1;
	for (int i = 0; i < 4; i++)
		WORD64(&k->v6.src[i * 2]) = WORD64((void *)&p->ip6->saddr + i * 8);
	WORD32(&k->v6.sport) = WORD32(p->ports);
	WORD32(&k->v6.proto) = p->ip6->nexthdr;
	return 0;
}

KEEP bool floor_is_v6(void *data, void *end)
{
	struct ethhdr *eth = data;

	return (void *)(eth + 1) <= end && eth->h_proto == bpf_htons(ETH_P_IPV6);
}

KEEP int floor_parse(void *data, void *end, bool v6, struct floor_packet *p, union floor_key *k)
{
	return v6 ? floor_parse6(data, end, p, k) : floor_parse4(data, end, p, k);
}

KEEP union floor_value *floor_find(const union floor_key *k, bool v6)
{
	if (v6)
		return bpf_map_lookup_elem(&floor_flows6, k);
	return bpf_map_lookup_elem(&floor_flows4, k);
}

KEEP long floor_half_put(const union floor_key *k, const union floor_value *f, __u64 flags, bool v6)
{
	if (v6)
		return bpf_map_update_elem(&floor_half6, k, f, flags);
	return bpf_map_update_elem(&floor_half4, k, f, flags);
}

KEEP void floor_write_macs(struct floor_packet *p, const struct sluice_flow *f)
{
	WORD64(p->eth) = WORD64(f->dmac);
	WORD32((void *)p->eth + 8) = WORD32((void *)f->dmac + 8);
}

KEEP void floor_write_ip4(struct floor_packet *p, const struct sluice_flow4 *f)
{
	WORD64(&p->ip4->saddr) = WORD64(&f->src);
	p->ip4->ttl--;
	p->ip4->check = floor_csum(p->ip4->check, f->f.addr_delta + 0xfffeu);
}

KEEP void floor_write_ip6(struct floor_packet *p, const struct sluice_flow6 *f)
{
	for (int i = 0; i < 4; i++)
		WORD64((void *)&p->ip6->saddr + i * 8) = WORD64((void *)f->src + i * 8);
	p->ip6->hop_limit--;
}

/* Everything, with plain stores. */
KEEP void floor_rewrite(struct floor_packet *p, const union floor_value *f, bool v6)
{
	*p->check = floor_csum(*p->check, f->f.l4_delta);
	WORD32(p->ports) = WORD32((void *)&f->f.sport);
	if (v6)
		floor_write_ip6(p, &f->v6);
	else
		floor_write_ip4(p, &f->v4);
	floor_write_macs(p, &f->f);
}

/*
 * Both halves of a pair, half open. Instead of a service, a backend and a next hop the new
 * tuple is arithmetic: what is left is the price of the tables.
 */
KEEP int floor_open(const union floor_key *k, union floor_value *f, bool v6)
{
	union floor_value rev = {};
	union floor_key rk = {};

	f->f.sport = k->v4.sport ^ bpf_htons(0x8000);
	f->f.dport = bpf_htons(8080);
	if (v6) {
		f->f.sport = k->v6.sport;
		__builtin_memcpy(f->v6.src, k->v6.src, sizeof(f->v6.src));
		__builtin_memcpy(f->v6.dst, k->v6.dst, sizeof(f->v6.dst));
		f->v6.dst[3] = bpf_htonl(0x0af40101);
		__builtin_memcpy(rk.v6.src, f->v6.dst, sizeof(rk.v6.src));
		__builtin_memcpy(rk.v6.dst, f->v6.src, sizeof(rk.v6.dst));
		rk.v6.sport = f->f.dport;
		rk.v6.dport = f->f.sport;
		rk.v6.proto = k->v6.proto;
		__builtin_memcpy(rev.v6.src, k->v6.dst, sizeof(rev.v6.src));
		__builtin_memcpy(rev.v6.dst, k->v6.src, sizeof(rev.v6.dst));
	} else {
		f->v4.src = k->v4.src;
		f->v4.dst = bpf_htonl(0x0af40101);
		rk.v4.src = f->v4.dst;
		rk.v4.dst = f->v4.src;
		rk.v4.sport = f->f.dport;
		rk.v4.dport = f->f.sport;
		rk.v4.proto = k->v4.proto;
		rev.v4.src = k->v4.dst;
		rev.v4.dst = k->v4.src;
	}
	if (floor_half_put(&rk, &rev, BPF_NOEXIST, v6) || floor_half_put(k, f, BPF_ANY, v6)) {
		floor_astray++;
		return -1;
	}
	return 0;
}
