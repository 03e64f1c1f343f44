/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Bytes → facts. Reads Ethernet, IPv4 or IPv6 with options and extension headers, TCP, UDP or
 * SCTP, into struct pkt: plain data and offsets, no pointers. Nothing is written, nothing is assumed:
 * every length from the packet is held against the packet. Also compiled for the host.
 */
#pragma once

#include "bpf/net.h"
#include "sluice/flow.h"
#include "sluice/reason.h"

/* The 5-tuple, as it is on the wire, in the shape of the family's flow table. */
union flow_key {
	struct sluice_flow4_key v4;
	struct sluice_flow6_key v6;
};

/* pkt.fragment: which part of a datagram the packet is. */
enum pkt_fragment {
	PKT_WHOLE,
	PKT_FRAGMENT_FIRST,	/* of more: with the L4 header */
	PKT_FRAGMENT_LATER,	/* without: no ports, and what IPv6 says of the protocol is of no
				 * use: it may be an extension header that only the first one has */
};

struct pkt {
	union flow_key key;
	__u16 l4_off;		/* from the start of the frame; l3 is at ETH_HLEN */
	__u16 l4_len;		/* of the TCP, UDP or SCTP header */
	__u32 ip_len;		/* IP header, payload and all between */
	__u8 v6;
	__u8 proto;
	__u8 ttl;		/* or hop limit */
	__u8 tcp_flags;		/* TCP_*; 0 for others */
	__u8 fragment;		/* enum pkt_fragment */
	__u8 bad;		/* enum sluice_reason: L4 header cut short or contradictory */
	__u8 splits;		/* IPv4 without DF: routers may fragment it */
	__u8 zero;		/* no padding: the verifier wants all bytes of an argument written */
	/* Of fragments only: */
	__be16 fragment_where;	/* offset and flags, as the family has them */
	__u16 zero2;
	__be32 fragment_id;	/* of its datagram, as in memory; IPv4: 16 bits */
};
_Static_assert(sizeof(struct pkt) == 64, "struct pkt has no padding");

static __always_inline bool pkt_is_icmp(const struct pkt *p)
{
	return p->proto == (p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static __always_inline bool pkt_has_ports(const struct pkt *p)
{
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_SCTP;
}

static __always_inline void pkt_source(const struct pkt *p, struct sluice_addr *ret)
{
	if (p->v6) {
		__builtin_memcpy(ret->ip6, p->key.v6.src, sizeof(ret->ip6));
		return;
	}
	ret->ip6[0] = 0;
	ret->ip6[1] = 0;
	ret->ip6[2] = bpf_htonl(0xffff);
	ret->ip6[3] = p->key.v4.src;
}

/* The linear part of the frame, and how long the whole frame is. */
struct cur {
	void *pos;
	void *end;
	__u32 frame_len;
};

/* Where L4 headers can start at most: 6 extension headers of 2,048 bytes would not fit, so
 * headers beyond this are not ours to translate. Offsets are masked with it for the verifier. */
#define PKT_L4_OFF_MAX	0x1ff

/* The next @len bytes, or NULL if the linear part ends first. */
static __always_inline void *cur_take(struct cur *c, __u32 len)
{
	void *at = c->pos;

	if (at + len > c->end)
		return NULL;
	c->pos = at + len;
	return at;
}
#define cur_pull(c, type) ((type *)cur_take((c), sizeof(type)))

static __always_inline void parse_ports(struct pkt *p, const void *l4)
{
	const __be16 *ports = l4;

	if (p->v6) {
		p->key.v6.sport = ports[0];
		p->key.v6.dport = ports[1];
	} else {
		p->key.v4.sport = ports[0];
		p->key.v4.dport = ports[1];
	}
}

static __always_inline enum sluice_reason parse_tcp(struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct tcphdr *tcp = c->pos;

	if (c->pos + 8 > c->end)
		return SLUICE_R_TRUNCATED;
	parse_ports(p, tcp);
	if (l4_bytes < sizeof(*tcp) || (void *)(tcp + 1) > c->end) {
		p->bad = SLUICE_R_TRUNCATED;
		return SLUICE_R_OK;
	}
	p->tcp_flags = ((const __u8 *)tcp)[13];
	p->l4_len = tcp->doff * 4;
	if (p->l4_len < sizeof(*tcp) || p->l4_len > l4_bytes)
		p->bad = SLUICE_R_MALFORMED;
	return SLUICE_R_OK;
}

static __always_inline enum sluice_reason parse_udp(struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct udphdr *udp = c->pos;
	__u32 len;

	if ((void *)(udp + 1) > c->end)
		return SLUICE_R_TRUNCATED;
	parse_ports(p, udp);
	p->l4_len = sizeof(*udp);
	len = bpf_ntohs(udp->len);
	/* The length may be below what IP carries (RFC 768 does not forbid a trailer), never
	 * above. It is 0 in a GSO packet of more than 64 KB. */
	if (l4_bytes < sizeof(*udp))
		p->bad = SLUICE_R_TRUNCATED;
	else if ((len > l4_bytes && !p->fragment) ||
		 (len < sizeof(*udp) && !(len == 0 && l4_bytes > 0xffff)))
		p->bad = SLUICE_R_MALFORMED;
	return SLUICE_R_OK;
}

static __always_inline enum sluice_reason parse_sctp(struct cur *c, struct pkt *p, __u32 l4_bytes)
{
	const struct sctp_header *sctp = c->pos;

	if ((void *)sctp + 8 > c->end)
		return SLUICE_R_TRUNCATED;
	parse_ports(p, sctp);
	p->l4_len = sizeof(*sctp);
	if (l4_bytes < sizeof(*sctp) || (void *)(sctp + 1) > c->end)
		p->bad = SLUICE_R_TRUNCATED;
	return SLUICE_R_OK;
}

/*
 * TRUNCATED, here and as p->bad, means that the linear part is too short to tell: the frame's end,
 * or only the end of what the hook has pulled in; the caller knows. As p->bad it is also a first
 * fragment that ends within the header: RFC 1858, RFC 7112.
 */
static __always_inline enum sluice_reason parse_l4(struct cur *c, struct pkt *p)
{
	__u32 l4_bytes = p->ip_len + ETH_HLEN - p->l4_off;

	if (p->fragment == PKT_FRAGMENT_LATER)
		return SLUICE_R_OK;
	if (!pkt_has_ports(p))
		return SLUICE_R_NOT_OURS;
	if (p->proto == IPPROTO_TCP)
		return parse_tcp(c, p, l4_bytes);
	return p->proto == IPPROTO_UDP ? parse_udp(c, p, l4_bytes) : parse_sctp(c, p, l4_bytes);
}

static __always_inline __u8 parse_fragment(__be16 where, __be16 offset, __be16 more)
{
	if (where & offset)
		return PKT_FRAGMENT_LATER;
	return where & more ? PKT_FRAGMENT_FIRST : PKT_WHOLE;
}

static __always_inline enum sluice_reason parse_ipv4(struct cur *c, struct pkt *p)
{
	const struct iphdr *ip = cur_pull(c, struct iphdr);
	__u32 ip_bytes = c->frame_len - ETH_HLEN;
	__u32 header;

	if (!ip)
		return SLUICE_R_TRUNCATED;
	header = ip->ihl * 4;
	if (ip->version != 4 || header < sizeof(*ip))
		return SLUICE_R_MALFORMED;
	p->ip_len = bpf_ntohs(ip->tot_len);
	if (!p->ip_len && ip_bytes > 0xffff)
		p->ip_len = ip_bytes;	/* BIG TCP */
	if (p->ip_len < header || p->ip_len > ip_bytes)
		return SLUICE_R_MALFORMED;
	if (!cur_take(c, header - sizeof(*ip)))
		return SLUICE_R_TRUNCATED;

	p->v6 = 0;
	p->key.v4.src = ip->saddr;
	p->key.v4.dst = ip->daddr;
	p->key.v4.proto = ip->protocol;
	p->proto = ip->protocol;
	p->ttl = ip->ttl;
	p->splits = !(ip->frag_off & bpf_htons(IPV4_DONT_FRAGMENT));
	p->fragment_where = ip->frag_off;
	p->fragment_id = ip->id;
	p->fragment = parse_fragment(p->fragment_where, bpf_htons(IPV4_FRAGMENT_OFFSET),
				     bpf_htons(IPV4_MORE_FRAGMENTS));
	p->l4_off = ETH_HLEN + header;
	return SLUICE_R_OK;
}

/* How many extension headers are stepped over. */
#define PKT_EXTENSIONS_MAX 6

static __always_inline bool parse_is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_AH || next == IPPROTO_FRAGMENT;
}

/*
 * The length of the extension header of type @next at @ext, of which 8 bytes are there; @next
 * becomes the type of what is behind it. RFC 8200 section 4; AH counts in other units (RFC 4302
 * section 2.2).
 */
static __always_inline __u32 parse_extension_len(const __u8 *ext, __u8 *next)
{
	__u32 len = 8;

	if (*next == IPPROTO_AH)
		len += ext[1] * 4;	/* in units of 4, less 2 */
	else if (*next != IPPROTO_FRAGMENT)
		len += ext[1] * 8;
	*next = ext[0];
	return len;
}

/* Steps over one extension header. 1: stepped, 0: @next is none, else a negative reason. */
static __always_inline int parse_ipv6_extension(struct cur *c, struct pkt *p, __u8 *next)
{
	const __u8 *ext;
	__u32 len;

	if (!parse_is_extension(*next))
		return 0;
	ext = cur_take(c, 8);
	if (!ext)
		return -SLUICE_R_TRUNCATED;
	/* On its way to yet another address, which is what its checksum is made of: RFC 8200
	 * section 8.1. Who is addressed now has to read that list, and does not dial anybody. */
	if (*next == IPPROTO_ROUTING && ext[3])
		return -SLUICE_R_NOT_OURS;
	if (*next == IPPROTO_FRAGMENT) {
		p->fragment_where |= *(const __be16 *)(ext + 2);
		p->fragment_id = *(const __be32 *)(ext + 4);
		/* An atomic fragment (offset 0, no more) is a whole packet: RFC 6946. */
		p->fragment = parse_fragment(p->fragment_where, bpf_htons(IPV6_FRAGMENT_OFFSET),
					     bpf_htons(IPV6_MORE_FRAGMENTS));
	}
	len = parse_extension_len(ext, next) - 8;
	if (len && !cur_take(c, len))
		return -SLUICE_R_TRUNCATED;
	return 1;
}

static __always_inline enum sluice_reason parse_ipv6(struct cur *c, struct pkt *p)
{
	const struct ipv6hdr *ip = cur_pull(c, struct ipv6hdr);
	const __be32 *addrs;
	__u32 ip_bytes = c->frame_len - ETH_HLEN;
	const void *l3 = ip;
	__u32 header;
	__u8 next;

	if (!ip)
		return SLUICE_R_TRUNCATED;
	if (ip->version != 6)
		return SLUICE_R_MALFORMED;
	p->ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	if (p->ip_len == sizeof(*ip) && ip_bytes > 0xffff)
		p->ip_len = ip_bytes;	/* BIG TCP */
	if (p->ip_len > ip_bytes)
		return SLUICE_R_MALFORMED;

	p->v6 = 1;
	addrs = (const __be32 *)&ip->saddr;
	for (int i = 0; i < 4; i++) {
		p->key.v6.src[i] = addrs[i];
		p->key.v6.dst[i] = addrs[4 + i];
	}
	p->ttl = ip->hop_limit;
	next = ip->nexthdr;
	if (unlikely(next != IPPROTO_TCP && next != IPPROTO_UDP)) {
		for (int i = 0; i < PKT_EXTENSIONS_MAX; i++) {
			int r = parse_ipv6_extension(c, p, &next);

			if (r < 0)
				return -r;
			if (!r || p->fragment == PKT_FRAGMENT_LATER)
				break;
		}
	}
	p->key.v6.proto = next;
	p->proto = next;
	header = (const void *)c->pos - l3;
	if (header > p->ip_len)
		return SLUICE_R_MALFORMED;
	if (header > PKT_L4_OFF_MAX - ETH_HLEN)
		return SLUICE_R_NOT_OURS;
	p->l4_off = ETH_HLEN + header;
	return SLUICE_R_OK;
}

/*
 * OK: p is complete (look at p->fragment and p->bad). NOT_OURS: neither TCP, UDP nor SCTP over IP,
 * nor a later fragment, whatever of.
 * MALFORMED: IP contradicts itself or the frame, the kernel's stack would drop it too.
 * @p must be zeroed: keys are compared as bytes.
 */
static __always_inline enum sluice_reason parse(struct cur *c, struct pkt *p)
{
	const struct ethhdr *eth = cur_pull(c, struct ethhdr);
	enum sluice_reason why;

	if (!eth)
		return SLUICE_R_NOT_OURS;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		why = parse_ipv4(c, p);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		why = parse_ipv6(c, p);
	else
		why = SLUICE_R_NOT_OURS;
	if (why)
		return why;
	/* From memory, where the verifier knows of none of the many ways through the headers: they
	 * are one again from here on. */
	c->pos = (void *)eth + (*(volatile __u16 *)&p->l4_off & PKT_L4_OFF_MAX);
	return parse_l4(c, p);
}
