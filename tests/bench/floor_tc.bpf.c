/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The floors over tc; see floor.h. Floor A changes checksums by the kernel's helpers, as a
 * program must that meets CHECKSUM_PARTIAL and CHECKSUM_COMPLETE; "plain" stores them, which is
 * wrong for most real packets and shows what the helpers cost.
 */
#include "bench/floor_choose.h"

#define BEGIN(ctx) ((void *)(long)(ctx)->data)
#define END(ctx) ((void *)(long)(ctx)->data_end)
#define TC_ACT_UNSPEC -1

SEC("tc")
int floor_null(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

KEEP int parse(struct __sk_buff *skb, bool v6)
{
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k)) {
		floor_astray++;
		return -1;
	}
	/* Otherwise clang would not make the key, for want of a reader. */
	asm volatile("" : : "r"(&k) : "memory");
	return 0;
}

SEC("tc")
int floor_parsed(struct __sk_buff *skb)
{
	return (floor_is_v6(BEGIN(skb), END(skb)) ? parse(skb, true) : parse(skb, false))
		       ? TC_ACT_SHOT
		       : TC_ACT_UNSPEC;
}

SEC("tc")
int floor_0(struct __sk_buff *skb)
{
	return (floor_is_v6(BEGIN(skb), END(skb)) ? parse(skb, true) : parse(skb, false))
		       ? TC_ACT_SHOT
		       : bpf_redirect(skb->ifindex, 0);
}

KEEP int hit_plain(struct __sk_buff *skb, bool v6)
{
	union floor_key k;
	struct floor_packet p;
	union floor_value *f;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k))
		return TC_ACT_UNSPEC;
	f = floor_find(&k, v6);
	if (!f) {
		floor_astray++;
		return TC_ACT_UNSPEC;
	}
	floor_rewrite(&p, f, v6);
	return bpf_redirect(f->f.ifindex, 0);
}

SEC("tc")
int floor_a_plain(struct __sk_buff *skb)
{
	return floor_is_v6(BEGIN(skb), END(skb)) ? hit_plain(skb, true) : hit_plain(skb, false);
}

KEEP long fix_l4(struct __sk_buff *skb, __u32 off, __u64 flags, const struct sluice_flow *f)
{
	__u16 ports = floor_fold((__u32)f->l4_delta + (__u16)~f->addr_delta);

	if (bpf_l4_csum_replace(skb, off, 0, f->addr_delta, flags | BPF_F_PSEUDO_HDR))
		return -1;
	if (ports && ports != 0xffff)
		return bpf_l4_csum_replace(skb, off, 0, ports, flags);
	return 0;
}

KEEP long write_ip6(struct __sk_buff *skb, const struct floor_packet *p, const union floor_value *f)
{
	struct {
		__u8 pad[3];
		__u8 hop_limit;
		__be32 addrs[8];
	} new;

	new.hop_limit = p->ip6->hop_limit - 1;
	__builtin_memcpy(&new.addrs[0], f->v6.src, sizeof(f->v6.src));
	__builtin_memcpy(&new.addrs[4], f->v6.dst, sizeof(f->v6.dst));
	return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, hop_limit),
				   &new.hop_limit, 33, BPF_F_RECOMPUTE_CSUM);
}

/* The complete rewrite, by the kernel's helpers. */
KEEP int deliver(struct __sk_buff *skb, struct floor_packet *p, const union floor_value *f, bool v6)
{
	__u64 flags;
	__u32 off;

	floor_write_macs(p, &f->f);
	p->ports[0] = f->f.sport;
	p->ports[1] = f->f.dport;
	off = ETH_HLEN + (v6 ? sizeof(*p->ip6) : sizeof(*p->ip4));
	if ((v6 ? p->ip6->nexthdr : p->ip4->protocol) == IPPROTO_TCP) {
		off += offsetof(struct tcphdr, check);
		flags = 0;
	} else {
		off += offsetof(struct udphdr, check);
		flags = BPF_F_MARK_MANGLED_0;
	}
	if (!v6)
		floor_write_ip4(p, &f->v4);
	else if (write_ip6(skb, p, f))
		return TC_ACT_UNSPEC;
	if (fix_l4(skb, off, flags, &f->f)) {
		floor_astray++;
		return TC_ACT_UNSPEC;
	}
	return bpf_redirect(f->f.ifindex, 0);
}

KEEP int hit(struct __sk_buff *skb, bool v6)
{
	union floor_key k;
	struct floor_packet p;
	union floor_value *f;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k))
		return TC_ACT_UNSPEC;
	f = floor_find(&k, v6);
	if (!f) {
		floor_astray++;
		return TC_ACT_UNSPEC;
	}
	return deliver(skb, &p, f, v6);
}

SEC("tc")
int floor_a(struct __sk_buff *skb)
{
	return floor_is_v6(BEGIN(skb), END(skb)) ? hit(skb, true) : hit(skb, false);
}

KEEP int miss(struct __sk_buff *skb, bool v6)
{
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k))
		return TC_ACT_UNSPEC;
	if (floor_find(&k, v6)) {
		floor_astray++;
		return bpf_redirect(skb->ifindex, 0);
	}
	return TC_ACT_UNSPEC;
}

SEC("tc")
int floor_b(struct __sk_buff *skb)
{
	return floor_is_v6(BEGIN(skb), END(skb)) ? miss(skb, true) : miss(skb, false);
}

KEEP int open(struct __sk_buff *skb, bool v6)
{
	union floor_value f = {};
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k))
		return TC_ACT_UNSPEC;
	if (floor_find(&k, v6) || floor_open(&k, &f, v6)) {
		floor_astray++;
		return TC_ACT_UNSPEC;
	}
	floor_rewrite(&p, &f, v6);
	return bpf_redirect(skb->ifindex, 0);
}

SEC("tc")
int floor_c(struct __sk_buff *skb)
{
	return floor_is_v6(BEGIN(skb), END(skb)) ? open(skb, true) : open(skb, false);
}

KEEP int choose(struct __sk_buff *skb, bool v6)
{
	union floor_value f = {};
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(skb), END(skb), v6, &p, &k) || floor_choose(&k, &f, v6))
		return TC_ACT_UNSPEC;
	return deliver(skb, &p, &f, v6);
}

SEC("tc")
int floor_d(struct __sk_buff *skb)
{
	return floor_is_v6(BEGIN(skb), END(skb)) ? choose(skb, true) : choose(skb, false);
}

char _license[] SEC("license") = "Dual BSD/GPL";
