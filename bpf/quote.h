/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP and ICMPv6 errors as bytes: which packet they quote, and how the quote reads once the
 * packet that travels the other way is rewritten. Works on a copy of the message, so that nothing
 * here is a pointer into a packet. Also compiled for the host.
 *
 *	ICMP     RFC 792 quotes the IP header with its options and at least 8 bytes; RFC 1812
 *	         as much as fits 576
 *	ICMPv6   RFC 4443: as much as fits 1,280
 */
#pragma once

#include "bpf/csum.h"
#include "bpf/parse.h"

#define ICMP_HLEN	8

/* What is read of a message: its header, a quoted IP header as long as parse.h takes them, TCP's
 * fixed part. What is behind stays as it is. */
#define QUOTE_L4_MAX	(ICMP_HLEN + PKT_L4_OFF_MAX - ETH_HLEN)
#define QUOTE_MAX	(QUOTE_L4_MAX + 24)

struct quote {
	__u8 bytes[(QUOTE_MAX + 7) & ~7];	/* from the ICMP header on */
	__u32 len;		/* of them that are there */
	__u32 l4_off;		/* where the quoted ports are */
	__u32 csum_off;		/* where the quoted L4 checksum is; 0: it is not quoted */
	__u8 proto;		/* of the quoted packet */
	__u8 zero[3];
};

/*
 * Destination unreachable, packet too big, time exceeded, parameter problem. Not redirect, which
 * is between neighbours, nor source quench, which is no more (RFC 6633).
 */
static __always_inline bool quote_type_is_error(__u8 type, bool v6)
{
	return v6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

/* Where the quoted IPv4 packet's L4 begins, or 0: not ours to translate. */
static __always_inline __u32 quote_parse_ipv4(struct quote *q)
{
	const struct iphdr *ip = (void *)(q->bytes + ICMP_HLEN);
	__u32 header = (q->bytes[ICMP_HLEN] & 0xf) * 4;

	if (q->len < ICMP_HLEN + sizeof(*ip) || q->bytes[ICMP_HLEN] >> 4 != 4 ||
	    header < sizeof(*ip) || ip->frag_off & bpf_htons(IPV4_FRAGMENT_OFFSET) ||
	    bpf_ntohs(ip->tot_len) < header + 8)
		return 0;
	q->proto = ip->protocol;
	return ICMP_HLEN + header;
}

/*
 * An offset that is at most QUOTE_L4_MAX already. The compiler knows that and drops the mask, the
 * verifier of Linux 6.1 does not: "invalid access to map value, value_size=996 off=2542 size=2".
 */
static __always_inline __u32 quote_bound(__u32 off)
{
	_Static_assert(QUOTE_L4_MAX <= 0x1ff && 0x1ff + 4 <= QUOTE_MAX, "the mask changes nothing");
	barrier_var(off);
	return off & 0x1ff;
}

/* The same for IPv6; the first fragment has the ports, as in IPv4. */
static __always_inline __u32 quote_parse_ipv6(struct quote *q)
{
	const struct ipv6hdr *ip = (void *)(q->bytes + ICMP_HLEN);
	__u32 off = ICMP_HLEN + sizeof(*ip);
	__u8 next = ip->nexthdr;

	if (q->len < off || q->bytes[ICMP_HLEN] >> 4 != 6)
		return 0;
	for (int i = 0; i < PKT_EXTENSIONS_MAX && parse_is_extension(next); i++) {
		const __u8 *ext = q->bytes + quote_bound(off);

		if (next == IPPROTO_FRAGMENT && *(const __be16 *)(ext + 2) & bpf_htons(0xfff8))
			return 0;
		off += parse_extension_len(ext, &next);
		if (off > QUOTE_L4_MAX)
			return 0;
	}
	q->proto = next;
	return off;
}

/*
 * True: @q is an error about a TCP, UDP or SCTP packet whose ports are quoted, and @ret the tuple of what
 * travels the opposite way, in the shape of the family's flow table. @ret must be zeroed.
 */
static __always_inline bool quote_parse(struct quote *q, union flow_key *ret, bool v6)
{
	const __be32 *addrs;
	const __be16 *ports;
	__u32 off;

	if (q->len < ICMP_HLEN || !quote_type_is_error(q->bytes[0], v6))
		return false;
	off = v6 ? quote_parse_ipv6(q) : quote_parse_ipv4(q);
	if (!off || off > QUOTE_L4_MAX || off + 8 > q->len ||
	    (q->proto != IPPROTO_TCP && q->proto != IPPROTO_UDP && q->proto != IPPROTO_SCTP))
		return false;
	q->l4_off = off;
	q->csum_off = 0;
	if (q->proto == IPPROTO_UDP)
		q->csum_off = off + __builtin_offsetof(struct udphdr, check);
	else if (q->proto == IPPROTO_TCP &&
		 off + __builtin_offsetof(struct tcphdr, check) + 2 <= q->len)
		q->csum_off = off + __builtin_offsetof(struct tcphdr, check);
	ports = (const __be16 *)(q->bytes + quote_bound(off));
	if (v6) {
		addrs = (const __be32 *)(q->bytes + ICMP_HLEN +
					 __builtin_offsetof(struct ipv6hdr, saddr));
		for (int i = 0; i < 4; i++) {
			ret->v6.dst[i] = addrs[i];
			ret->v6.src[i] = addrs[4 + i];
		}
		ret->v6.sport = ports[1];
		ret->v6.dport = ports[0];
		ret->v6.proto = q->proto;
	} else {
		addrs = (const __be32 *)(q->bytes + ICMP_HLEN +
					 __builtin_offsetof(struct iphdr, saddr));
		ret->v4.dst = addrs[0];
		ret->v4.src = addrs[1];
		ret->v4.sport = ports[1];
		ret->v4.dport = ports[0];
		ret->v4.proto = q->proto;
	}
	return true;
}

/*
 * Ports and L4 checksum of the quote after the rewrite @f of the packet that travels the other way;
 * returns what that and the addresses, which the caller stores, mean for the ICMP checksum. By
 * checksum arithmetic the deltas of a packet are those of the quote of its answer: the same words
 * change, only in other places.
 */
static __always_inline __u32 quote_rewrite_l4(struct quote *q, const struct sluice_flow *f)
{
	__be16 *ports;
	__sum16 *check, was;
	__u32 delta = f->l4_delta;

	if (q->l4_off > QUOTE_L4_MAX)
		return delta;	/* never, but for the verifier */
	ports = (__be16 *)(q->bytes + quote_bound(q->l4_off));
	ports[0] = f->dport;
	ports[1] = f->sport;
	if (!q->csum_off || q->csum_off > QUOTE_MAX - sizeof(*check))
		return delta;
	check = (__sum16 *)(q->bytes + q->csum_off);
	was = *check;
	if (q->proto == IPPROTO_UDP)
		*check = csum_apply_udp(was, f->l4_delta);
	else
		*check = csum_apply(was, f->l4_delta);
	return delta + (__u16)~was + *check;
}

/* Rewrites the quote and puts the ICMP checksum right. */
static __always_inline void quote_rewrite4(struct quote *q, const struct sluice_flow4 *f)
{
	struct iphdr *ip = (void *)(q->bytes + ICMP_HLEN);
	struct icmphdr *icmp = (void *)q->bytes;
	__sum16 was = ip->check;
	__u32 delta;

	ip->saddr = f->dst;
	ip->daddr = f->src;
	ip->check = csum_apply(was, f->f.addr_delta);
	delta = (__u16)~was + ip->check + quote_rewrite_l4(q, &f->f);
	icmp->checksum = csum_apply(icmp->checksum, delta);
}

/* @outer: the delta of the error's own addresses, which are in ICMPv6's checksum. */
static __always_inline void quote_rewrite6(struct quote *q, const struct sluice_flow6 *f,
					   __u32 outer)
{
	struct ipv6hdr *ip = (void *)(q->bytes + ICMP_HLEN);
	__be32 *addrs = (__be32 *)&ip->saddr;
	__sum16 *check = (__sum16 *)(q->bytes + __builtin_offsetof(struct icmphdr, checksum));

	for (int i = 0; i < 4; i++) {
		addrs[i] = f->dst[i];
		addrs[4 + i] = f->src[i];
	}
	*check = csum_apply(*check, outer + quote_rewrite_l4(q, &f->f));
}
