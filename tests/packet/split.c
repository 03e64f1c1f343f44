/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IPv4 without DF that is too large for the way out: tc rewrites it and hands it to the stack, which
 * forwards it in fragments; the hop limit is the stack's to count. It comes up by the device where
 * its new source is expected.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)

static struct packet large(struct packet p)
{
	p.fragment = 0;
	p.payload += NARROW_MTU + 1 - packet_ip_len(&p);
	return p;
}

static struct packet up_by_lo(struct packet p)
{
	memset(p.smac, 0, sizeof(p.smac));
	memset(p.dmac, 0, sizeof(p.dmac));
	return p;
}

/* The node's own address comes up by lo, which alone may bring it in. */
Test(split, masked_packet_goes_up_by_lo)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_V4, ON(XDP));) {
		struct packet in = large(talk_open(dp, CLIENT, NODE_PORT));
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_narrow });
		struct frame f = frame_build(&in), out;
		struct end masked;

		out = dp_on(dp, XDP, UP0, f, PASSED);
		expect_frame(dp, out, f);
		out = dp_wire(dp, f, SENT_AWAY);
		masked = AT(node, frame_sport(dp, &out));
		expect_packet(dp, out, up_by_lo(talk_between(in, masked, AT(pod_narrow, 8080))));
		expect_tables(dp, &in, IN_HALF);
		/* The next one, of a flow that is known. */
		out = dp_on(dp, XDP, UP0, f, PASSED);
		expect_frame(dp, out, f);
		out = dp_wire(dp, f, SENT_AWAY);
		expect_packet(dp, out, up_by_lo(talk_between(in, masked, AT(pod_narrow, 8080))));
		expect_slot(dp, web.slot, .packets_in = 2, .bytes_in = 2 * packet_ip_len(&in));
		expect_no_reason(dp);
	}
}

/* Its own source is expected where it is. */
Test(split, packet_of_a_pod_goes_on_where_it_is)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ONLY_V4, 0);) {
		struct packet in = large(talk_open(dp, AT(pod_a, 40000), AT(cluster_ip, 80)));
		struct frame out;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_narrow });
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), PASSED);
		expect_packet(dp, out, talk_between(in, AT(pod_a, 40000), AT(pod_narrow, 8080)));
		expect_no_reason(dp);
	}
}

/* Nor is its size held against the way back, which it does not go. */
Test(split, packet_larger_than_the_way_back_goes_on)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ONLY_V4, 0);) {
		struct packet in = talk_open(dp, AT(pod_b, 40000), AT(cluster_ip, 80));
		struct frame out;

		in.fragment = 0;
		in.payload += 1510 - packet_ip_len(&in);	/* more than a VLAN tag */
		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_narrow });
		out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&in), PASSED);
		expect_packet(dp, out, talk_between(in, AT(pod_b, 40000), AT(pod_narrow, 8080)));
		expect_no_reason(dp);
	}
}

Test(split, packet_of_the_host_goes_up_by_lo)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ONLY_V4, 0);) {
		struct packet in = large(talk_open(dp, AT(node, 40000), AT(cluster_ip, 80)));
		struct frame out;

		in = talk_leaving(in, &client_a);
		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_narrow });
		out = dp_wire(dp, frame_build(&in), SENT_AWAY);
		expect_packet(dp, out, up_by_lo(talk_between(in, AT(node, frame_sport(dp, &out)),
							     AT(pod_narrow, 8080))));
		expect_no_reason(dp);
	}
}

static void clients_way(const char *mtu)
{
	scene_ip("route replace 198.51.100.0/24 via 192.0.2.254 dev up0 %s\n", mtu);
}

/* The answer of a pod that was dialled at a VIP, too large for its client's way now. */
static struct packet given_large_reply(struct dp *dp)
{
	struct packet in = talk_open(dp, CLIENT, AT(vip, 443));

	given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
		      .flags = SLUICE_SVC_EXT_LOCAL, .to = { &pod_a });
	dp_on(dp, UPLINK_IN, UP0, frame_build(&in), SENT_AWAY);
	clients_way("mtu lock 1280");
	return large(talk_answer(dp, AT(pod_a, 8080), CLIENT));
}

/* A reply in the name of an address that is not ours comes up where the route to that leads. */
Test(split, reply_of_a_vip_goes_up_by_the_way_to_the_vip)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ONLY_V4, ON(UPLINK_IN));) {
		struct packet want, back = given_large_reply(dp);
		struct frame out;

		scene_ip("route add 198.18.0.0/24 via 192.0.2.254 dev up0\n");
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_AWAY);
		want = talk_between(back, AT(vip, 443), CLIENT);
		memcpy(want.smac, scene_mac(DEV_UP0), sizeof(want.smac));
		memcpy(want.dmac, scene_mac(DEV_UP0), sizeof(want.dmac));
		expect_packet(dp, out, want);
		scene_ip("route del 198.18.0.0/24\n");
		clients_way("");
	}
}

/* No device expects it: then its sender has to send smaller ones. */
Test(split, packet_that_may_come_up_nowhere_is_too_big)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ONLY_V4, ON(UPLINK_IN));) {
		const struct icmp_error big = { .type = 3, .code = 4, .mtu = NARROW_MTU };
		struct arrival at = { .hook = dp->hook, .dev = DEV_LXC0, .answered = true };
		struct packet back = given_large_reply(dp);
		struct frame f = frame_build(&back);

		expect_frame(dp, dp_run(dp, &at, f, SENT_BACK), frame_icmp(&back, &f, &big));
		expect_reason(dp, SLUICE_R_TOO_BIG, 1, packet_ip_len(&back));
		clients_way("");
	}
}
