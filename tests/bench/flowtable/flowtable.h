/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The contenders of the flow table's ABI question, IPv4 over XDP: the same
 * program over flow keys of 16 bytes (own table per family) or 40 bytes (one
 * table, IPv4 mapped). The including file defines addr, its two conversions
 * and FLOW_PAD. HASH or LRU_HASH and the size are set by the loader.
 */
#pragma once

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define KEEP static __always_inline
#define HZ 250

struct flow_key {
	addr src;
	addr dst;
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 zero[3];
};

struct flow {
	addr src;		/* what the packet gets */
	addr dst;
	__be16 sport;
	__be16 dport;
	__u16 l3_delta;
	__u16 l4_delta;
	__u8 dmac[6];
	__u8 smac[6];
	__u32 ifindex;
	__u32 seen;		/* seconds */
	__u32 slot;
	__u32 slot_gen;
	__u32 hop_gen;
	__u8 state;
	__u8 flags;
	__u16 zero;
#if FLOW_PAD
	__u8 pad[FLOW_PAD];
#endif
};

_Static_assert(sizeof(struct flow_key) == FLOW_KEY_SIZE, "key");
_Static_assert(sizeof(struct flow) == FLOW_SIZE, "value");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 1);
	__uint(value_size, sizeof(struct flow_key));
} tokens SEC(".maps");

/* Set before loading. */
const volatile __u32 uses_tokens;

struct collect_ctl {
	__u32 before;		/* seen earlier than this: dead */
	__u32 now;
	__u32 n;
	__u32 kept;
	__u32 deleted;
	__u32 empty;
	__u64 ns;
};

struct collect_ctl collect_ctl SEC(".data.ctl");

/* Shows a run that did not measure what it says. */
struct stats {
	__u32 insert_failed;
	__u32 missed;
};

struct stats stats SEC(".data.stats");

KEEP __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

KEEP __u16 csum_apply(__u16 old, __u16 delta)
{
	return ~csum_fold((__u16)~old + delta);
}

KEEP __u32 csum_from_to(__be32 from, __be32 to)
{
	return (~from & 0xffff) + (~from >> 16) + (to & 0xffff) + (to >> 16);
}

struct packet {
	struct ethhdr *eth;
	struct iphdr *ip;
	struct tcphdr *tcp;
};

KEEP int packet_parse(struct xdp_md *ctx, struct packet *p, struct flow_key *key)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	p->eth = data;
	p->ip = data + sizeof(*p->eth);
	p->tcp = (void *)p->ip + sizeof(*p->ip);
	if ((void *)(p->tcp + 1) > end)
		return -1;
	if (p->eth->h_proto != bpf_htons(ETH_P_IP) || p->ip->ihl != 5 ||
	    p->ip->frag_off & bpf_htons(0x3fff) || p->ip->ttl < 2 ||
	    p->ip->protocol != IPPROTO_TCP)
		return -1;

	key->src = addr_of(p->ip->saddr);
	key->dst = addr_of(p->ip->daddr);
	key->sport = p->tcp->source;
	key->dport = p->tcp->dest;
	key->proto = p->ip->protocol;
	__builtin_memset(key->zero, 0, sizeof(key->zero));
	return 0;
}

KEEP __u32 now_sec(void)
{
	return bpf_jiffies64() / HZ;
}

KEEP int packet_rewrite(struct packet *p, const struct flow *f)
{
	struct iphdr *ip = p->ip;

	ip->saddr = addr_v4(&f->src);
	ip->daddr = addr_v4(&f->dst);
	p->tcp->source = f->sport;
	p->tcp->dest = f->dport;
	p->tcp->check = csum_apply(p->tcp->check, f->l4_delta);
	/* The TTL's step is part of the sum: 1 in the high byte of its word. */
	ip->ttl--;
	ip->check = ~csum_fold((__u16)~ip->check + f->l3_delta +
			       (__u16)~bpf_htons(0x0100));
	__builtin_memcpy(p->eth->h_dest, f->dmac, ETH_ALEN);
	__builtin_memcpy(p->eth->h_source, f->smac, ETH_ALEN);
	return XDP_TX;
}

/* Stands in for service lookup, choice of backend and port: arithmetic. */
KEEP void flow_plan(const struct flow_key *key, struct flow *f)
{
	__be32 src = addr_v4(&key->src), dst = addr_v4(&key->dst);
	__u32 conn = (bpf_ntohl(src) & 0xffff) << 12 |
		     (bpf_ntohs(key->sport) & 0xfff);
	__be32 to_src = bpf_htonl(0x0a090001);
	__be32 to_dst = bpf_htonl(0xac100000 + (conn >> 15));
	__u32 l3 = csum_from_to(src, to_src) + csum_from_to(dst, to_dst);

	f->src = addr_of(to_src);
	f->dst = addr_of(to_dst);
	f->sport = bpf_htons(0x8000 | (conn & 0x7fff));
	f->dport = bpf_htons(8080);
	f->l3_delta = csum_fold(l3);
	f->l4_delta = csum_fold(l3 + (__u16)~key->sport + f->sport +
				(__u16)~key->dport + f->dport);
	f->dmac[5] = 2;
	f->smac[5] = 1;
	f->ifindex = 2;
	f->seen = now_sec();
	f->state = 1;
}

KEEP void flow_reverse(const struct flow_key *key, const struct flow *f,
		       struct flow_key *rkey, struct flow *r)
{
	rkey->src = f->dst;
	rkey->dst = f->src;
	rkey->sport = f->dport;
	rkey->dport = f->sport;
	rkey->proto = key->proto;
	__builtin_memset(rkey->zero, 0, sizeof(rkey->zero));

	r->src = key->dst;
	r->dst = key->src;
	r->sport = key->dport;
	r->dport = key->sport;
	/* One's complement: the way back is the complement. */
	r->l3_delta = ~f->l3_delta;
	r->l4_delta = ~f->l4_delta;
	r->dmac[5] = 3;
	r->smac[5] = 1;
	r->ifindex = 3;
	r->seen = f->seen;
	r->state = 1;
}

KEEP int flow_new(struct packet *p, const struct flow_key *key)
{
	struct flow f = {}, r = {};
	struct flow_key rkey;

	flow_plan(key, &f);
	flow_reverse(key, &f, &rkey, &r);
	if (bpf_map_update_elem(&flows, &rkey, &r, BPF_NOEXIST) ||
	    bpf_map_update_elem(&flows, key, &f, BPF_NOEXIST) ||
	    (uses_tokens && bpf_map_push_elem(&tokens, key, 0))) {
		stats.insert_failed++;
		return XDP_DROP;
	}
	return packet_rewrite(p, &f);
}

KEEP int flow_hit(struct packet *p, struct flow *f)
{
	__u32 now = now_sec();

	if (f->seen != now)
		f->seen = now;
	return packet_rewrite(p, f);
}

SEC("xdp")
int established(struct xdp_md *ctx)
{
	struct flow_key key;
	struct packet p;
	struct flow *f;

	if (packet_parse(ctx, &p, &key))
		return XDP_PASS;
	f = bpf_map_lookup_elem(&flows, &key);
	if (f)
		return flow_hit(&p, f);
	if (!p.tcp->syn) {
		stats.missed++;
		return XDP_PASS;
	}
	return flow_new(&p, &key);
}

/* One token: the forward key. Two lookups, then kept or both deleted. */
static long collect_one(__u32 i, void *arg)
{
	struct collect_ctl *c = &collect_ctl;
	struct flow_key key, rkey;
	struct flow *f, *r;

	if (bpf_map_pop_elem(&tokens, &key)) {
		c->empty++;
		return 1;
	}
	f = bpf_map_lookup_elem(&flows, &key);
	if (!f)
		return 0;
	rkey = (struct flow_key){
		.src = f->dst, .dst = f->src,
		.sport = f->dport, .dport = f->sport, .proto = key.proto,
	};
	r = bpf_map_lookup_elem(&flows, &rkey);
	if ((__s32)(f->seen - c->before) >= 0 ||
	    (r && (__s32)(r->seen - c->before) >= 0)) {
		c->kept++;
		bpf_map_push_elem(&tokens, &key, 0);
		return 0;
	}
	bpf_map_delete_elem(&flows, &key);
	bpf_map_delete_elem(&flows, &rkey);
	c->deleted++;
	return 0;
}

/* XDP and not syscall: a queue in a sleepable program needs a newer kernel. */
SEC("xdp")
int collect(struct xdp_md *ctx)
{
	__u64 start = bpf_ktime_get_ns();

	bpf_loop(collect_ctl.n, collect_one, NULL, 0);
	collect_ctl.ns = bpf_ktime_get_ns() - start;
	return 0;
}

SEC("syscall")
int collect_syscall(void *ctx)
{
	__u64 start = bpf_ktime_get_ns();

	bpf_loop(collect_ctl.n, collect_one, NULL, 0);
	collect_ctl.ns = bpf_ktime_get_ns() - start;
	return 0;
}

/* The floor: what parsing and sending cost with nothing between. */
SEC("xdp")
int parse_tx(struct xdp_md *ctx)
{
	struct flow_key key;
	struct packet p;

	if (packet_parse(ctx, &p, &key))
		return XDP_PASS;
	return XDP_TX;
}

char _license[] SEC("license") = "Dual BSD/GPL";
