/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Saying no: TCP RST, ICMP port unreachable, "too big" and "time exceeded". The answer is built
 * on the stack from the packet's own headers, in the name of the address that was dialled, and
 * replaces it. "Time exceeded" is in the node's own name, as a router's: traceroute asks for it.
 *
 *	RST      RFC 9293 section 3.10.7.1
 *	ICMP     RFC 792: the IP header and 8 bytes are quoted; RFC 1191 for the MTU
 *	ICMPv6   RFC 4443: "as much as possible"; we quote the same 8 bytes of L4, which is what
 *	         a socket needs to be found
 */
#pragma once

#include "bpf/flow.h"

/* Two bytes in front, so that what follows Ethernet's 14 is aligned on the stack. */
struct answer4 {
	__u8 pad[2];
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct {
			struct icmphdr icmp;
			__u8 quote[28];		/* IP header without options, 8 bytes of L4 */
		};
	};
};

struct answer6 {
	__u8 pad[2];
	struct ethhdr eth;
	struct ipv6hdr ip;
	union {
		struct tcphdr tcp;
		struct {
			struct icmp6hdr icmp;
			__u8 quote[48];
		};
	};
};

struct answer_pseudo6 {
	struct in6_addr src;
	struct in6_addr dst;
	__be32 len;
	__be32 next;
};

/*
 * True if this second's answers of the kind are not used up yet; takes one. Who pings must not
 * silence what connections need to hear.
 */
static __always_inline bool answer_allowed(enum sluice_reason why)
{
	const struct sluice_settings *cfg = settings_get();
	__u32 zero = 0, second = now_jiffies() / (sluice_hz ?: 1);
	struct answers *a = bpf_map_lookup_elem(&sluice_answers, &zero);

	if (!a || !cfg)
		return false;
	if (a->second != second) {
		a->second = second;
		a->given = 0;
		a->echoes = 0;
	}
	if (why == SLUICE_R_ECHO)
		return a->echoes++ < cfg->reject_per_sec;
	return a->given++ < cfg->reject_per_sec;
}

static __always_inline void answer_eth(struct ethhdr *to, const struct ethhdr *from)
{
	__builtin_memcpy(to->h_dest, from->h_source, 6);
	__builtin_memcpy(to->h_source, from->h_dest, 6);
	to->h_proto = from->h_proto;
}

static __always_inline __sum16 answer_fold(__s64 sum)
{
	__u32 s = sum;

	return (__sum16)~csum_fold(s);
}

/* RST to what @in says; @payload: bytes behind the TCP header. */
static __always_inline void answer_rst(struct tcphdr *out, const struct tcphdr *in, __u32 payload)
{
	__builtin_memset(out, 0, sizeof(*out));
	out->source = in->dest;
	out->dest = in->source;
	out->doff = sizeof(*out) / 4;
	out->rst = 1;
	if (in->ack) {
		out->seq = in->ack_seq;
	} else {
		out->ack = 1;
		out->ack_seq = bpf_htonl(bpf_ntohl(in->seq) + in->syn + in->fin + payload);
	}
}

/* TCP hears RST where there is nobody to talk to; of troubles on the way it hears by ICMP. */
static __always_inline bool answer_is_rst(const struct pkt *p, __u32 why)
{
	return p->proto == IPPROTO_TCP && why != SLUICE_R_TOO_BIG && why != SLUICE_R_TTL;
}

/* Our address in the eyes of who hears "time exceeded" by the device @ifindex; zero: none. */
static __always_inline const struct sluice_addr *answer_router(__u32 ifindex, bool v6)
{
	const struct sluice_device *dev = device_find(ifindex);
	const struct sluice_settings *cfg = settings_get();

	if (dev && !v6 && dev->addr4.ip6[3])
		return &dev->addr4;
	if (dev && v6 && (dev->addr6.ip6[0] | dev->addr6.ip6[3]))
		return &dev->addr6;
	return !cfg ? NULL : v6 ? &cfg->node6 : &cfg->node4;
}

/* Global functions: rare and large, proved once each. */
__noinline int sluice_answer4(hook_ctx *ctx, struct walk *w, const struct pkt *p, __u32 why)
{
	struct answer4 a;
	struct {
		__u8 pad[2];
		struct ethhdr eth;
		struct iphdr ip;
	} in;
	struct tcphdr tcp;
	__u32 len;
	__s64 sum;

	if (!w || !p)	/* never; the verifier wants to see it */
		return SLUICE_R_NOT_SENT;
	if (hook_load(ctx, 0, &in.eth, sizeof(in.eth) + sizeof(in.ip)))
		return SLUICE_R_NOT_SENT;
	__builtin_memset(&a, 0, sizeof(a));
	answer_eth(&a.eth, &in.eth);
	a.ip.version = 4;
	a.ip.ihl = 5;
	a.ip.ttl = 64;
	a.ip.saddr = in.ip.daddr;
	a.ip.daddr = in.ip.saddr;
	if (answer_is_rst(p, why)) {
		if (hook_load(ctx, p->l4_off, &tcp, sizeof(tcp)))
			return SLUICE_R_NOT_SENT;
		answer_rst(&a.tcp, &tcp, p->ip_len + ETH_HLEN - p->l4_off - p->l4_len);
		a.ip.protocol = IPPROTO_TCP;
		len = sizeof(a.ip) + sizeof(a.tcp);
		sum = bpf_csum_diff(NULL, 0, (__be32 *)&a.ip.saddr, 8,
				    bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(a.tcp)));
		sum = bpf_csum_diff(NULL, 0, (__be32 *)&a.tcp, sizeof(a.tcp), sum);
		a.tcp.check = answer_fold(sum);
	} else {
		/* Quoted without options: its length fields then say what follows. */
		in.ip.ihl = 5;
		__builtin_memcpy(a.quote, &in.ip, sizeof(in.ip));
		if (hook_load(ctx, p->l4_off, a.quote + sizeof(in.ip), 8))
			return SLUICE_R_NOT_SENT;
		a.icmp.type = why == SLUICE_R_TTL ? 11 : 3;
		a.icmp.code = why == SLUICE_R_TTL ? 0 : why == SLUICE_R_TOO_BIG ? 4 : 3;
		a.icmp.un.frag.mtu = why == SLUICE_R_TOO_BIG ? bpf_htons(w->mtu) : 0;
		a.ip.protocol = IPPROTO_ICMP;
		len = sizeof(a.ip) + sizeof(a.icmp) + sizeof(a.quote);
		sum = bpf_csum_diff(NULL, 0, (__be32 *)&a.icmp,
				    sizeof(a.icmp) + sizeof(a.quote), 0);
		a.icmp.checksum = answer_fold(sum);
	}
	if (why == SLUICE_R_TTL) {
		const struct sluice_addr *own = answer_router(w->ifindex, false);

		if (own && own->ip6[3])
			a.ip.saddr = own->ip6[3];
	}
	a.ip.tot_len = bpf_htons(len);
	a.ip.check = answer_fold(bpf_csum_diff(NULL, 0, (__be32 *)&a.ip, sizeof(a.ip), 0));
	return hook_answer(ctx, w, &a.eth, sizeof(a.eth) + len);
}

__noinline int sluice_answer6(hook_ctx *ctx, struct walk *w, const struct pkt *p, __u32 why)
{
	struct answer6 a;
	struct answer_pseudo6 pseudo = {};
	struct tcphdr tcp;
	__u32 len;
	__s64 sum;

	if (!w || !p)
		return SLUICE_R_NOT_SENT;
	__builtin_memset(&a, 0, sizeof(a));
	if (hook_load(ctx, 0, &a.eth, sizeof(a.eth) + sizeof(a.ip)))
		return SLUICE_R_NOT_SENT;
	if (answer_is_rst(p, why)) {
		if (hook_load(ctx, p->l4_off, &tcp, sizeof(tcp)))
			return SLUICE_R_NOT_SENT;
		answer_rst(&a.tcp, &tcp, p->ip_len + ETH_HLEN - p->l4_off - p->l4_len);
		len = sizeof(a.tcp);
		a.ip.nexthdr = IPPROTO_TCP;
	} else {
		__builtin_memcpy(a.quote, &a.ip, sizeof(a.ip));
		if (hook_load(ctx, p->l4_off, a.quote + sizeof(a.ip), 8))
			return SLUICE_R_NOT_SENT;
		/* The quote has no extension headers, so it must not announce any. */
		((struct ipv6hdr *)a.quote)->nexthdr = p->proto;
		a.icmp.icmp6_type = why == SLUICE_R_TTL ? 3 : why == SLUICE_R_TOO_BIG ? 2 : 1;
		a.icmp.icmp6_code = why == SLUICE_R_TTL || why == SLUICE_R_TOO_BIG ? 0 : 4;
		a.icmp.icmp6_cksum = 0;
		a.icmp.icmp6_data = why == SLUICE_R_TOO_BIG ? bpf_htonl(w->mtu) : 0;
		len = sizeof(a.icmp) + sizeof(a.quote);
		a.ip.nexthdr = IPPROTO_ICMPV6;
	}
	pseudo.src = a.ip.daddr;
	pseudo.dst = a.ip.saddr;
	if (why == SLUICE_R_TTL) {
		const struct sluice_addr *own = answer_router(w->ifindex, true);

		if (own && (own->ip6[0] | own->ip6[3]))
			__builtin_memcpy(&pseudo.src, own->ip6, sizeof(pseudo.src));
	}
	pseudo.len = bpf_htonl(len);
	pseudo.next = bpf_htonl(a.ip.nexthdr);
	a.ip.priority = 0;	/* the client's class and label are its own */
	__builtin_memset(a.ip.flow_lbl, 0, sizeof(a.ip.flow_lbl));
	a.ip.saddr = pseudo.src;
	a.ip.daddr = pseudo.dst;
	a.ip.payload_len = bpf_htons(len);
	a.ip.hop_limit = 64;
	sum = bpf_csum_diff(NULL, 0, (__be32 *)&pseudo, sizeof(pseudo), 0);
	if (len == sizeof(a.tcp)) {
		sum = bpf_csum_diff(NULL, 0, (__be32 *)&a.tcp, sizeof(a.tcp), sum);
		a.tcp.check = answer_fold(sum);
	} else {
		sum = bpf_csum_diff(NULL, 0, (__be32 *)&a.icmp,
				    sizeof(a.icmp) + sizeof(a.quote), sum);
		a.icmp.icmp6_cksum = answer_fold(sum);
	}
	__u8 dmac[6];

	__builtin_memcpy(dmac, a.eth.h_dest, 6);
	__builtin_memcpy(a.eth.h_dest, a.eth.h_source, 6);
	__builtin_memcpy(a.eth.h_source, dmac, 6);
	return hook_answer(ctx, w, &a.eth, sizeof(a.eth) + sizeof(a.ip) + len);
}

/* OK: answered, w->action is set. Else why not. Asked answer_allowed() first. */
static __always_inline enum sluice_reason answer(hook_ctx *ctx, struct walk *w,
						 const struct pkt *p, enum sluice_reason why)
{
	return p->v6 ? sluice_answer6(ctx, w, p, why) : sluice_answer4(ctx, w, p, why);
}
