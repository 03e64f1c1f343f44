/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From outside to a node port or VIP whose backend is on this node, a pod or a socket of the
 * host: tc of the uplink, and the hook where the answer comes by.
 */
#include <criterion/criterion.h>

#include "support/expect.h"

#define NODE_PORT AT(node, 30080)
#define CLIENT AT(client_a, 40000)
#define POD AT(pod_a, 8080)
#define SOCKET AT(node, DP_HOST_PORT)

static struct service given_pod(struct dp *dp, const struct host *at, __u16 port,
				enum sluice_frontend_kind kind, __u32 flags)
{
	return given_service(dp, .at = at, .port = port, .kind = kind, .flags = flags,
			     .to = { &pod_a });
}

static struct service given_socket(struct dp *dp)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { &node }, .to_port = DP_HOST_PORT);
}

/* Straight into the pod, by the MACs of its neighbour entry. */
static struct packet into_pod(struct packet p, struct end from, struct end to)
{
	return talk_routed(talk_between(p, from, to), to.host);
}

Test(uplink_local, pod_sees_the_node_by_cluster_policy)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(WORKLOAD_IN));) {
		struct service web = given_pod(dp, &node, 30080, SLUICE_FE_NODE_PORT, 0);
		struct packet back, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out = dp_wire(dp, frame_build(&in), SENT_BACK);
		__u16 snat = frame_sport(dp, &out);

		cr_expect(snat >= DP_SNAT_MIN && snat <= DP_SNAT_MAX, "%s: %u", dp->label, snat);
		expect_packet(dp, out, into_pod(in, AT(node, snat), POD));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);

		back = talk_answer(dp, POD, AT(node, snat));
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(back, NODE_PORT, CLIENT),
						   &client_a));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_WIRE, DEV_UP0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

Test(uplink_local, pod_sees_the_client_by_local_policy)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(WORKLOAD_IN));) {
		struct packet back, in = talk_open(dp, CLIENT, AT(vip, 443));
		struct service web = given_pod(dp, &vip, 443, SLUICE_FE_EXTERNAL,
					       SLUICE_SVC_EXT_LOCAL);
		struct frame out = dp_wire(dp, frame_build(&in), SENT_BACK);

		expect_packet(dp, out, into_pod(in, CLIENT, POD));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);

		back = talk_answer(dp, POD, CLIENT);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(back, AT(vip, 443), CLIENT),
						   &client_a));
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

/* Only the local pod, though another is in the cluster's set. */
Test(uplink_local, local_policy_uses_local_endpoints)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(XDP));) {
		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .flags = SLUICE_SVC_EXT_LOCAL,
			      .to = { &pod_remote, &pod_a, &pod_remote_2 });
		for (__u16 i = 0; i < 16; i++) {
			struct end client = AT(client_a, 40000 + i);
			struct packet in = talk_open(dp, client, NODE_PORT);
			struct frame out;

			dp_on(dp, XDP, UP0, frame_build(&in), PASSED);
			out = dp_wire(dp, frame_build(&in), SENT_BACK);
			expect_packet(dp, out, into_pod(in, client, POD));
		}
	}
}

Test(uplink_local, established_flow_of_a_pod)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(WORKLOAD_IN));) {
		struct service web = given_pod(dp, &node, 30080, SLUICE_FE_NODE_PORT, 0);
		struct packet p = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);
		struct end masked = AT(node, frame_sport(dp, &out));

		p = talk_answer(dp, POD, masked);
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_BACK);
		p = talk_ack(dp, CLIENT, NODE_PORT);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		cr_expect(dp_flow(dp, &p, NULL) & IN_FLOWS, "%s", dp->label);
		dp_forget_services(dp);

		p = talk_data(dp, CLIENT, NODE_PORT, PSH);
		out = dp_wire(dp, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, into_pod(p, masked, POD));
		p = talk_data(dp, POD, masked, PSH);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(p, NODE_PORT, CLIENT),
						   &client_a));
		cr_expect_eq(dp_slot(dp, web.slot).opened, 1, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* Our own address must not come in from outside: the socket sees the client. */
Test(uplink_local, host_socket_sees_the_client)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(UPLINK_OUT));) {
		struct service web = given_socket(dp);
		struct packet back, in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out = dp_wire(dp, frame_build(&in), PASSED);

		expect_packet(dp, out, talk_between(in, CLIENT, SOCKET));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_STACK, DEV_UP0);

		back = talk_leaving(talk_answer(dp, SOCKET, CLIENT), &client_a);
		out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, NODE_PORT, CLIENT));
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

Test(uplink_local, established_flow_of_a_host_socket)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, ON(UPLINK_OUT));) {
		struct service web = given_socket(dp);
		struct packet p = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		dp_wire(dp, frame_build(&p), PASSED);
		p = talk_leaving(talk_answer(dp, SOCKET, CLIENT), &client_a);
		dp_on(dp, UPLINK_OUT, UP0, frame_build(&p), PASSED);
		p = talk_ack(dp, CLIENT, NODE_PORT);
		out = dp_wire(dp, frame_build(&p), PASSED);
		expect_packet(dp, out, talk_between(p, CLIENT, SOCKET));
		cr_expect(dp_flow(dp, &p, NULL) & IN_FLOWS, "%s", dp->label);
		p = talk_leaving(talk_data(dp, SOCKET, CLIENT, PSH), &client_a);
		out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&p), PASSED);
		expect_packet(dp, out, talk_between(p, NODE_PORT, CLIENT));
		cr_expect_eq(dp_slot(dp, web.slot).opened, 1, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* A packet that goes up is not forwarded: its last hop is here. */
Test(uplink_local, host_socket_gets_ttl_1)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_socket(dp);
		in.ttl = 1;
		out = dp_wire(dp, frame_build(&in), PASSED);
		expect_packet(dp, out, talk_between(in, CLIENT, SOCKET));
	}
}

/* A frame for somebody else, which only a promiscuous device shows. */
Test(uplink_local, frame_for_another_mac)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct frame out;

		given_pod(dp, &node, 30080, SLUICE_FE_NODE_PORT, 0);
		in.dmac[5] ^= 0x40;
		out = dp_wire(dp, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
		expect_no_reason(dp);
	}
}
