/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/parse_check.h"

#include <stdlib.h>
#include <string.h>

#define NET_IP_ALIGN 2

/* Later or first is what a header says that is there: IPv4's own, or one of IPv6's. */
static const char *fragment_check(const struct pkt *p, const __u8 *bytes)
{
	__u16 where = load32(bytes + ETH_HLEN + 6) & 0xffff;
	bool later = false, first = false;

	if (!p->v6) {
		later = bpf_ntohs(where) & IPV4_FRAGMENT_OFFSET;
		first = bpf_ntohs(where) & IPV4_MORE_FRAGMENTS && !later;
		if (later || first)
			return p->fragment == (later ? PKT_FRAGMENT_LATER : PKT_FRAGMENT_FIRST) ?
				       NULL : "another part of the datagram";
		return p->fragment ? "whole, and yet a fragment" : NULL;
	}
	if (!p->fragment)
		return NULL;
	/* AH has a length in units of 4. */
	for (__u32 at = ETH_HLEN + 40; at + 8 <= p->l4_off; at += 4) {
		where = bpf_ntohs(load32(bytes + at + 2) & 0xffff);
		later |= where & IPV6_FRAGMENT_OFFSET && load32(bytes + at + 4) == p->fragment_id;
		first |= where & IPV6_MORE_FRAGMENTS;
	}
	if (p->fragment == PKT_FRAGMENT_LATER)
		return later ? NULL : "a later fragment without such a header";
	return first ? NULL : "a first fragment without such a header";
}

/* What must hold of a packet that rewrite and send will work on. */
static const char *facts_check(const struct pkt *p, const __u8 *bytes, __u32 linear,
			       __u32 frame_len)
{
	const void *ports = p->v6 ? (const void *)&p->key.v6.sport : &p->key.v4.sport;
	const char *wrong;

	if (p->ip_len + ETH_HLEN > frame_len)
		return "IP ends behind the frame";
	if (!pkt_has_ports(p) && p->fragment != PKT_FRAGMENT_LATER)
		return "neither TCP, UDP nor SCTP";
	if (p->l4_off > PKT_L4_OFF_MAX)
		return "L4 beyond the verifier's mask";
	if (p->l4_off < ETH_HLEN + (p->v6 ? 40 : 20))
		return "L4 inside the IP header";
	if (p->l4_off > ETH_HLEN + p->ip_len)
		return "L4 behind the end of IP";
	wrong = fragment_check(p, bytes);
	if (wrong || p->fragment == PKT_FRAGMENT_LATER)
		return wrong;
	if (p->l4_off + 8u > linear)
		return "ports behind the linear part";
	if (memcmp(ports, bytes + p->l4_off, 4))
		return "other ports";
	if (p->bad)
		return NULL;
	if (p->l4_off + (p->proto == IPPROTO_TCP ? 20u : p->proto == IPPROTO_SCTP ? 12u : 8u) > linear)
		return "L4 header behind the linear part";
	if (p->l4_off - ETH_HLEN + (__u32)p->l4_len > p->ip_len)
		return "L4 header behind the end of IP";
	return NULL;
}

static bool ends_agree(const struct plain_ends *e, const struct pkt *p)
{
	const union flow_key *k = &p->key;

	if (p->v6)
		return e->src == k->v6.src[3] && e->dst == k->v6.dst[3] &&
		       e->sport == k->v6.sport && e->dport == k->v6.dport;
	return e->src == k->v4.src && e->dst == k->v4.dst && e->sport == k->v4.sport &&
	       e->dport == k->v4.dport;
}

/* Whoever takes a packet for plain must see in it what parse() sees. */
static const char *plain_check(struct cur c, const struct pkt *p, enum sluice_reason why)
{
	const struct ethhdr *eth = cur_pull(&c, struct ethhdr);
	const void *ip = c.pos;
	struct plain_key4 k4;
	struct plain_key6 k6;
	struct pkt q = { 0 };
	struct plain_ends e;

	if (eth && eth->h_proto == bpf_htons(ETH_P_IP) && plain_ipv4(&c, &q)) {
		plain_rest4(ip, &q, &k4);
		memcpy(&q.key, &k4, sizeof(k4));
		e = plain_ends4(ip);
	} else if (eth && eth->h_proto == bpf_htons(ETH_P_IPV6) && plain_ipv6(&c, &q)) {
		plain_rest6(ip, &q, &k6);
		memcpy(&q.key, &k6, sizeof(k6));
		e = plain_ends6(ip);
	} else {
		return NULL;
	}
	if (why != SLUICE_R_OK)
		return "plain, and yet parse refuses it";
	q.splits = p->splits;	/* the front does not ask */
	/* Of no meaning in a whole packet. */
	q.fragment_where = p->fragment_where;
	q.fragment_id = p->fragment_id;
	if (memcmp(&q, p, sizeof(q)))
		return "plain, and yet parse sees something else";
	return ends_agree(&e, p) ? NULL : "plain, and yet of other ends";
}

const char *parse_check(const void *bytes, __u32 linear, __u32 frame_len, struct pkt *ret_pkt,
			enum sluice_reason *ret_why)
{
	/* The kernel puts IP at a multiple of 4, too. */
	__u8 *block = malloc(linear + NET_IP_ALIGN), *copy = block + NET_IP_ALIGN;
	struct cur c = { .pos = copy, .end = copy + linear, .frame_len = frame_len };
	const char *wrong = NULL;

	if (!block)
		abort();
	memcpy(copy, bytes, linear);
	memset(ret_pkt, 0, sizeof(*ret_pkt));
	*ret_why = parse(&c, ret_pkt);
	if (*ret_why == SLUICE_R_OK)
		wrong = facts_check(ret_pkt, copy, linear, frame_len);
	else if (*ret_why != SLUICE_R_NOT_OURS && *ret_why != SLUICE_R_TRUNCATED &&
		 *ret_why != SLUICE_R_MALFORMED)
		wrong = "a reason that is not parse's";
	if (!wrong)
		wrong = plain_check((struct cur){ copy, copy + linear, frame_len }, ret_pkt, *ret_why);
	if (memcmp(copy, bytes, linear))
		wrong = "parse wrote";
	free(block);
	return wrong;
}
