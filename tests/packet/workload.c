/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a local pod to services: tc ingress of its host device, and the ways by which answers come
 * back to it.
 */
#include <criterion/criterion.h>

#include "support/expect.h"

#define SERVICE AT(cluster_ip, 80)
#define CLIENT AT(pod_a, 40000)

static struct service given_cluster_ip(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			     .to = { backend }, .to_port = backend == &node ? DP_HOST_PORT : 0);
}

static struct packet into_pod(struct packet p, struct end from, struct end to)
{
	return talk_routed(talk_between(p, from, to), to.host);
}

Test(workload, cluster_ip_to_a_remote_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, ON(UPLINK_IN) | ON(XDP));) {
		struct end backend = AT(pod_remote, 8080);
		struct service web = given_cluster_ip(dp, &pod_remote);
		struct packet back, in = talk_open(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);

		expect_packet(dp, out, talk_routed(talk_between(in, CLIENT, backend),
						   &pod_remote));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_UP0);

		back = talk_answer(dp, backend, CLIENT);
		out = dp_on(dp, XDP, UP0, frame_build(&back), PASSED);
		expect_packet(dp, out, back);
		out = dp_on(dp, UPLINK_IN, UP0, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, into_pod(back, SERVICE, CLIENT));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

Test(workload, cluster_ip_to_the_pod_next_door_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct end backend = AT(pod_b, 8080);
		struct service web = given_cluster_ip(dp, &pod_b);
		struct packet back, in = talk_open(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);

		expect_packet(dp, out, into_pod(in, CLIENT, backend));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_POD, DEV_LXC1);

		back = talk_answer(dp, backend, CLIENT);
		out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, into_pod(back, SERVICE, CLIENT));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

Test(workload, cluster_ip_to_a_host_socket_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, ON(WORKLOAD_OUT));) {
		struct end backend = AT(node, DP_HOST_PORT);
		struct service web = given_cluster_ip(dp, &node);
		struct packet back, in = talk_open(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), PASSED);

		expect_packet(dp, out, talk_between(in, CLIENT, backend));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_STACK, DEV_LXC0);

		back = talk_leaving(talk_answer(dp, backend, CLIENT), &pod_a);
		out = dp_on(dp, WORKLOAD_OUT, LXC0, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, SERVICE, CLIENT));
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

/* The pod would drop what comes from itself: it must see the node. */
Test(workload, pod_reaches_itself_through_its_service)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct end backend = AT(pod_a, 8080);
		struct service web = given_cluster_ip(dp, &pod_a);
		struct packet back, in = talk_open(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
		struct end masked = AT(node, frame_sport(dp, &out));

		expect_packet(dp, out, into_pod(in, masked, backend));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);

		back = talk_answer(dp, backend, masked);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, into_pod(back, SERVICE, CLIENT));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

/* Whatever the routes say meanwhile: the way back to a pod is the way its packets came. */
Test(workload, answer_needs_no_route_to_the_pod)
{
	static const char *const routes[2] = { "del", "add" };

	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct end backend = AT(pod_b, 8080);
		struct packet in = talk_open(dp, CLIENT, SERVICE);
		struct packet back = talk_answer(dp, backend, CLIENT);
		struct frame out;

		given_cluster_ip(dp, &pod_b);
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
		for (int i = 0; i < 2; i++) {
			scene_ip("route %s 10.244.1.10/32 dev lxc0\n"
				 "route %s 2001:db8:1001::10/128 dev lxc0\n", routes[i], routes[i]);
			out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&back), SENT_AWAY);
			expect_packet(dp, out, into_pod(back, SERVICE, CLIENT));
			expect_hop(dp, &back, IN_HALF, SLUICE_SEND_POD, DEV_LXC0);
		}
	}
}

/* Node ports and VIPs are masqueraded from pods too, unless the policy is Local. */
Test(workload, node_port_is_masqueraded)
{
	static const struct host *const backends[] = { &pod_remote, &pod_b };

	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, ON(UPLINK_IN));) {
		struct packet back, in = talk_open(dp, CLIENT, AT(node, 30080));

		for (int i = 0; i < 2; i++) {
			struct end backend = { backends[i], 8080 };
			bool remote = backends[i] == &pod_remote;
			struct end masked;
			struct frame out;

			given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
				      .to = { backends[i] });
			out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
			masked = AT(node, frame_sport(dp, &out));
			cr_expect(masked.port >= DP_SNAT_MIN, "%s", dp->label);
			expect_packet(dp, out, remote ? talk_routed(talk_between(in, masked, backend),
								    &pod_remote)
						      : into_pod(in, masked, backend));
			back = talk_answer(dp, backend, masked);
			out = remote ? dp_on(dp, UPLINK_IN, UP0, frame_build(&back), SENT_AWAY)
				     : dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&back), SENT_AWAY);
			expect_packet(dp, out, into_pod(back, AT(node, 30080), CLIENT));
			expect_no_reason(dp);
			dp_reset(dp);
		}
	}
}

/* "Up to an external load balancer and back in": any endpoint will do, the pod keeps its name. */
Test(workload, local_policy_binds_only_the_outside)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, CLIENT, AT(vip, 443));
		struct frame out;

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .flags = SLUICE_SVC_EXT_LOCAL, .to = { &pod_remote });
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(in, CLIENT, AT(pod_remote, 8080)),
						   &pod_remote));
	}
}

Test(workload, internal_local_policy_stays_on_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .flags = SLUICE_SVC_INT_LOCAL, .to = { &pod_remote, &pod_b });
		for (__u16 i = 0; i < 16; i++) {
			struct end client = AT(pod_a, 40000 + i);
			struct packet in = talk_open(dp, client, SERVICE);
			struct frame out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in),
						 SENT_AWAY);

			expect_packet(dp, out, into_pod(in, client, AT(pod_b, 8080)));
		}
	}
}

Test(workload, established_flow_needs_no_service)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct end backend = AT(pod_b, 8080);
		struct service web = given_cluster_ip(dp, &pod_b);
		struct packet p = talk_open(dp, CLIENT, SERVICE);
		struct frame out;

		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_AWAY);
		p = talk_answer(dp, backend, CLIENT);
		dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&p), SENT_AWAY);
		p = talk_ack(dp, CLIENT, SERVICE);
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_AWAY);
		expect_tables(dp, &p, IN_FLOWS);
		dp_forget_services(dp);

		p = talk_data(dp, CLIENT, SERVICE, PSH);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_AWAY);
		expect_packet(dp, out, into_pod(p, CLIENT, backend));
		p = talk_data(dp, backend, CLIENT, PSH);
		out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&p), SENT_AWAY);
		expect_packet(dp, out, into_pod(p, SERVICE, CLIENT));
		expect_hop(dp, &p, IN_FLOWS, SLUICE_SEND_POD, DEV_LXC0);
		cr_expect_eq(dp_slot(dp, web.slot).opened, 1, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* A device that has no peer to redirect into, a bridge's say, gets a frame with MACs. */
Test(workload, pod_behind_a_device_without_peer)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct sluice_device row = { .kind = SLUICE_DEV_WORKLOAD };
		struct packet back, in = talk_open(dp, CLIENT, SERVICE);
		struct frame out;

		given_cluster_ip(dp, &pod_b);
		dp_set_device(dp, DEV_LXC0, &row);
		dp_set_device(dp, DEV_LXC1, &row);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(in, CLIENT, AT(pod_b, 8080)),
						   &pod_b));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_LXC1);
		back = talk_answer(dp, AT(pod_b, 8080), CLIENT);
		out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(back, SERVICE, CLIENT), &pod_a));
	}
}

Test(workload, what_dials_no_service_is_untouched)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, CLIENT, AT(pod_remote, 5432));
		struct frame out;

		given_cluster_ip(dp, &pod_remote);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
		expect_reason(dp, SLUICE_R_NOT_OURS, 1, packet_ip_len(&in));
	}
}

/* A backend's own business, from the port of its service: no flow, no frontend. */
Test(workload, backend_dialled_directly_is_untouched)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, CLIENT, AT(pod_b, 8080));
		struct packet back = talk_answer(dp, AT(pod_b, 8080), CLIENT);
		struct frame out;

		given_cluster_ip(dp, &pod_b);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
		out = dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&back), PASSED);
		expect_packet(dp, out, back);
		expect_reason(dp, SLUICE_R_NOT_OURS, 2,
			      packet_ip_len(&in) + packet_ip_len(&back));
	}
}
