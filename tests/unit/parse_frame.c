/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bpf/parse.h on the host: good, cut and random frames under ASan. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/parse_check.h"

static unsigned seed = 20261122;

static __u32 any(__u32 n)
{
	return (__u32)rand_r(&seed) % n;
}

/* A chain of up to 6 extension headers that ends in @proto; returns its length. */
static __u16 random_chain(__u8 *bytes, __u8 *first, __u8 proto)
{
	static const __u8 types[] = { IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS,
				      IPPROTO_AH, IPPROTO_FRAGMENT };
	__u32 n = any(7);
	__u8 *next = first;
	__u16 len = 0;

	*first = proto;
	for (__u32 i = 0; i < n; i++) {
		__u8 type = types[any(sizeof(types))];
		__u32 units = type == IPPROTO_FRAGMENT ? 0 : any(4);

		*next = type;
		next = bytes + len;
		memset(next, 0, 8 + units * 8);
		*next = proto;
		next[1] = (__u8)(type == IPPROTO_AH ? units * 2 : units);
		len += 8 + units * 8;
	}
	return len;
}

static void random_bytes(void *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((__u8 *)at)[i] = (__u8)any(256);
}

/* @ext: room for 40 bytes of options or 6 headers of 32. */
static struct packet random_packet(__u8 ext[192])
{
	struct packet p = {
		.v6 = any(2), .proto = any(2) ? IPPROTO_TCP : IPPROTO_UDP, .ttl = (__u8)any(256),
		.sport = (__u16)any(65536), .dport = (__u16)any(65536), .flags = (__u8)any(64),
		.payload = (__u16)any(200), .fill = 7, .padding = (__u16)any(20), .ext = ext,
	};

	random_bytes(&p.src, sizeof(p.src));
	random_bytes(&p.dst, sizeof(p.dst));
	if (p.proto == IPPROTO_TCP)
		p.tcp_nops = (__u8)(any(11) * 4);
	if (p.v6) {
		p.ext_len = random_chain(ext, &p.ext_first, p.proto);
	} else {
		p.ext_len = (__u16)(any(11) * 4);
		memset(ext, 1, p.ext_len);
		p.fragment = any(2) ? IPV4_DONT_FRAGMENT : 0;
	}
	return p;
}

static void expect_facts(const struct packet *p, const struct pkt *got)
{
	const void *src = p->v6 ? (const void *)&p->src : &p->src.ip6[3];
	const void *dst = p->v6 ? (const void *)&p->dst : &p->dst.ip6[3];
	__u32 n = p->v6 ? 16 : 4;

	cr_assert_eq(got->v6, p->v6);
	cr_assert_eq(got->proto, p->proto);
	cr_assert_eq(got->ttl, p->ttl);
	cr_assert_eq(got->ip_len, packet_ip_len(p));
	cr_assert_eq(got->l4_off, packet_l4_off(p));
	cr_assert_eq(got->tcp_flags, p->proto == IPPROTO_TCP ? p->flags : 0);
	cr_assert_eq(got->l4_len, p->proto == IPPROTO_TCP ? 20 + p->tcp_nops : 8);
	cr_assert(!got->fragment && !got->bad);
	cr_assert_eq(got->splits, !p->v6 && !p->fragment);
	cr_assert_not(memcmp(p->v6 ? (const void *)got->key.v6.src : &got->key.v4.src, src, n));
	cr_assert_not(memcmp(p->v6 ? (const void *)got->key.v6.dst : &got->key.v4.dst, dst, n));
}

Test(parse, good_frames_are_understood)
{
	for (int i = 0; i < 100000; i++) {
		__u8 ext[192];
		struct packet p = random_packet(ext);
		struct frame f = frame_build(&p);
		enum sluice_reason why;
		struct pkt got;

		cr_assert_null(parse_check(f.bytes, f.len, f.len, &got, &why));
		cr_assert_eq(why, SLUICE_R_OK, "%d: %d", i, why);
		expect_facts(&p, &got);
	}
}

/* @where as IPv6 has it, in units of 8 bytes behind 3 bits of which the lowest is "more". */
static struct frame fragment(struct packet *p, __u8 ext[192], __u16 where)
{
	__u8 header[8] = { p->proto, 0, (__u8)(where >> 8), (__u8)where, 0x12, 0x34, 0x56, 0x78 };

	if (p->v6) {
		p->ext_len = any(2) ? random_chain(ext, &p->ext_first, IPPROTO_FRAGMENT) : 0;
		while (p->ext_len > 40)	/* one more than 5 headers at most */
			p->ext_len = random_chain(ext, &p->ext_first, IPPROTO_FRAGMENT);
		p->ext_first = p->ext_len ? p->ext_first : IPPROTO_FRAGMENT;
		memcpy(ext + p->ext_len, header, 8);
		p->ext_len += 8;
	} else {
		p->ip_id = 0x1234;
		p->fragment = (__u16)(where >> 3 | (where & 1) << 13);
	}
	return frame_build(p);
}

Test(parse, fragments_are_told_apart)
{
	for (int i = 0; i < 100000; i++) {
		static const __u16 wheres[] = { 0, 1, 8, 9, 0xfff8, 0xfff9 };
		__u16 where = wheres[any(6)];
		__u8 ext[192];
		struct packet p = random_packet(ext);
		struct frame f = fragment(&p, ext, where);
		enum sluice_reason why;
		struct pkt got;
		const char *wrong = parse_check(f.bytes, f.len, f.len, &got, &why);

		cr_assert_null(wrong, "%d: %s", i, wrong);
		cr_assert_eq(why, SLUICE_R_OK, "%d: %d", i, why);
		cr_assert_eq(got.l4_off, packet_l4_off(&p));
		cr_assert_eq(got.proto, p.proto);
		cr_assert_eq(got.fragment, where > 7 ? PKT_FRAGMENT_LATER
				   : where ? PKT_FRAGMENT_FIRST : PKT_WHOLE);
		cr_assert(!got.fragment ||
			  got.fragment_id == (p.v6 ? htonl(0x12345678) : htons(0x1234)));
		cr_assert_eq(got.l4_len == 0, got.fragment == PKT_FRAGMENT_LATER);
	}
}

/* The length in UDP's header is that of the datagram. */
Test(parse, first_fragment_is_shorter_than_its_datagram)
{
	__u8 ext[192];

	for (int v6 = 0; v6 < 2; v6++) {
		struct packet p = { .v6 = v6, .proto = IPPROTO_UDP, .ttl = 9, .payload = 32, .ext = ext };
		struct frame f = fragment(&p, ext, 1);
		enum sluice_reason why;
		struct pkt got;

		frame_poke(&f, packet_l4_off(&p) + 4, &(__be16){ htons(60000) }, 2);
		cr_assert_null(parse_check(f.bytes, f.len, f.len, &got, &why));
		cr_assert(why == SLUICE_R_OK && !got.bad);
		frame_poke(&f, packet_l4_off(&p) + 4, &(__be16){ htons(7) }, 2);
		cr_assert_null(parse_check(f.bytes, f.len, f.len, &got, &why));
		cr_assert(why == SLUICE_R_OK && got.bad == SLUICE_R_MALFORMED);
	}
}

/* Of whatever: what it is says the first one, in IPv6 behind headers that only it has. */
Test(parse, later_fragments_are_of_any_protocol)
{
	static const __u8 protos[] = { IPPROTO_SCTP, IPPROTO_DSTOPTS, IPPROTO_GRE };
	__u8 ext[192];

	for (unsigned i = 0; i < 12; i++) {
		struct packet p = { .v6 = i & 1, .proto = protos[i / 4], .ttl = 9, .payload = 32,
				    .ext = ext };
		struct frame f = fragment(&p, ext, i & 2 ? 8 : 1);
		enum sluice_reason why;
		struct pkt got;

		cr_assert_null(parse_check(f.bytes, f.len, f.len, &got, &why));
		cr_assert_eq(got.fragment, i & 2 ? PKT_FRAGMENT_LATER : PKT_FRAGMENT_FIRST);
		if (i & 2)
			cr_assert_eq(why, SLUICE_R_OK);
		else if (p.proto == IPPROTO_GRE)
			cr_assert_eq(why, SLUICE_R_NOT_OURS);
	}
}

/* The frame ends: IP says more than there is. */
Test(parse, cut_frames_are_never_good)
{
	for (int i = 0; i < 1000; i++) {
		__u8 ext[192];
		struct packet p = random_packet(ext);
		struct frame f = frame_build(&p);

		for (__u32 len = 0; len < f.len - p.padding; len++) {
			enum sluice_reason why;
			struct pkt got;
			const char *wrong = parse_check(f.bytes, len, len, &got, &why);

			cr_assert_null(wrong, "%d at %u: %s", i, len, wrong);
			cr_assert_neq(why, SLUICE_R_OK);
		}
	}
}

/* The linear part ends: the rest of the frame is somewhere, so "truncated" and try again. */
Test(parse, short_linear_part_is_truncated_or_understood)
{
	for (int i = 0; i < 1000; i++) {
		__u8 ext[192];
		struct packet p = random_packet(ext);
		struct frame f = frame_build(&p);
		__u32 needs = packet_l4_off(&p) + (p.proto == IPPROTO_TCP ? 20 : 8);

		for (__u32 len = ETH_HLEN; len < f.len; len++) {
			enum sluice_reason why;
			struct pkt got;
			const char *wrong = parse_check(f.bytes, len, f.len, &got, &why);

			cr_assert_null(wrong, "%d at %u: %s", i, len, wrong);
			if (len >= needs) {
				cr_assert_eq(why, SLUICE_R_OK);
				expect_facts(&p, &got);
			} else {
				cr_assert(why == SLUICE_R_TRUNCATED ||
					  (why == SLUICE_R_OK && got.bad == SLUICE_R_TRUNCATED),
					  "%d at %u of %u: %d", i, len, needs, why);
			}
		}
	}
}

Test(parse, flipped_bytes_never_mislead)
{
	for (int i = 0; i < 200000; i++) {
		__u8 ext[192];
		struct packet p = random_packet(ext);
		struct frame f = frame_build(&p);
		enum sluice_reason why;
		const char *wrong;
		struct pkt got;

		for (__u32 j = 1 + any(4); j; j--)
			f.bytes[any(f.len < 120 ? f.len : 120)] = (__u8)any(256);
		wrong = parse_check(f.bytes, f.len, f.len, &got, &why);
		cr_assert_null(wrong, "%d: %s", i, wrong);
	}
}

Test(parse, noise_never_misleads)
{
	for (int i = 0; i < 200000; i++) {
		static const __u8 types[2][2] = { { 0x08, 0x00 }, { 0x86, 0xdd } };
		__u32 v6 = any(2), len = any(200), frame_len = len + any(2) * any(70000);
		enum sluice_reason why;
		const char *wrong;
		struct pkt got;
		__u8 bytes[200];

		random_bytes(bytes, sizeof(bytes));
		memcpy(bytes + 12, types[v6], 2);
		bytes[14] = (__u8)(v6 ? 0x60 : 0x40 | any(16));
		wrong = parse_check(bytes, len, frame_len, &got, &why);
		cr_assert_null(wrong, "%d: %s", i, wrong);
	}
}
