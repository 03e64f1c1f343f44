/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Sends and counts small IPv4 packets. The generator runs on live frames, whose memory comes
 * back as the network left it: so it writes every byte, every time. The receivers stand where
 * packets arrive, in XDP, and at tc for what a redirect has put behind XDP.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/e2e/blast.h"

#define FRESH_PORTS 0x8000	/* source ports of an address, from FRESH_PORT on */
#define FRESH_PORT 0x400

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BLAST_FRAMES);
	__type(key, __u32);
	__type(value, struct blast_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct blast_ctl);
} ctl SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct blast_count);
} counts SEC(".maps");

/* Who came, while ctl.verify. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, BLAST_SEEN);
	__type(key, struct blast_tuple);
	__type(value, __u32);
} seen SEC(".maps");

/* The headers of what is sent and expected; neither has options. */
struct headers {
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct udphdr udp;
		struct {
			__be16 source;
			__be16 dest;
		} ports;
	};
} __attribute__((packed));

static __always_inline __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* --- the generator -------------------------------------------------------------- */

/* A SYN from a source that no packet had before, until all 2^31 of them went round. */
static __always_inline void make_fresh(void *data, const struct blast_ctl *c, __u64 n)
{
	struct iphdr *ip = data + ETH_HLEN;
	struct tcphdr *tcp = (void *)(ip + 1);
	__be16 host = bpf_htons(n / FRESH_PORTS);
	__be16 port = bpf_htons(FRESH_PORT + n % FRESH_PORTS);
	__u32 sum = (__u32)c->fresh_net + host;

	ip->saddr = c->fresh_net | (__u32)host << 16;
	tcp->source = port;
	ip->check = csum_fold((__u16)~ip->check + sum);
	tcp->check = csum_fold((__u16)~tcp->check + sum + port);
}

SEC("xdp")
int blast(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct blast_frame *f;
	struct blast_ctl *c;
	__u32 at = 0;
	__u64 n;

	c = bpf_map_lookup_elem(&ctl, &at);
	if (!c || data + BLAST_FRAME > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	n = c->next++;
	at = c->first + (n * c->stride & (c->frames - 1));
	f = bpf_map_lookup_elem(&frames, &at);
	if (!f)
		return XDP_ABORTED;
	__builtin_memcpy(data, f->bytes, BLAST_FRAME);
	if (c->fresh)
		make_fresh(data, c, n);
	return XDP_TX;
}

/* --- the receivers -------------------------------------------------------------- */

/* Whether the @n 16-bit words at @at, plus @sum, are right: a sum over its own checksum. */
static __always_inline bool csum_ok(const __u16 *at, const void *end, int n, __u32 sum)
{
	for (int i = 0; i < (BLAST_FRAME - ETH_HLEN) / 2; i++) {
		if (i >= n)
			break;
		if ((void *)(at + i + 1) > end)
			return false;
		sum += at[i];
	}
	return !csum_fold(sum);
}

static __noinline bool checksums_ok(const struct headers *h, const void *end)
{
	__u32 len = bpf_ntohs(h->ip.tot_len) - sizeof(h->ip);
	__u32 pseudo = (h->ip.saddr & 0xffff) + (h->ip.saddr >> 16) +
		(h->ip.daddr & 0xffff) + (h->ip.daddr >> 16) +
		bpf_htons(h->ip.protocol) + bpf_htons(len);

	if (h->ip.protocol == IPPROTO_UDP && !h->udp.check)
		return false;
	return csum_ok((void *)&h->ip, end, sizeof(h->ip) / 2, 0) &&
	       csum_ok((void *)&h->udp, end, len / 2, pseudo);
}

static __always_inline bool expected(const struct blast_ctl *c, const struct headers *h)
{
	__be32 addr = c->by_source ? h->ip.saddr : h->ip.daddr;
	__be16 port = c->by_source ? h->ports.source : h->ports.dest;

	return h->ip.protocol == c->proto && (addr & c->mask) == c->addr && port == c->port;
}

static __always_inline void remember(const struct headers *h)
{
	struct blast_tuple t = { h->ip.saddr, h->ip.daddr, h->ports.source, h->ports.dest };
	__u32 one = 1;

	bpf_map_update_elem(&seen, &t, &one, BPF_ANY);
}

/* Whether the packet was for us to count: then nobody else is to have it. */
static __always_inline bool receive(const void *data, const void *end)
{
	const struct headers *h = data;
	struct blast_count *n;
	struct blast_ctl *c;
	__u32 zero = 0;

	c = bpf_map_lookup_elem(&ctl, &zero);
	n = bpf_map_lookup_elem(&counts, &zero);
	if (!c || !n || (void *)(h + 1) > end || h->eth.h_proto != bpf_htons(ETH_P_IP))
		return false;
	if (!expected(c, h)) {
		n->other++;
		return false;
	}
	n->good++;
	if (c->verify) {
		if (!checksums_ok(h, end))
			n->broken++;
		remember(h);
	}
	return true;
}

SEC("xdp")
int receive_xdp(struct xdp_md *ctx)
{
	return receive((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int receive_tc(struct __sk_buff *skb)
{
	return receive((void *)(long)skb->data, (void *)(long)skb->data_end) ?
		TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
