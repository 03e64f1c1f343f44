/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Jumbo frames: to XDP they come in several buffers, of which the program's pointers reach the first.
 * To tc they are packets like others; the kernel runs a tc program on no more than a page of them here.
 */
#include <criterion/criterion.h>

#include "support/expect.h"

#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)
#define BACKEND AT(pod_remote, 8080)
#define PAYLOAD 8800

static void mtu(int bytes)
{
	scene_ip("link set up0 mtu %d\nlink set up1 mtu %d\n", bytes, bytes);
}

static struct service given_web(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { backend });
}

static struct packet jumbo(struct packet p)
{
	p.payload = PAYLOAD;
	return p;
}

/* The whole frame is there behind the rewrite, and its checksum, over all of it, is right. */
Test(jumbo, established_flow_both_ways)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), 0);) {
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), BACKEND };
		struct packet p;

		mtu(9000);
		given_web(dp, &pod_remote);
		talk_establish(dp, &t);
		p = jumbo(talk_data(dp, t.client, t.dialled, 0));
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
			      talk_routed(talk_between(p, t.masked, t.backend), &pod_remote));
		p = jumbo(talk_data(dp, t.backend, t.masked, 0));
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
			      talk_routed(talk_between(p, t.dialled, t.client), &client_a));
		expect_no_reason(dp);
		mtu(1500);
	}
}

Test(jumbo, first_datagram)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_UDP, 0);) {
		struct packet in = jumbo(talk_open(dp, CLIENT, NODE_PORT));
		struct service web = given_web(dp, &pod_remote);
		struct frame out;

		mtu(9000);
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(node, frame_sport(dp, &out)),
								BACKEND), &pod_remote));
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in));
		mtu(1500);
	}
}

static void expect_left(struct dp *dp, const struct packet *p)
{
	struct frame f = frame_build(p);

	expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
	expect_no_reason(dp);
}

/* Whether another device transmits frames of several buffers XDP cannot know: it leaves them. */
Test(jumbo, out_of_another_uplink_is_left)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_UDP, 0);) {
		struct packet small = talk_open(dp, CLIENT, NODE_PORT), large = jumbo(small);
		struct frame out;

		mtu(9000);
		given_web(dp, &pod_far);
		expect_left(dp, &large);
		expect_tables(dp, &large, 0);
		out = dp_on(dp, XDP, UP0, frame_build(&small), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(small,
								AT(node_up1, frame_sport(dp, &out)),
								AT(pod_far, 8080)), &pod_far));
		expect_left(dp, &large);
		mtu(1500);
	}
}

/* The answer is small: buffers go, and what is left shrinks. */
Test(jumbo, becomes_an_answer)
{
	static const struct icmp_error shut4 = { .type = 3, .code = 3 }, shut6 = { 1, 4, 0 };

	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_UDP, 0);) {
		struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };
		struct packet in = jumbo(talk_open(dp, CLIENT, NODE_PORT));
		struct frame f = frame_build(&in);

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT);
		expect_frame(dp, dp_run(dp, &at, f, SENT_BACK),
			     frame_icmp(&in, &f, dp->v6 ? &shut6 : &shut4));
		expect_reason(dp, SLUICE_R_NO_BACKEND, 1, packet_ip_len(&in));
	}
}

/* Larger than the way out takes, by one: tc says so. */
Test(jumbo, too_big_for_the_way_out_is_left)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		mtu(9000);
		given_web(dp, &pod_remote);
		in.payload += 9001 - packet_ip_len(&in);
		expect_left(dp, &in);
		expect_tables(dp, &in, 0);
		mtu(1500);
	}
}
