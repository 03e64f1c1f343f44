/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/talk.h"

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include <criterion/criterion.h>

static struct packet talk(const struct dp *dp, struct end from, struct end to)
{
	struct packet p = {
		.v6 = dp->v6,
		.proto = dp->proto,
		.ttl = 64,
		.tos = 0x28,
		.ip_id = 0x1234,
		.fragment = 0x4000,	/* DF */
		.src = from.host->ip[dp->v6],
		.dst = to.host->ip[dp->v6],
		.sport = from.port,
		.dport = to.port,
		.fill = 0x21,
	};

	if (dp->proto == IPPROTO_TCP)
		p.window = 1024;
	memcpy(p.smac, from.host->mac, sizeof(p.smac));
	memcpy(p.dmac, scene_mac(from.host->dev), sizeof(p.dmac));
	return p;
}

struct packet talk_open(const struct dp *dp, struct end from, struct end to)
{
	struct packet p = talk(dp, from, to);

	if (dp->proto != IPPROTO_TCP) {
		p.payload = 21;
		return p;
	}
	p.flags = SYN;
	p.tcp_nops = 4;
	p.seq = SEQ_CLIENT;
	return p;
}

struct packet talk_answer(const struct dp *dp, struct end from, struct end to)
{
	struct packet p = talk_open(dp, from, to);

	if (dp->proto == IPPROTO_TCP) {
		p.flags = SYN | ACK;
		p.seq = SEQ_SERVER;
		p.ack = SEQ_CLIENT + 1;
	}
	return p;
}

struct packet talk_ack(const struct dp *dp, struct end from, struct end to)
{
	struct packet p = talk(dp, from, to);

	if (dp->proto != IPPROTO_TCP) {
		p.payload = 35;
		return p;
	}
	p.flags = ACK;
	p.seq = SEQ_CLIENT + 1;
	p.ack = SEQ_SERVER + 1;
	return p;
}

struct packet talk_data(const struct dp *dp, struct end from, struct end to, __u8 flags)
{
	struct packet p = talk(dp, from, to);

	p.payload = 101;
	if (dp->proto != IPPROTO_TCP)
		return p;
	p.flags = (__u8)(ACK | flags);
	p.seq = SEQ_CLIENT + 77;
	p.ack = SEQ_SERVER + 99;
	return p;
}

struct packet talk_between(struct packet p, struct end from, struct end to)
{
	p.src = from.host->ip[p.v6];
	p.dst = to.host->ip[p.v6];
	p.sport = from.port;
	p.dport = to.port;
	return p;
}

struct packet talk_routed(struct packet p, const struct host *to)
{
	p.ttl--;
	return talk_leaving(p, to);
}

struct packet talk_leaving(struct packet p, const struct host *to)
{
	memcpy(p.smac, scene_mac(to->dev), sizeof(p.smac));
	memcpy(p.dmac, to->mac, sizeof(p.dmac));
	return p;
}

struct packet talk_rst(const struct packet *p)
{
	struct packet r = { .v6 = p->v6, .proto = p->proto, .ttl = 64, .src = p->dst,
			    .dst = p->src, .sport = p->dport, .dport = p->sport };

	memcpy(r.smac, p->dmac, sizeof(r.smac));
	memcpy(r.dmac, p->smac, sizeof(r.dmac));
	if (p->flags & ACK) {
		r.flags = RST;
		r.seq = p->ack;
	} else {
		r.flags = RST | ACK;
		r.ack = p->seq + !!(p->flags & SYN) + !!(p->flags & FIN) + p->payload;
	}
	return r;
}

static __u32 l4_off(const struct dp *dp)
{
	return packet_l4_off(&(struct packet){ .v6 = dp->v6 });
}

__u16 frame_sport(const struct dp *dp, const struct frame *f)
{
	return frame_u16(f, l4_off(dp));
}

__u16 frame_dport(const struct dp *dp, const struct frame *f)
{
	return frame_u16(f, l4_off(dp) + 2);
}

void talk_start(struct dp *dp, struct talk *t)
{
	struct packet in = talk_open(dp, t->client, t->dialled);
	struct frame out = dp_wire(dp, frame_build(&in), SENT_BACK);

	t->masked.port = frame_sport(dp, &out);
}

void talk_establish(struct dp *dp, struct talk *t)
{
	struct packet p;

	talk_start(dp, t);
	p = talk_answer(dp, t->backend, t->masked);
	dp_wire(dp, frame_build(&p), SENT_BACK);
	p = talk_ack(dp, t->client, t->dialled);
	dp_wire(dp, frame_build(&p), SENT_BACK);
}

bool talk_try(struct dp *dp, struct talk *t)
{
	const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
	struct packet p = talk_open(dp, t->client, t->dialled);
	struct frame f = frame_build(&p);
	__u32 action;

	cr_assert_eq(dp_try(dp, &at, &f, &action), 0);
	if (action == (dp->hook == HOOK_XDP ? XDP_DROP : TC_ACT_SHOT))
		return false;
	t->masked.port = frame_sport(dp, &f);
	p = talk_answer(dp, t->backend, t->masked);
	dp_wire(dp, frame_build(&p), SENT_BACK);
	p = talk_ack(dp, t->client, t->dialled);
	dp_wire(dp, frame_build(&p), SENT_BACK);
	return true;
}
