/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Plain packets: IPv4 without options or IPv6 without extension headers, no fragment, TCP or UDP
 * that does not contradict itself. A shorter parse() for nearly all packets of a node, with
 * constant offsets; of what it takes parse() says the same, and whether it may be fragmented. Also
 * compiled for the host.
 */
#pragma once

#include "bpf/parse.h"

/* The keys of the flow tables as they are filled from a header: in few stores. */
struct plain_key4 {
	__u64 addrs;
	__u32 ports;
	__u32 proto;
};
_Static_assert(sizeof(struct plain_key4) == sizeof(struct sluice_flow4_key), "the same key");

struct plain_key6 {
	__u64 addrs[4];
	__u32 ports;
	__u32 proto;
};
_Static_assert(sizeof(struct plain_key6) == sizeof(struct sluice_flow6_key), "the same key");

/* The last words of its addresses, and its ports: what the filter is asked. */
struct plain_ends {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
};

static __always_inline bool plain_tcp(const struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct tcphdr *tcp = c->pos;

	if ((void *)(tcp + 1) > c->end)
		return false;
	p->l4_len = (((const __u8 *)tcp)[12] >> 4) * 4;
	return p->l4_len >= sizeof(*tcp) && p->l4_len <= l4_bytes;
}

/* UDP whose length and IP's agree. */
static __always_inline bool plain_udp(const struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct udphdr *udp = c->pos;

	p->l4_len = sizeof(*udp);
	return bpf_ntohs(udp->len) == l4_bytes;
}

/* @c stands at the L4 header, of which 8 bytes are there. */
static __always_inline bool plain_l4(const struct cur *c, struct pkt *p, __u32 header)
{
	__u32 l4_bytes = p->ip_len - header;

	if (p->ip_len > c->frame_len - ETH_HLEN || p->ip_len < header + 8)
		return false;
	p->bad = 0;
	p->l4_off = ETH_HLEN + header;
	if (p->proto == IPPROTO_TCP)
		return plain_tcp(c, p, l4_bytes);
	return p->proto == IPPROTO_UDP && plain_udp(c, p, l4_bytes);
}

/*
 * @c stands behind Ethernet. True: plain, and of @p all is set that a packet needs which is not
 * ours, as most are not. The rest: plain_rest4().
 */
static __always_inline bool plain_ipv4(struct cur *c, struct pkt *p)
{
	const struct iphdr *ip = c->pos;

	if ((void *)(ip + 1) + 8 > c->end || *(const __u8 *)ip != 0x45 ||
	    ip->frag_off & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return false;
	c->pos += sizeof(*ip);
	p->v6 = 0;
	p->ip_len = bpf_ntohs(ip->tot_len);
	p->proto = ip->protocol;
	return plain_l4(c, p, sizeof(*ip));
}

static __always_inline bool plain_ipv6(struct cur *c, struct pkt *p)
{
	const struct ipv6hdr *ip = c->pos;

	if ((void *)(ip + 1) + 8 > c->end || *(const __u8 *)ip >> 4 != 6)
		return false;
	c->pos += sizeof(*ip);
	p->v6 = 1;
	p->ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->proto = ip->nexthdr;
	return plain_l4(c, p, sizeof(*ip));
}

/* @ip: where the header of the plain packet begins. */
static __always_inline struct plain_ends plain_ends4(const void *ip)
{
	return (struct plain_ends){
		.src = load32(ip + __builtin_offsetof(struct iphdr, saddr)),
		.dst = load32(ip + __builtin_offsetof(struct iphdr, daddr)),
		.sport = load16(ip + sizeof(struct iphdr)),
		.dport = load16(ip + sizeof(struct iphdr) + 2),
	};
}

static __always_inline struct plain_ends plain_ends6(const void *ip)
{
	return (struct plain_ends){
		.src = load32(ip + __builtin_offsetof(struct ipv6hdr, saddr) + 12),
		.dst = load32(ip + __builtin_offsetof(struct ipv6hdr, daddr) + 12),
		.sport = load16(ip + sizeof(struct ipv6hdr)),
		.dport = load16(ip + sizeof(struct ipv6hdr) + 2),
	};
}

static __always_inline __u8 plain_tcp_flags(const void *l4, const struct pkt *p)
{
	return p->proto == IPPROTO_TCP ? ((const __u8 *)l4)[13] : 0;
}

/* The rest of @p, and the key of its flow. */
static __always_inline void plain_rest4(const void *ip, struct pkt *p, struct plain_key4 *ret)
{
	p->ttl = ((const struct iphdr *)ip)->ttl;
	p->tcp_flags = plain_tcp_flags(ip + sizeof(struct iphdr), p);
	ret->addrs = load64(ip + __builtin_offsetof(struct iphdr, saddr));
	ret->ports = load32(ip + sizeof(struct iphdr));
	ret->proto = p->proto;
}

static __always_inline void plain_rest6(const void *ip, struct pkt *p, struct plain_key6 *ret)
{
	p->ttl = ((const struct ipv6hdr *)ip)->hop_limit;
	p->tcp_flags = plain_tcp_flags(ip + sizeof(struct ipv6hdr), p);
	for (int i = 0; i < 4; i++)
		ret->addrs[i] = load64(ip + __builtin_offsetof(struct ipv6hdr, saddr) + i * 8);
	ret->ports = load32(ip + sizeof(struct ipv6hdr));
	ret->proto = p->proto;
}
