/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Frames taken apart and put together again, a byte at a time. */
#include "model/wire.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <string.h>

#define ETH 14

bool tuple_same(const struct tuple *a, const struct tuple *b)
{
	size_t off = a->v6 ? 0 : 12, len = sizeof(a->src) - off;

	return a->v6 == b->v6 && a->proto == b->proto && a->sport == b->sport &&
	       a->dport == b->dport &&
	       !memcmp((const __u8 *)&a->src + off, (const __u8 *)&b->src + off, len) &&
	       !memcmp((const __u8 *)&a->dst + off, (const __u8 *)&b->dst + off, len);
}

struct tuple tuple_swap(const struct tuple *t)
{
	return (struct tuple){ .v6 = t->v6, .proto = t->proto, .src = t->dst, .dst = t->src,
			       .sport = t->dport, .dport = t->sport };
}

/* ---- reading ------------------------------------------------------------------------ */

static __u16 get16(const struct frame *f, __u32 off)
{
	return (__u16)(f->bytes[off] << 8 | f->bytes[off + 1]);
}

static __u32 get32(const struct frame *f, __u32 off)
{
	return (__u32)get16(f, off) << 16 | get16(f, off + 2);
}

static void put16(struct frame *f, __u32 off, __u32 v)
{
	f->bytes[off] = (__u8)(v >> 8);
	f->bytes[off + 1] = (__u8)v;
}

/* The address at @off; IPv4 as ::ffff:a.b.c.d. */
static struct sluice_addr get_addr(const struct frame *f, __u32 off, bool v6)
{
	struct sluice_addr a = { { 0, 0, __builtin_bswap32(0xffff), 0 } };

	if (v6)
		memcpy(&a, f->bytes + off, 16);
	else
		memcpy(&a.ip6[3], f->bytes + off, 4);
	return a;
}

static void put_addr(struct frame *f, __u32 off, const struct sluice_addr *a, bool v6)
{
	if (v6)
		memcpy(f->bytes + off, a, 16);
	else
		memcpy(f->bytes + off, &a->ip6[3], 4);
}

static __u32 src_off(bool v6)
{
	return v6 ? 8 : 12;
}

static __u32 dst_off(bool v6)
{
	return v6 ? 24 : 16;
}

static struct wire read_tcp(const struct frame *f, struct wire w, __u32 l4_bytes)
{
	if (l4_bytes < 20 || w.l4 + 20 > f->len) {
		w.bad = SLUICE_R_TRUNCATED;
		return w;
	}
	w.seq = get32(f, w.l4 + 4);
	w.ack = get32(f, w.l4 + 8);
	w.l4_header = (f->bytes[w.l4 + 12] >> 4) * 4;
	w.flags = f->bytes[w.l4 + 13];
	if (w.l4_header < 20 || w.l4_header > l4_bytes)
		w.bad = SLUICE_R_MALFORMED;
	return w;
}

/* RFC 768 allows bytes behind the datagram, not fewer than it says. */
static struct wire read_udp(const struct frame *f, struct wire w, __u32 l4_bytes)
{
	__u16 len = get16(f, w.l4 + 4);

	w.l4_header = 8;
	if (l4_bytes < 8)
		w.bad = SLUICE_R_TRUNCATED;
	else if (len < 8 || (len > l4_bytes && !w.fragment))
		w.bad = SLUICE_R_MALFORMED;
	return w;
}

bool wire_has_ports(__u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

static struct wire read_l4(const struct frame *f, struct wire w, bool later)
{
	__u32 l4_bytes = w.ip_len - (w.l4 - ETH);
	bool icmp = w.t.proto == (w.t.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

	w.kind = WIRE_NO_PORTS;
	w.reached = true;
	if (later) {
		w.kind = WIRE_FRAGMENT;
		return w;
	}
	if (icmp) {
		w.kind = WIRE_ICMP;
		return w;
	}
	if (!wire_has_ports(w.t.proto))
		return w;
	w.reached = w.l4 + 8 <= f->len;
	w.cut = !w.reached;
	if (w.cut)
		return w;
	w.kind = WIRE_PORTS;
	w.t.sport = get16(f, w.l4);
	w.t.dport = get16(f, w.l4 + 2);
	switch (w.t.proto) {
	case IPPROTO_TCP:
		return read_tcp(f, w, l4_bytes);
	case IPPROTO_UDP:
		return read_udp(f, w, l4_bytes);
	}
	w.l4_header = 12;
	if (l4_bytes < 12 || w.l4 + 12 > f->len)
		w.bad = SLUICE_R_TRUNCATED;
	return w;
}

static struct wire read_ipv4(const struct frame *f)
{
	struct wire w = { .kind = WIRE_OTHER };
	__u32 header;

	if (f->len < ETH + 20)
		return w;
	w.kind = WIRE_BROKEN;
	header = (f->bytes[ETH] & 15) * 4;
	if (f->bytes[ETH] >> 4 != 4 || header < 20)
		return w;
	w.ip_len = get16(f, ETH + 2);
	if (w.ip_len < header || w.ip_len > f->len - ETH)
		return w;
	w.t.src = get_addr(f, ETH + src_off(false), false);
	w.t.dst = get_addr(f, ETH + dst_off(false), false);
	w.t.proto = f->bytes[ETH + 9];
	w.ttl = f->bytes[ETH + 8];
	w.l4 = ETH + header;
	w.id = get16(f, ETH + 4);
	w.fragment = get16(f, ETH + 6) & 0x3fff;
	w.splits = !(get16(f, ETH + 6) & 0x4000);
	return read_l4(f, w, get16(f, ETH + 6) & 0x1fff);
}

/* RFC 8200 section 4: what may stand before the payload. */
static bool is_extension(__u8 next)
{
	return next == 0 || next == 43 || next == 44 || next == 51 || next == 60;
}

static __u32 extension_len(const __u8 *ext, __u8 type)
{
	if (type == 44)
		return 8;
	return type == 51 ? (ext[1] + 2u) * 4 : (ext[1] + 1u) * 8;
}

/* At most so many are stepped over, and so far. */
#define EXTENSIONS_MAX 6
#define L4_MAX 511

static struct wire read_ipv6(const struct frame *f)
{
	struct wire w = { .kind = WIRE_OTHER, .t.v6 = true };
	bool later = false;

	if (f->len < ETH + 40)
		return w;
	w.kind = WIRE_BROKEN;
	if (f->bytes[ETH] >> 4 != 6)
		return w;
	w.ip_len = 40u + get16(f, ETH + 4);
	if (w.ip_len > f->len - ETH)
		return w;
	w.t.src = get_addr(f, ETH + src_off(true), true);
	w.t.dst = get_addr(f, ETH + dst_off(true), true);
	w.ttl = f->bytes[ETH + 7];
	w.t.proto = f->bytes[ETH + 6];
	w.l4 = ETH + 40;
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(w.t.proto) && !later; i++) {
		const __u8 *ext = f->bytes + w.l4;
		__u8 type = w.t.proto;

		w.kind = WIRE_NO_PORTS;
		/* RFC 8200 section 8.1: on its way to yet another address, whom it does not dial. */
		w.cut = w.l4 + 8 > f->len;
		if (w.cut || (type == 43 && ext[3])) {
			w.t.proto = IPPROTO_NONE;
			return w;
		}
		/* RFC 6946: a fragment that is all of the packet is none. */
		if (type == 44) {
			w.fragment |= get16(f, w.l4 + 2) & 0xfff9;
			later = get16(f, w.l4 + 2) & 0xfff8;
			w.id = get32(f, w.l4 + 4);
		}
		w.cut = w.l4 + extension_len(ext, type) > f->len;
		if (w.cut) {
			w.t.proto = IPPROTO_NONE;
			return w;
		}
		w.l4 += extension_len(ext, type);
		w.t.proto = ext[0];
	}
	w.kind = WIRE_BROKEN;
	if (w.l4 - ETH > w.ip_len)
		return w;
	w.kind = WIRE_NO_PORTS;
	if (w.l4 > L4_MAX)
		return w;
	return read_l4(f, w, later);
}

struct wire wire_read(const struct frame *f)
{
	struct wire none = { .kind = WIRE_OTHER };

	if (f->len < ETH)
		return none;
	switch (get16(f, 12)) {
	case 0x0800:
		return read_ipv4(f);
	case 0x86dd:
		return read_ipv6(f);
	}
	return none;
}

/* ---- checksums ---------------------------------------------------------------------- */

/* One's complement sum (RFC 1071) of @len bytes. */
static __u32 sum(const struct frame *f, __u32 off, __u32 len, __u32 begin)
{
	__u32 s = begin;

	for (__u32 i = 0; i < len; i++)
		s += (__u32)f->bytes[off + i] << (i % 2 ? 0 : 8);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* The pseudo header of RFC 9293 section 3.1 and RFC 8200 section 8.1. */
static __u32 pseudo(const struct frame *f, bool v6, __u8 proto, __u32 len)
{
	__u32 s = sum(f, ETH + src_off(v6), v6 ? 32 : 8, proto + (len >> 16) + (len & 0xffff));

	return s;
}

/* One's complement difference, not 0xffff. */
static __u16 less(__u32 a, __u32 b)
{
	__u32 s = a + (~b & 0xffff);

	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s == 0xffff ? 0 : (__u16)s;
}

/* What a checksum covers; its place. */
struct cover {
	__u32 off, len, at;
	bool pseudo, v6;
	__u8 proto;
};

static __u32 cover_sum(const struct frame *f, const struct cover *c)
{
	return sum(f, c->off, c->len, c->pseudo ? pseudo(f, c->v6, c->proto, c->len) : 0);
}

/* Makes the sum over @f what it was over @old; UDP says "none" by 0, and 0 by 0xffff. */
static void keep_sum(struct frame *f, const struct frame *old, const struct cover *c)
{
	bool udp = c->proto == IPPROTO_UDP;

	if (udp && !get16(old, c->at))
		return;
	put16(f, c->at, 0);
	put16(f, c->at, less(cover_sum(old, c), cover_sum(f, c)));
	if (udp && !get16(f, c->at))
		put16(f, c->at, 0xffff);
}

/* RFC 9260 appendix A: of all of the SCTP packet, its own field counting as 0. */
static __u32 sctp_sum(const struct frame *f, const struct wire *w)
{
	struct frame zeroed = *f;

	memset(zeroed.bytes + w->l4 + 8, 0, 4);
	return crc32c(zeroed.bytes + w->l4, w->ip_len - (w->l4 - ETH));
}

/* SCTP's, little-endian in the packet. 0: its sender left it for the device to make. */
static void keep_crc(struct frame *f, const struct frame *old, const struct wire *w)
{
	__u32 diff = sctp_sum(old, w) ^ sctp_sum(f, w), was, is;

	memcpy(&was, old->bytes + w->l4 + 8, sizeof(was));
	is = was ? was ^ diff : 0;
	memcpy(f->bytes + w->l4 + 8, &is, sizeof(is));
}

static struct cover cover_ip4(const struct frame *f)
{
	return (struct cover){ .off = ETH, .len = (f->bytes[ETH] & 15) * 4u, .at = ETH + 10 };
}

static struct cover cover_l4(const struct wire *w)
{
	return (struct cover){ .off = w->l4, .len = w->ip_len - (w->l4 - ETH),
			       .at = w->l4 + (w->t.proto == IPPROTO_TCP ? 16 : 6),
			       .pseudo = true, .v6 = w->t.v6, .proto = w->t.proto };
}

/* ---- changing ----------------------------------------------------------------------- */

static void put_l3(struct frame *f, const struct frame *old, const struct tuple *to, bool routed)
{
	struct cover ip4 = cover_ip4(old);

	put_addr(f, ETH + src_off(to->v6), &to->src, to->v6);
	put_addr(f, ETH + dst_off(to->v6), &to->dst, to->v6);
	f->bytes[ETH + (to->v6 ? 7 : 8)] -= routed;
	if (!to->v6)
		keep_sum(f, old, &ip4);
}

void wire_translate(struct frame *f, const struct wire *w, const struct tuple *to, bool routed)
{
	const struct frame old = *f;
	struct cover l4 = cover_l4(w);

	put_l3(f, &old, to, routed);
	put16(f, w->l4, to->sport);
	put16(f, w->l4 + 2, to->dport);
	if (w->t.proto == IPPROTO_SCTP)
		keep_crc(f, &old, w);
	else
		keep_sum(f, &old, &l4);
}

void wire_translate_later(struct frame *f, const struct tuple *to, bool routed)
{
	const struct frame old = *f;

	put_l3(f, &old, to, routed);
}

void wire_set_macs(struct frame *f, const __u8 *dmac, const __u8 *smac)
{
	memcpy(f->bytes, dmac, 6);
	memcpy(f->bytes + 6, smac, 6);
}

/* ---- answers ------------------------------------------------------------------------ */

static struct packet answer_packet(const struct frame *f, const struct wire *w)
{
	struct packet p = { .v6 = w->t.v6, .ttl = 64, .src = w->t.dst, .dst = w->t.src,
			    .sport = w->t.dport, .dport = w->t.sport };

	memcpy(p.dmac, f->bytes + 6, 6);
	memcpy(p.smac, f->bytes, 6);
	return p;
}

/* RFC 9293 section 3.10.7.1. */
void wire_answer_rst(struct frame *f, const struct wire *w)
{
	struct packet p = answer_packet(f, w);
	__u32 payload = w->ip_len - (w->l4 - ETH) - w->l4_header;

	p.proto = IPPROTO_TCP;
	p.flags = RST;
	if (w->flags & ACK) {
		p.seq = w->ack;
	} else {
		p.flags |= ACK;
		p.ack = w->seq + payload + !!(w->flags & SYN) + !!(w->flags & FIN);
	}
	*f = frame_build(&p);
}

/* RFC 792, RFC 4443; quoted: the IP header without options or extensions, 8 bytes behind it. */
void wire_answer_icmp(struct frame *f, const struct wire *w, const struct icmp_error *e,
		      const struct sluice_addr *router)
{
	const struct frame in = *f;
	struct packet p = answer_packet(f, w);
	__u32 header = w->t.v6 ? 40 : 20, at = ETH + header;
	struct cover c = { .off = at, .len = 8 + header + 8, .at = at + 2, .pseudo = w->t.v6,
			   .v6 = w->t.v6, .proto = w->t.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP };

	if (router)
		p.src = *router;
	/* The headers of the builder, with a payload as long as the message. */
	p.proto = IPPROTO_UDP;
	p.payload = (__u16)(c.len - 8);
	*f = frame_build(&p);
	f->bytes[ETH + (w->t.v6 ? 6 : 9)] = c.proto;
	memset(f->bytes + at, 0, c.len);
	f->bytes[at] = e->type;
	f->bytes[at + 1] = e->code;
	put16(f, at + 6, e->mtu);
	memcpy(f->bytes + at + 8, in.bytes + ETH, header);
	if (w->t.v6)
		f->bytes[at + 8 + 6] = w->t.proto;
	else
		f->bytes[at + 8] = 0x45;
	memcpy(f->bytes + at + 8 + header, in.bytes + w->l4, 8);
	put16(f, c.at, less(0xffff, cover_sum(f, &c)));
	if (!w->t.v6) {
		struct cover ip4 = cover_ip4(f);

		put16(f, ip4.at, 0);
		put16(f, ip4.at, less(0xffff, cover_sum(f, &ip4)));
	}
}

bool wire_is_echo(const struct frame *f, const struct wire *w)
{
	return w->kind == WIRE_ICMP && w->l4 < f->len && f->bytes[w->l4] == (w->t.v6 ? 128 : 8);
}

/* RFC 792, RFC 4443: what it carries comes back. */
bool wire_answer_echo(struct frame *f, const struct wire *w)
{
	const struct frame old = *f;
	const bool later = w->kind == WIRE_FRAGMENT;
	struct tuple back = tuple_swap(&w->t);
	struct cover ip4 = cover_ip4(f);
	struct cover message = { .off = w->l4, .len = w->ip_len - (w->l4 - ETH), .at = w->l4 + 2,
				 .pseudo = w->t.v6, .v6 = w->t.v6, .proto = w->t.proto };

	if (!later && message.len < 8)
		return false;
	wire_set_macs(f, old.bytes + 6, old.bytes);
	put_addr(f, ETH + src_off(back.v6), &back.src, back.v6);
	put_addr(f, ETH + dst_off(back.v6), &back.dst, back.v6);
	/* Nobody sees of a later one that it is an answer: its way must end somewhere. */
	if (!later)
		f->bytes[ETH + (back.v6 ? 7 : 8)] = 64;
	if (!back.v6)
		keep_sum(f, &old, &ip4);
	if (later)
		return true;
	f->bytes[w->l4] = back.v6 ? 129 : 0;
	keep_sum(f, &old, &message);
	return true;
}

/* ---- ICMP errors -------------------------------------------------------------------- */

/* Unreachable, too big, time exceeded, parameter problem. */
static bool is_error(__u8 type, bool v6)
{
	return v6 ? type >= 1 && type <= 4 : type == 3 || type == 11 || type == 12;
}

static bool quote_ipv4(const struct frame *f, struct wire_quote *q, __u32 end)
{
	__u32 header;

	if (q->l3 + 20 > end || f->bytes[q->l3] >> 4 != 4)
		return false;
	header = (f->bytes[q->l3] & 15) * 4;
	q->t.proto = f->bytes[q->l3 + 9];
	q->l4 = q->l3 + header;
	return header >= 20 && !(get16(f, q->l3 + 6) & 0x1fff) && get16(f, q->l3 + 2) >= header + 8;
}

static bool quote_ipv6(const struct frame *f, struct wire_quote *q, __u32 end)
{
	if (q->l3 + 40 > end || f->bytes[q->l3] >> 4 != 6)
		return false;
	q->t.proto = f->bytes[q->l3 + 6];
	q->l4 = q->l3 + 40;
	for (int i = 0; i < EXTENSIONS_MAX && is_extension(q->t.proto); i++) {
		__u8 type = q->t.proto;

		if (q->l4 + 8 > end || (type == 44 && get16(f, q->l4 + 2) & 0xfff8))
			return false;
		q->t.proto = f->bytes[q->l4];
		q->l4 += extension_len(f->bytes + q->l4, type);
	}
	return q->l4 - q->l3 <= L4_MAX - ETH;
}

bool wire_read_quote(const struct frame *f, const struct wire *w, struct wire_quote *q)
{
	bool v6 = w->t.v6;
	__u32 end = ETH + w->ip_len;

	*q = (struct wire_quote){ .t.v6 = v6, .l3 = w->l4 + 8 };
	if (q->l3 > end || !is_error(f->bytes[w->l4], v6) ||
	    !(v6 ? quote_ipv6(f, q, end) : quote_ipv4(f, q, end)))
		return false;
	if (q->l4 + 8 > end || !wire_has_ports(q->t.proto))
		return false;
	q->t.src = get_addr(f, q->l3 + src_off(v6), v6);
	q->t.dst = get_addr(f, q->l3 + dst_off(v6), v6);
	q->t.sport = get16(f, q->l4);
	q->t.dport = get16(f, q->l4 + 2);
	q->check = q->l4 + (q->t.proto == IPPROTO_TCP ? 16 : 6);
	if (q->check + 2 > end || q->t.proto == IPPROTO_SCTP)
		q->check = 0;	/* SCTP's covers no addresses, and ports are the sender's to check */
	return true;
}

/* The quoted packet's checksum, of which only some bytes are here: by what changed. */
static void quote_keep_sum(struct frame *f, const struct frame *old, const struct wire_quote *q)
{
	bool v6 = q->t.v6, udp = q->t.proto == IPPROTO_UDP;
	__u32 addrs = q->l3 + src_off(v6), len = v6 ? 32 : 8, was, is;

	if (!q->check || (udp && !get16(old, q->check)))
		return;
	was = sum(old, addrs, len, sum(old, q->l4, 4, get16(old, q->check)));
	is = sum(f, addrs, len, sum(f, q->l4, 4, 0));
	put16(f, q->check, less(was, is));
	if (udp && !get16(f, q->check))
		put16(f, q->check, 0xffff);
}

void wire_translate_error(struct frame *f, const struct wire *w, const struct wire_quote *q,
			  const struct tuple *quoted, const struct tuple *outer, bool routed)
{
	const struct frame old = *f;
	bool v6 = w->t.v6;
	struct cover ip4 = { .off = q->l3, .len = 20, .at = q->l3 + 10 };
	struct cover message = { .off = w->l4, .len = w->ip_len - (w->l4 - ETH), .at = w->l4 + 2,
				 .pseudo = v6, .v6 = v6, .proto = w->t.proto };

	put_l3(f, &old, outer, routed);
	put_addr(f, q->l3 + src_off(v6), &quoted->src, v6);
	put_addr(f, q->l3 + dst_off(v6), &quoted->dst, v6);
	put16(f, q->l4, quoted->sport);
	put16(f, q->l4 + 2, quoted->dport);
	quote_keep_sum(f, &old, q);
	if (!v6)
		keep_sum(f, &old, &ip4);	/* its options, if any, do not change */
	keep_sum(f, &old, &message);
}
