/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* From a shot to its frame. */
#include <linux/in.h>
#include <linux/in6.h>
#include <string.h>

#include "model/case.h"

#define EXTENSION_MAX 88

/* IPv4: a NOP each byte. IPv6: hop-by-hop and destination options, padded. */
static void packet_extend(struct packet *p, const struct shot *s)
{
	static const __u8 nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
				       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	static __u8 chain[EXTENSION_MAX];
	enum ext ext = s->ext;
	__u16 flags = s->fragment ?: 0x2000;
	bool part = ext == EXT_FRAGMENT || ext == EXT_FRAGMENT_OPTIONS;
	bool fragment = ext == EXT_ATOMIC || part;
	static const __u16 lens[2][EXT_COUNT] = { { 0, 8, 40, 4, 20, 4, 4 },
						  { 0, 8, 24, 8, 64, 8, 16 } };

	p->ext_len = lens[p->v6][ext];
	p->ext = p->v6 ? chain : nops;
	if (!p->v6 || !p->ext_len)
		return;
	memset(chain, 0, sizeof(chain));
	p->ext_first = fragment ? IPPROTO_FRAGMENT : IPPROTO_DSTOPTS;
	for (__u32 i = 0; i < p->ext_len; i += 8) {
		chain[i] = i + 8 == p->ext_len ? p->proto : IPPROTO_DSTOPTS;
		if (!fragment || i) {
			chain[i + 2] = 1;		/* PadN */
			chain[i + 3] = 4;
		}
	}
	if (!fragment)
		return;
	if (part) {	/* RFC 8200 section 4.5 */
		chain[2] = (__u8)(flags >> 5);
		chain[3] = (__u8)(flags << 3 | (flags >> 13 & 1));
	}
	chain[6] = (__u8)(s->id >> 8);
	chain[7] = (__u8)s->id;
}

static __u32 ack_number(enum ack_number which, const struct conn *c)
{
	__u32 isn = c ? c->isn : 0;

	switch (which) {
	case ACK_EDGE:
		return isn + 16384;
	case ACK_BEYOND:
		return isn + 16385;
	case ACK_ZERO:
		return 0;
	default:
		return isn + 1;
	}
}

static struct tuple shot_tuple(const struct shot *s, const struct conn *c)
{
	/* What an error quotes was translated already; its reader must know it untranslated. */
	bool after = s->error && s->translated;

	if (!c)
		return s->direction == ASK ? s->ask : tuple_swap(&s->ask);
	return after ? conn_after(c, s->direction) : conn_before(c, s->direction);
}

struct packet shot_packet(const struct shot *s, const struct conn *c)
{
	struct tuple t = shot_tuple(s, c);
	struct packet p = {
		.v6 = t.v6, .proto = t.proto, .ttl = s->ttl, .tos = 0x28, .ip_id = s->id,
		.fragment = s->fragment ?: 0x4000, .src = t.src, .dst = t.dst, .sport = t.sport,
		.dport = t.dport, .payload = s->payload, .fill = 0x21,
		.padding = s->error ? 0 : s->padding, .udp_no_csum = s->no_csum,
		.sctp_no_csum = s->no_csum,
	};

	memcpy(p.smac, s->smac, 6);
	memcpy(p.dmac, s->dmac, 6);
	if (s->echo)
		p.proto = t.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	if (s->ext)
		packet_extend(&p, s);
	if (p.proto != IPPROTO_TCP)
		return p;
	p.flags = s->flags;
	p.seq = s->seq;
	p.ack = s->flags & ACK ? ack_number(s->ack, c) : 0;
	p.window = 1024;
	p.tcp_nops = s->nops;
	return p;
}

static struct frame error_frame(const struct shot *s, const struct packet *about)
{
	struct packet outer = { .v6 = about->v6, .ttl = s->ttl, .tos = 0x28, .ip_id = 0x4321,
				.src = s->router, .dst = about->src, .padding = s->padding };
	__u32 all = packet_ip_len(about);

	memcpy(outer.smac, s->smac, 6);
	memcpy(outer.dmac, s->dmac, 6);
	return frame_icmp_error(&outer, &s->icmp, about, s->quoted < all ? s->quoted : 0);
}

struct frame shot_frame(const struct shot *s, const struct conn *c)
{
	struct packet p = shot_packet(s, c);
	struct frame f = s->error ? error_frame(s, &p) :
			 s->echo ? frame_echo(&p, s->direction == REPLY) : frame_build(&p);

	for (unsigned i = 0; i < SHOT_POKES; i++)
		if (s->poke[i].off && s->poke[i].off + s->poke[i].len <= f.len)
			frame_poke(&f, s->poke[i].off, s->poke[i].bytes, s->poke[i].len);
	/* The kernel runs no frame without anything behind Ethernet. */
	f.len -= s->cut < f.len - FRAME_L3 - 1 ? s->cut : f.len - FRAME_L3 - 1;
	return f;
}
