/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/frame.h"

#include <arpa/inet.h>
#include <linux/in6.h>
#include <linux/ip.h>
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

/* Everything is the template's but what the step says: so its checksums are those of a whole. */
struct bench_step frame_step(const struct frame_kind *k,
			     const __u8 headers[BENCH_HEADERS],
			     const struct tuple *t)
{
	struct packet p = packet_of(k, t);
	struct frame f = frame_build(&p);
	__u32 l4 = packet_l4_off(&p);
	struct bench_step s = {
		.src = htonl(t->src),
		.dst = htonl(t->dst),
		.sport = htons(t->sport),
		.dport = htons(t->dport),
	};

	memcpy(&s.ip_csum, f.bytes + FRAME_L3 + offsetof(struct iphdr, check), 2);
	l4 += k->udp ? offsetof(struct udphdr, check) : offsetof(struct tcphdr, check);
	memcpy(&s.l4_csum, f.bytes + l4, 2);
	return s;
}
