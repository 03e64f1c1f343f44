/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * XDP finishes a packet or leaves it untouched: what is not its own goes on byte for byte, is not
 * counted, and tc then does the whole work.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define NODE_PORT AT(node, 30080)
#define CLIENT AT(client_a, 40000)

/* XDP lets @in pass as it is; tc makes of it what @at_tc says. Returns tc's frame. */
static struct frame leaves(struct dp *dp, struct frame in, enum fate at_tc)
{
	struct frame out = dp_on(dp, XDP, UP0, in, PASSED);

	expect_frame(dp, out, in);
	expect_no_reason(dp);
	return dp_on(dp, UPLINK_IN, UP0, in, at_tc);
}

static struct service given_backend(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { backend });
}

Test(xdp_leaves, local_pod_to_tc)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct service web = given_backend(dp, &pod_a);
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		leaves(dp, frame_build(&in), SENT_BACK);
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in));
	}
}

/* Also when the flow is known: tc's entry is not XDP's. */
Test(xdp_leaves, established_flow_of_a_local_pod_to_tc)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		given_backend(dp, &pod_a);
		dp_wire(dp, frame_build(&in), SENT_BACK);
		in = talk_ack(dp, CLIENT, NODE_PORT);
		leaves(dp, frame_build(&in), SENT_BACK);
	}
}

Test(xdp_leaves, host_socket_to_tc)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &node }, .to_port = DP_HOST_PORT);
		leaves(dp, frame_build(&in), PASSED);
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_STACK, DEV_UP0);
	}
}

/* redirect_neigh: the kernel asks for the neighbour and keeps the packet until it answers. */
Test(xdp_leaves, unresolved_neighbour_costs_no_packet)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct service web = given_backend(dp, &pod_silent);
		struct packet want, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out = leaves(dp, frame_build(&in), SENT_BACK);

		want = talk_between(in, AT(node, frame_sport(dp, &out)), AT(pod_silent, 8080));
		want.ttl--;
		expect_packet(dp, out, want);
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_NEIGH, DEV_UP0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in));
		expect_no_reason(dp);
	}
}

static void neighbour(const char *what)
{
	scene_ip("neigh %s 192.0.2.99 lladdr 02:00:00:00:09:09 dev up0\n"
		 "neigh %s 2001:db8:200::99 lladdr 02:00:00:00:09:09 dev up0\n", what, what);
}

Test(xdp_leaves, resolved_neighbour_is_used_at_once)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct packet want, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_backend(dp, &pod_silent);
		out = leaves(dp, frame_build(&in), SENT_BACK);
		want = talk_between(in, AT(node, frame_sport(dp, &out)), AT(pod_silent, 8080));
		neighbour("add");
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, talk_routed(want, &pod_silent));
		neighbour("del");
	}
}

Test(xdp_leaves, uplink_without_native_xdp_to_tc)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct sluice_device row = { .addr4 = node_up1.ip[0], .addr6 = node_up1.ip[1],
					     .kind = SLUICE_DEV_UPLINK };
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_backend(dp, &pod_far);
		dp_set_device(dp, DEV_UP1, &row);
		out = leaves(dp, frame_build(&in), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(in,
								AT(node_up1, frame_sport(dp, &out)),
								AT(pod_far, 8080)), &pod_far));
	}
}

/* tc says "time exceeded": see reject.c. The stack would not, to it a node port is its own. */
Test(xdp_leaves, last_hop_to_tc)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), 0);) {
		struct service web = given_backend(dp, &pod_remote);
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		in.ttl = 1;
		out = dp_on(dp, XDP, UP0, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
		expect_tables(dp, &in, 0);
		expect_no_reason(dp);
		expect_slot(dp, web.slot, 0);
	}
}

Test(xdp_leaves, ttl_2_is_forwarded)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_backend(dp, &pod_remote);
		in.ttl = 2;
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(node, frame_sport(dp, &out)),
								AT(pod_remote, 8080)),
						   &pod_remote));
	}
}

Test(xdp_leaves, frame_for_another_mac)
{
	static const __u8 other[6] = { 0x02, 0, 0, 0, 7, 7 };
	struct dp *dp = dp_open(ON(XDP) | ON(UPLINK_IN), true);
	struct packet in;
	struct frame f, out;

	dp_set_case(dp, HOOK_XDP, false, IPPROTO_TCP);
	given_backend(dp, &pod_remote);
	in = talk_open(dp, CLIENT, NODE_PORT);
	memcpy(in.dmac, other, sizeof(other));
	f = frame_build(&in);
	out = leaves(dp, f, PASSED);
	expect_frame(dp, out, f);
	expect_tables(dp, &in, 0);

	in = talk_open(dp, CLIENT, NODE_PORT);
	dp_wire(dp, frame_build(&in), SENT_BACK);	/* and ours is ours */
	dp_close(dp);
}

/* A frame that is not for us to translate, at both hooks. */
static void expect_untouched(struct dp *dp, struct frame in, enum sluice_reason why)
{
	struct frame out = leaves(dp, in, PASSED);

	expect_frame(dp, out, in);
	cr_expect_eq(dp_reason(dp, why).packets, 1, "%s", dp->label);
	cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
}

/* Not even counted: what is not IP is nobody's business here. */
static void expect_ignored(struct dp *dp, struct frame in)
{
	expect_frame(dp, leaves(dp, in, PASSED), in);
	expect_no_reason(dp);
	cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
}

Test(xdp_leaves, vlan_frame)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		static const __u8 tag[4] = { 0x81, 0x00, 0x00, 0x05 };
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_backend(dp, &pod_remote);
		memmove(f.bytes + 16, f.bytes + 12, f.len - 12);
		frame_poke(&f, 12, tag, sizeof(tag));
		f.len += 4;
		expect_ignored(dp, f);
	}
}

Test(xdp_leaves, arp)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_TCP | ONLY_V4, ON(UPLINK_IN));) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame f = frame_build(&in);

		given_backend(dp, &pod_remote);
		frame_poke(&f, 12, &(__be16){ htons(ETH_P_ARP) }, 2);
		expect_ignored(dp, f);
	}
}

Test(xdp_leaves, icmp)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_TCP, ON(UPLINK_IN));) {
		struct packet about = talk_leaving(talk_open(dp, NODE_PORT, CLIENT), &client_a);
		struct frame f = frame_build(&about);

		given_backend(dp, &pod_remote);
		expect_untouched(dp, frame_icmp(&about, &f, &(struct icmp_error){ .type = 3 }),
				 SLUICE_R_NOT_OURS);
	}
}

Test(xdp_leaves, what_dials_no_service)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct packet in = talk_open(dp, CLIENT, AT(node, 22));

		given_backend(dp, &pod_remote);
		expect_untouched(dp, frame_build(&in), SLUICE_R_NOT_OURS);
	}
}

/* XDP takes one from the TTL of all that it sends; of what the node itself sends none goes. */
Test(xdp_leaves, flow_of_the_node_itself)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT), ON(XDP));) {
		struct packet in = talk_open(dp, AT(node, 40000), AT(cluster_ip, 80));
		struct frame out;

		given_service(dp, .at = &cluster_ip, .port = 80, .to = { &pod_remote });
		in = talk_leaving(in, &pod_remote);
		dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), PASSED);
		/* Somebody on the wire says that it is us. */
		memcpy(in.dmac, scene_mac(DEV_UP0), sizeof(in.dmac));
		memcpy(in.smac, client_a.mac, sizeof(in.smac));
		in.ttl = 0;
		out = dp_on(dp, XDP, UP0, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
	}
}

/* The filter says "perhaps", the tables say no. */
Test(xdp_leaves, what_only_shares_a_filter_bit)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);

		given_backend(dp, &pod_remote);
		dp_forget_services(dp);
		expect_untouched(dp, frame_build(&in), SLUICE_R_NOT_OURS);
	}
}
