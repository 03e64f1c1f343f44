/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/frame.h"

#include <arpa/inet.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>

#include "support/frame.h"

/* The low 32 bits of an IPv6 address are the step's, the rest is the kind's. */
static struct sluice_addr address(const struct frame_kind *k, const __u8 net[12], __u32 low)
{
	struct sluice_addr a = { { 0, 0, htonl(0xffff), htonl(low) } };

	if (k->v6)
		memcpy(&a, net, 12);
	return a;
}

static struct packet packet_of(const struct frame_kind *k, const struct tuple *t)
{
	struct packet p = {
		.v6 = k->v6,
		.proto = k->udp ? IPPROTO_UDP : IPPROTO_TCP,
		.ttl = 64,
		.src = address(k, k->src_net, t->src),
		.dst = address(k, k->dst_net, t->dst),
		.sport = t->sport,
		.dport = t->dport,
	};

	memcpy(p.smac, k->smac, sizeof(p.smac));
	memcpy(p.dmac, k->dmac, sizeof(p.dmac));
	if (!k->udp) {
		p.flags = k->tcp_flags;
		p.ack = k->tcp_flags & FRAME_ACK ? 1 : 0;
		p.window = 1024;
	}
	p.payload = (__u16)(BENCH_FRAME - FRAME_L3 - packet_ip_len(&p));
	return p;
}

void frame_template(const struct frame_kind *k, __u8 headers[BENCH_HEADERS])
{
	struct packet p = packet_of(k, &(struct tuple){ 0 });
	struct frame f = frame_build(&p);

	memcpy(headers, f.bytes, BENCH_HEADERS);
}

__u32 frame_csum_off(const struct frame_kind *k)
{
	struct packet p = packet_of(k, &(struct tuple){ 0 });

	return packet_l4_off(&p) +
	       (k->udp ? offsetof(struct udphdr, check) : offsetof(struct tcphdr, check));
}

/* Everything is the template's but what the step says: so its checksums are those of a whole. */
struct bench_step frame_step(const struct frame_kind *k, const struct tuple *t)
{
	struct packet p = packet_of(k, t);
	struct frame f = frame_build(&p);
	struct bench_step s = {
		.src = htonl(t->src),
		.dst = htonl(t->dst),
		.sport = htons(t->sport),
		.dport = htons(t->dport),
	};

	memcpy(&s.ip_csum, f.bytes + FRAME_L3 + offsetof(struct iphdr, check), 2);
	memcpy(&s.l4_csum, f.bytes + frame_csum_off(k), 2);
	return s;
}

struct tuple frame_tuple(const struct frame_kind *k, const __u8 *bytes)
{
	const __u8 *ip = bytes + FRAME_L3;
	const __u8 *l4 = ip + (k->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	__be32 src, dst;
	__be16 ports[2];

	if (k->v6) {
		memcpy(&src, ip + offsetof(struct ipv6hdr, saddr) + 12, sizeof(src));
		memcpy(&dst, ip + offsetof(struct ipv6hdr, daddr) + 12, sizeof(dst));
	} else {
		memcpy(&src, ip + offsetof(struct iphdr, saddr), sizeof(src));
		memcpy(&dst, ip + offsetof(struct iphdr, daddr), sizeof(dst));
	}
	memcpy(ports, l4, sizeof(ports));
	return (struct tuple){ ntohl(src), ntohl(dst), ntohs(ports[0]), ntohs(ports[1]) };
}
