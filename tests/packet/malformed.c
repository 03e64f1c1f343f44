/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that contradict themselves or end too early: never a crash, never a wrong rewrite. And
 * unusual ones that are right, which must go through.
 */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)
#define L3 FRAME_L3

static void expect_dropped(struct dp *dp, struct frame f, enum sluice_reason why)
{
	dp_wire(dp, f, DROPPED);
	cr_expect_eq(dp_reason(dp, why).packets, 1, "%s", dp->label);
	cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
}

/* Translated as if nothing were special about it: only what must change does. */
static void expect_translated(struct dp *dp, struct packet in)
{
	struct frame out = dp_wire(dp, frame_build(&in), SENT_BACK);

	expect_packet(dp, out, talk_routed(talk_between(in, AT(node, frame_sport(dp, &out)),
							AT(pod_remote, 8080)), &pod_remote));
	expect_no_reason(dp);
}

static void poke8(struct frame *f, __u32 off, __u8 v)
{
	frame_poke(f, off, &v, 1);
}

static void poke16(struct frame *f, __u32 off, __u16 v)
{
	frame_poke(f, off, &(__be16){ htons(v) }, 2);
}

Test(malformed, ipv4_header_shorter_than_20_bytes)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V4, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		for (__u8 ihl = 0; ihl < 5; ihl++) {
			struct frame f = frame_build(&in);

			given_web(dp);
			poke8(&f, L3, 0x40 | ihl);
			expect_dropped(dp, f, SLUICE_R_MALFORMED);
			dp_reset(dp);
		}
	}
}

Test(malformed, other_version_than_ethernet_says)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_web(dp);
		poke8(&f, L3, dp->v6 ? 0x45 : 0x65);
		expect_dropped(dp, f, SLUICE_R_MALFORMED);
	}
}

Test(malformed, ip_length_beyond_the_frame)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_web(dp);
		poke16(&f, L3 + (dp->v6 ? 4 : 2),
		       packet_ip_len(&in) - (dp->v6 ? 40 : 0) + 1);
		expect_dropped(dp, f, SLUICE_R_MALFORMED);
	}
}

Test(malformed, ipv4_length_below_its_header)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V4, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		for (__u16 len = 0; len < 20; len++) {
			struct frame f = frame_build(&in);

			given_web(dp);
			poke16(&f, L3 + 2, len);
			expect_dropped(dp, f, SLUICE_R_MALFORMED);
			dp_reset(dp);
		}
	}
}

Test(malformed, tcp_header_of_a_wrong_size)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		/* It is 6 words, and no data behind it. */
		for (__u8 doff = 0; doff < 16; doff++) {
			struct frame f = frame_build(&in);

			if (doff == 5 || doff == 6)
				continue;
			given_web(dp);
			poke8(&f, packet_l4_off(&in) + 12, (__u8)(doff << 4));
			expect_dropped(dp, f, SLUICE_R_MALFORMED);
			dp_reset(dp);
		}
	}
}

Test(malformed, udp_length_wrong)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		const __u16 wrong[] = { 0, 1, 7, (__u16)(8 + in.payload + 1), 0xffff };

		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			struct frame f = frame_build(&in);

			given_web(dp);
			poke16(&f, packet_l4_off(&in) + 4, wrong[i]);
			expect_dropped(dp, f, SLUICE_R_MALFORMED);
			dp_reset(dp);
		}
	}
}

Test(malformed, bad_packet_on_an_established_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), AT(pod_remote, 8080) };
		struct packet in = talk_data(dp, t.client, t.dialled, 0);
		struct service web = given_web(dp);
		struct sluice_slot_count before;
		struct frame f = frame_build(&in);

		talk_establish(dp, &t);
		before = dp_slot(dp, web.slot);
		if (dp->proto == IPPROTO_TCP)
			poke8(&f, packet_l4_off(&in) + 12, 0x40);
		else
			poke16(&f, packet_l4_off(&in) + 4, 3);
		dp_wire(dp, f, DROPPED);
		expect_reason(dp, SLUICE_R_MALFORMED, 1, packet_ip_len(&in));
		expect_slot_at(dp, web.slot, before, __FILE__, __LINE__);
	}
}

/* What a cut packet may become: nothing, or what it was. */
static void cut_everywhere(struct dp *dp, const struct frame *whole)
{
	const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
	__u32 pass = dp->hook == HOOK_XDP ? 2 : 0, drop = dp->hook == HOOK_XDP ? 1 : 2;
	__u32 ip_header = dp->v6 ? 40 : 20;

	for (__u32 len = 14; len < whole->len; len++) {
		struct frame f = *whole, in;
		__u32 action;

		f.len = len;
		in = f;
		if (dp_try(dp, &at, &f, &action)) {
			cr_expect_lt(len, L3 + ip_header, "%s: not run at %u", dp->label, len);
			continue;
		}
		if (action == pass)
			expect_frame(dp, f, in);
		cr_expect_eq(action, len < L3 + ip_header ? pass : drop, "%s: %u of %u bytes: %u",
			     dp->label, len, whole->len, action);
	}
}

Test(malformed, cut_at_every_byte)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_web(dp);
		cut_everywhere(dp, &f);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
	}
}

Test(malformed, cut_at_every_byte_of_an_established_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), AT(pod_remote, 8080) };
		struct packet in = talk_data(dp, t.client, t.dialled, 0);
		struct service web = given_web(dp);
		struct frame f = frame_build(&in);
		struct sluice_slot_count before;

		talk_establish(dp, &t);
		before = dp_slot(dp, web.slot);
		cut_everywhere(dp, &f);
		expect_slot_at(dp, web.slot, before, __FILE__, __LINE__);
	}
}

/* IP says where it ends, and that is inside the L4 header: @l4 bytes of it are there. */
static void cut_by_ip(struct dp *dp, const struct packet *p, __u32 l4)
{
	__u32 needs = dp->proto == IPPROTO_TCP ? 20 : 8;
	struct frame out, f = frame_build(p);
	__u32 len = packet_l4_off(p) - L3 + l4;

	poke16(&f, L3 + (dp->v6 ? 4 : 2), (__u16)(len - (dp->v6 ? 40 : 0)));
	if (!dp->v6)
		frame_fix_ip4(&f);
	f.len = L3 + len;
	if (l4 < 8) {	/* not even ports: the stack's to judge */
		out = dp_wire(dp, f, PASSED);
		expect_frame(dp, out, f);
		return;
	}
	expect_dropped(dp, f, l4 < needs ? SLUICE_R_TRUNCATED : SLUICE_R_MALFORMED);
}

Test(malformed, ip_ends_inside_the_l4_header)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		__u32 header = dp->proto == IPPROTO_TCP ? 24 : 8;

		if (dp->proto == IPPROTO_UDP)
			header += in.payload;
		for (__u32 l4 = 0; l4 < header; l4++) {
			given_web(dp);
			cut_by_ip(dp, &in, l4);
			dp_reset(dp);
		}
	}
}

Test(malformed, ipv4_options_are_kept)
{
	static const __u8 nops[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V4, 0);) {
		for (__u16 len = 4; len <= sizeof(nops); len += 4) {
			struct packet want, in = talk_open(dp, CLIENT, NODE_PORT);
			struct frame out;

			given_web(dp);
			in.ext = nops;
			in.ext_len = len;
			out = dp_wire(dp, frame_build(&in), SENT_BACK);
			want = talk_between(in, AT(node, frame_u16(&out, packet_l4_off(&in))),
					    AT(pod_remote, 8080));
			expect_packet(dp, out, talk_routed(want, &pod_remote));
			expect_no_reason(dp);
			dp_reset(dp);
		}
	}
}

#define NEXT_HOP 0
#define NEXT_ROUTING 43
#define NEXT_FRAGMENT 44
#define NEXT_AH 51
#define NEXT_OPTIONS 60

/* A chain of extension headers; @next of the last is the case's protocol. */
struct chain {
	__u8 first;
	__u16 len;
	__u16 last;		/* where the last header begins */
	__u8 bytes[400];
};

/* One more header of @len bytes, zero but for the first two. */
static void chain_add(struct chain *c, __u8 type, __u16 len)
{
	if (c->len)
		c->bytes[c->last] = type;
	else
		c->first = type;
	c->last = c->len;
	c->bytes[c->last + 1] = (__u8)(type == NEXT_AH ? len / 4 - 2
				       : type == NEXT_FRAGMENT ? 0 : len / 8 - 1);
	c->len += len;
}

static struct packet with_chain(struct packet p, struct chain *c)
{
	c->bytes[c->last] = p.proto;
	p.ext = c->bytes;
	p.ext_len = c->len;
	p.ext_first = c->first;
	return p;
}

static void expect_chain_translated(struct dp *dp, struct chain *c)
{
	struct packet in = with_chain(talk_open(dp, CLIENT, NODE_PORT), c);
	struct packet want;
	struct frame out;

	given_web(dp);
	out = dp_wire(dp, frame_build(&in), SENT_BACK);
	want = talk_between(in, AT(node, frame_u16(&out, packet_l4_off(&in))),
			    AT(pod_remote, 8080));
	expect_packet(dp, out, talk_routed(want, &pod_remote));
	expect_no_reason(dp);
	dp_reset(dp);
}

Test(malformed, ipv6_extension_headers_are_kept)
{
	static const __u8 types[] = { NEXT_HOP, NEXT_OPTIONS, NEXT_ROUTING, NEXT_AH,
				      NEXT_FRAGMENT };

	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		for (size_t i = 0; i < sizeof(types); i++) {
			struct chain one = { 0 }, two = { 0 };

			chain_add(&one, types[i], 8);
			expect_chain_translated(dp, &one);
			chain_add(&two, NEXT_OPTIONS, 16);
			chain_add(&two, types[i], types[i] == NEXT_FRAGMENT ? 8 : 24);
			expect_chain_translated(dp, &two);
		}
	}
}

/* RFC 8200 section 4.5: reserved bits are ignored on reception. */
Test(malformed, atomic_fragment_with_reserved_bits_is_whole)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		struct chain c = { 0 };

		chain_add(&c, NEXT_FRAGMENT, 8);
		c.bytes[1] = 0xff;
		c.bytes[3] = 0x06;
		expect_chain_translated(dp, &c);
	}
}

Test(malformed, six_extension_headers_are_followed)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		struct chain c = { 0 };

		for (int i = 0; i < 6; i++)
			chain_add(&c, NEXT_OPTIONS, 16);
		expect_chain_translated(dp, &c);
	}
}

static void expect_chain_passed(struct dp *dp, struct chain *c)
{
	struct packet in = with_chain(talk_open(dp, CLIENT, NODE_PORT), c);
	struct frame out, f = frame_build(&in);

	given_web(dp);
	out = dp_wire(dp, f, PASSED);
	expect_frame(dp, out, f);
	cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
	dp_reset(dp);
}

Test(malformed, more_extension_headers_are_the_stacks)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		struct chain seven = { 0 }, large = { 0 };

		for (int i = 0; i < 7; i++)
			chain_add(&seven, NEXT_OPTIONS, 8);
		expect_chain_passed(dp, &seven);
		chain_add(&large, NEXT_OPTIONS, 200);
		chain_add(&large, NEXT_OPTIONS, 200);
		chain_add(&large, NEXT_OPTIONS, 72);
		expect_chain_passed(dp, &large);
	}
}

Test(malformed, extension_header_beyond_the_packet)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		struct chain c = { 0 };
		struct packet in;
		struct frame out, f;

		/* Beyond the frame: nothing to be known about it. */
		chain_add(&c, NEXT_OPTIONS, 8);
		in = with_chain(talk_open(dp, CLIENT, NODE_PORT), &c);
		f = frame_build(&in);
		given_web(dp);
		poke8(&f, L3 + 41, 200);
		out = dp_wire(dp, f, PASSED);
		expect_frame(dp, out, f);
		dp_reset(dp);

		/* In the frame, but beyond what IP says. */
		given_web(dp);
		f = frame_build(&in);
		poke16(&f, L3 + 4, 7);
		expect_dropped(dp, f, SLUICE_R_MALFORMED);
	}
}

/* 60 bytes is Ethernet's least: what is behind the IP packet stays, and weighs nothing. */
Test(malformed, padding_is_kept_and_not_counted)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct service web = given_web(dp);

		in.padding = 9;
		expect_translated(dp, in);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in));
	}
}

/* RFC 768 does not forbid a trailer. */
Test(malformed, udp_shorter_than_ip_says_goes_through)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_web(dp);
		poke16(&f, packet_l4_off(&in) + 4, 8 + 4);
		dp_wire(dp, f, SENT_BACK);
		expect_no_reason(dp);
	}
}
