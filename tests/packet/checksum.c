/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Checksums where they are special: UDP's 0, which means "none", sums that come out as 0, and GSO
 * packets. That all others are right, every test here shows that compares a frame.
 */
#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)
#define BACKEND AT(pod_remote, 8080)

static struct packet translated(const struct packet *in, __u16 snat)
{
	return talk_routed(talk_between(*in, AT(node, snat), BACKEND), &pod_remote);
}

static __u16 l4_check(const struct packet *p)
{
	struct frame f = frame_build(p);
	__u16 check;

	check = frame_u16(&f, packet_l4_off(p) + (p->proto == IPPROTO_TCP ? 16 : 6));
	return __builtin_bswap16(check);	/* as in memory */
}

/* The salt with which the checksum of @p comes out as 0: what is missing to all ones. */
static __u16 salt_for_zero(struct packet p)
{
	p.fill = 0;
	p.salt = 0;
	return l4_check(&p);
}

Test(checksum, absent_udp_checksum_stays_absent)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_web(dp);
		in.udp_no_csum = true;
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, translated(&in, frame_sport(dp, &out)));
	}
}

/* On the wire it must be 0xffff: the builder knows that, too. */
Test(checksum, udp_sum_that_becomes_zero)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct packet want, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_web(dp);
		in.fill = 0;
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		want = translated(&in, frame_sport(dp, &out));
		in.salt = want.salt = salt_for_zero(want);
		cr_assert_eq(l4_check(&want), 0xffff, "%s", dp->label);
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, want);
	}
}

Test(checksum, udp_sum_that_was_zero)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_web(dp);
		in.fill = 0;
		in.salt = salt_for_zero(in);
		cr_assert_eq(l4_check(&in), 0xffff, "%s", dp->label);
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, translated(&in, frame_sport(dp, &out)));
	}
}

/* TCP's 0 is a sum like any other. */
Test(checksum, tcp_sum_that_becomes_zero)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct packet want, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_web(dp);
		in.fill = 0;
		in.payload = 20;
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		want = translated(&in, frame_sport(dp, &out));
		in.salt = want.salt = salt_for_zero(want);
		cr_assert_eq(l4_check(&want), 0, "%s", dp->label);
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, want);
	}
}

/* Every payload sum there is, over one flow; the address part of the sum is what varies least. */
Test(checksum, many_sums_both_ways)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), BACKEND };

		given_web(dp);
		talk_establish(dp, &t);
		for (__u32 salt = 1; salt < 65536; salt += 257) {
			struct packet p = talk_data(dp, t.client, t.dialled, 0);

			p.salt = (__u16)salt;
			expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
				      translated(&p, t.masked.port));
			p = talk_data(dp, t.backend, t.masked, 0);
			p.salt = (__u16)salt;
			expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
				      talk_routed(talk_between(p, t.dialled, t.client),
						  &client_a));
		}
	}
}

/* The TTL's part in IPv4's header sum, at every value. */
Test(checksum, every_ttl)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), BACKEND };

		given_web(dp);
		talk_establish(dp, &t);
		for (__u16 ttl = 2; ttl < 256; ttl++) {
			struct packet p = talk_data(dp, t.client, t.dialled, 0);

			p.ttl = (__u8)ttl;
			expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
				      translated(&p, t.masked.port));
		}
	}
}

/* Segments have headers of their own: that is what the wire will carry. */
Test(checksum, gso_packet_counts_its_segments)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		const struct arrival gso = { .hook = dp->hook, .dev = DEV_UP0, .gso_segs = 4,
					     .gso_size = 300 };
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), BACKEND };
		struct service web = given_web(dp);
		struct packet p = talk_data(dp, t.client, t.dialled, 0);
		struct sluice_slot_count before, after;
		__u32 headers;

		talk_establish(dp, &t);
		before = dp_slot(dp, web.slot);
		p.payload = 1000;
		headers = packet_ip_len(&p) - p.payload;
		expect_packet(dp, dp_run(dp, &gso, frame_build(&p), SENT_BACK),
			      translated(&p, t.masked.port));
		after = dp_slot(dp, web.slot);
		cr_expect_eq(after.packets_in - before.packets_in, 4, "%s", dp->label);
		cr_expect_eq(after.bytes_in - before.bytes_in, 1000 + 4 * headers, "%s",
			     dp->label);
	}
}

/* One segment of it by one byte more than fits: the packet cannot go. */
Test(checksum, gso_packet_of_too_large_segments)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, 0);) {
		const struct icmp_error big4 = { .type = 3, .code = 4, .mtu = NARROW_MTU };
		const struct icmp_error big6 = { .type = 2, .mtu = NARROW_MTU };
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), AT(pod_narrow, 8080) };
		struct packet p = talk_data(dp, t.client, t.dialled, 0);
		__u32 headers = packet_ip_len(&p) - p.payload;
		struct arrival gso = { .hook = dp->hook, .dev = DEV_UP0, .gso_segs = 2,
				       .gso_size = NARROW_MTU - headers };
		struct frame f;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_narrow });
		talk_establish(dp, &t);
		p.payload = (__u16)(gso.gso_size + 100);
		f = frame_build(&p);
		dp_run(dp, &gso, f, SENT_BACK);
		expect_no_reason(dp);
		gso.gso_size++;
		gso.answered = true;
		expect_frame(dp, dp_run(dp, &gso, f, SENT_BACK),
			     frame_icmp(&p, &f, dp->v6 ? &big6 : &big4));
		cr_expect_eq(dp_reason(dp, SLUICE_R_TOO_BIG).packets, 2, "%s", dp->label);
	}
}

/* The segments fit, though the packet does not. */
Test(checksum, gso_packet_larger_than_the_mtu_goes)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		const struct arrival gso = { .hook = dp->hook, .dev = DEV_UP0, .gso_segs = 2,
					     .gso_size = 700 };
		struct packet p = talk_open(dp, CLIENT, NODE_PORT);

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_narrow });
		p.payload = 1400;
		dp_run(dp, &gso, frame_build(&p), SENT_BACK);
		expect_no_reason(dp);
	}
}
