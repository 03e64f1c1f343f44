/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From processes of the node to services: tc egress of the uplink for ClusterIPs, tc of lo for
 * the node's own addresses; and how answers find the process again.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define SERVICE AT(cluster_ip, 80)
#define NODE_PORT AT(node, 30080)
#define CLIENT AT(node, 40000)

/* What a process sends towards the cluster's addresses leaves by the gateway. */
static struct packet leaving(const struct dp *dp, struct end from, struct end to)
{
	return talk_leaving(talk_open(dp, from, to), &client_a);
}

/* On lo there are no MACs. */
static struct packet through_lo(struct packet p)
{
	memset(p.smac, 0, sizeof(p.smac));
	memset(p.dmac, 0, sizeof(p.dmac));
	return p;
}

static struct service given_cluster_ip(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			     .to = { backend }, .to_port = backend == &node ? DP_HOST_PORT : 0);
}

static struct service given_node_port(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { backend }, .to_port = backend == &node ? DP_HOST_PORT : 0);
}

static void expect_both_ways(struct dp *dp, const struct service *s, const struct packet *in,
			     const struct packet *back)
{
	expect_slot(dp, s->slot, .packets_in = 1, .bytes_in = packet_ip_len(in),
		    .packets_out = 1, .bytes_out = packet_ip_len(back));
	expect_no_reason(dp);
}

Test(host, cluster_ip_to_a_remote_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ALSO_SCTP, ON(UPLINK_IN) | ON(XDP));) {
		struct end masked, backend = AT(pod_remote, 8080);
		struct service web = given_cluster_ip(dp, &pod_remote);
		struct packet back, in = leaving(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), PASSED);

		/* Its address is the node's already; its port is taken from our range. */
		masked = AT(node, frame_sport(dp, &out));
		cr_expect(masked.port >= DP_SNAT_MIN, "%s", dp->label);
		expect_packet(dp, out, talk_leaving(talk_between(in, masked, backend),
						    &pod_remote));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_UP0);

		back = talk_answer(dp, backend, masked);
		out = dp_on(dp, XDP, UP0, frame_build(&back), PASSED);
		expect_packet(dp, out, back);
		out = dp_on(dp, UPLINK_IN, UP0, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, SERVICE, CLIENT));
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, cluster_ip_to_a_local_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ALSO_SCTP, ON(WORKLOAD_IN));) {
		struct end masked, backend = AT(pod_a, 8080);
		struct service web = given_cluster_ip(dp, &pod_a);
		struct packet want, back, in = leaving(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), SENT_AWAY);

		masked = AT(node, frame_sport(dp, &out));
		expect_packet(dp, out, talk_leaving(talk_between(in, masked, backend), &pod_a));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_LXC0);

		/* In the service's name it must come in where rp_filter expects that: by up0. */
		back = talk_answer(dp, backend, masked);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_AWAY);
		want = through_lo(talk_between(back, SERVICE, CLIENT));
		memcpy(want.dmac, scene_mac(DEV_UP0), 6);
		expect_packet(dp, out, want);
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_UPLINK_IN, DEV_UP0);
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, cluster_ip_to_its_own_socket_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ALSO_SCTP, ON(LO_OUT));) {
		struct end masked, backend = AT(node, DP_HOST_PORT);
		struct service web = given_cluster_ip(dp, &node);
		struct packet back, in = leaving(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), SENT_AWAY);

		masked = AT(node, frame_sport(dp, &out));
		expect_packet(dp, out, through_lo(talk_between(in, masked, backend)));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_LOOP, DEV_LO);

		back = through_lo(talk_answer(dp, backend, masked));
		out = dp_on(dp, LO_OUT, LO, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, SERVICE, CLIENT));
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, own_node_port_to_a_remote_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(LO_OUT) | ALSO_SCTP, ON(UPLINK_IN) | ON(XDP));) {
		struct end masked, backend = AT(pod_remote, 8080);
		struct service web = given_node_port(dp, &pod_remote);
		struct packet back, in = through_lo(talk_open(dp, CLIENT, NODE_PORT));
		struct frame out = dp_on(dp, LO_OUT, LO, frame_build(&in), SENT_AWAY);

		masked = AT(node, frame_sport(dp, &out));
		cr_expect(masked.port >= DP_SNAT_MIN, "%s", dp->label);
		expect_packet(dp, out, talk_leaving(talk_between(in, masked, backend),
						    &pod_remote));

		/* Between two addresses of ours: only lo may bring that in. */
		back = talk_answer(dp, backend, masked);
		out = dp_on(dp, XDP, UP0, frame_build(&back), PASSED);
		expect_packet(dp, out, back);
		out = dp_on(dp, UPLINK_IN, UP0, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, through_lo(talk_between(back, NODE_PORT, CLIENT)));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_LOOP, DEV_LO);
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, own_node_port_to_a_local_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(LO_OUT) | ALSO_SCTP, ON(WORKLOAD_IN));) {
		struct end masked, backend = AT(pod_a, 8080);
		struct service web = given_node_port(dp, &pod_a);
		struct packet back, in = through_lo(talk_open(dp, CLIENT, NODE_PORT));
		struct frame out = dp_on(dp, LO_OUT, LO, frame_build(&in), SENT_AWAY);

		masked = AT(node, frame_sport(dp, &out));
		expect_packet(dp, out, talk_leaving(talk_between(in, masked, backend), &pod_a));

		back = talk_answer(dp, backend, masked);
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, through_lo(talk_between(back, NODE_PORT, CLIENT)));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_LOOP, DEV_LO);
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, own_node_port_to_its_own_socket_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(LO_OUT) | ALSO_SCTP, 0);) {
		struct end masked, backend = AT(node, DP_HOST_PORT);
		struct service web = given_node_port(dp, &node);
		struct packet back, in = through_lo(talk_open(dp, CLIENT, NODE_PORT));
		struct frame out = dp_on(dp, LO_OUT, LO, frame_build(&in), PASSED);

		masked = AT(node, frame_sport(dp, &out));
		expect_packet(dp, out, talk_between(in, masked, backend));
		back = through_lo(talk_answer(dp, backend, masked));
		out = dp_on(dp, LO_OUT, LO, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, NODE_PORT, CLIENT));
		expect_both_ways(dp, &web, &in, &back);
	}
}

Test(host, established_flow_needs_no_service)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ALSO_SCTP, ON(UPLINK_IN));) {
		struct end masked, backend = AT(pod_remote, 8080);
		struct service web = given_cluster_ip(dp, &pod_remote);
		struct packet p = leaving(dp, CLIENT, SERVICE);
		struct frame out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&p), PASSED);

		masked = AT(node, frame_sport(dp, &out));
		p = talk_answer(dp, backend, masked);
		dp_on(dp, UPLINK_IN, UP0, frame_build(&p), PASSED);
		p = talk_leaving(talk_ack(dp, CLIENT, SERVICE), &client_a);
		dp_on(dp, UPLINK_OUT, UP0, frame_build(&p), PASSED);
		expect_tables(dp, &p, IN_FLOWS);
		dp_forget_services(dp);

		p = talk_leaving(talk_data(dp, CLIENT, SERVICE, PSH), &client_a);
		out = dp_on(dp, UPLINK_OUT, UP0, frame_build(&p), PASSED);
		expect_packet(dp, out, talk_leaving(talk_between(p, masked, backend),
						    &pod_remote));
		p = talk_data(dp, backend, masked, PSH);
		out = dp_on(dp, UPLINK_IN, UP0, frame_build(&p), PASSED);
		expect_packet(dp, out, talk_between(p, SERVICE, CLIENT));
		cr_expect_eq(dp_slot(dp, web.slot).opened, 1, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* It was seen where it came in. */
Test(host, forwarded_packets_are_untouched_on_their_way_out)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT) | ON(WORKLOAD_OUT) | ALSO_SCTP, 0);) {
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0,
					    .forwarded_from = DEV_LXC0 };
		struct packet in = talk_leaving(talk_open(dp, AT(pod_a, 40000), SERVICE),
						&client_a);
		struct frame out;

		given_cluster_ip(dp, &pod_remote);
		out = dp_run(dp, &at, frame_build(&in), PASSED);
		expect_packet(dp, out, in);
		expect_no_reason(dp);
		expect_tables(dp, &in, 0);
	}
}

/* --- 127.0.0.1 ---------------------------------------------------------------- */

#define LOCAL_CLIENT AT(localhost, 40000)
#define LOCAL_PORT AT(localhost, 30080)

static struct service given_localhost(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &localhost, .port = 30080, .kind = SLUICE_FE_LOCALHOST,
			     .to = { backend }, .to_port = backend == &node ? DP_HOST_PORT : 0);
}

Test(host, node_port_of_localhost_to_pods_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(LO_OUT) | ONLY_V4, ON(UPLINK_IN) | ON(WORKLOAD_IN));) {
		static const struct {
			const struct host *pod, *mask;
			enum hook hook;
			enum device dev;
		} rows[] = {
			{ &pod_remote, &node, HOOK_UPLINK_IN, DEV_UP0 },
			{ &pod_far, &node_up1, HOOK_UPLINK_IN, DEV_UP1 },
			{ &pod_a, &node, HOOK_WORKLOAD_IN, DEV_LXC0 },
		};
		__u8 proto = dp->proto;

		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			const struct arrival at = { .hook = rows[i].hook, .dev = rows[i].dev };
			struct end masked, backend = { rows[i].pod, 8080 };
			struct packet back, in;
			struct service web;
			struct frame out;

			dp_reset(dp);
			dp_set_case(dp, HOOK_LO_OUT, false, proto);
			web = given_localhost(dp, rows[i].pod);
			in = through_lo(talk_open(dp, LOCAL_CLIENT, LOCAL_PORT));
			out = dp_on(dp, LO_OUT, LO, frame_build(&in), SENT_AWAY);
			masked = (struct end){ rows[i].mask, frame_sport(dp, &out) };
			expect_packet(dp, out, talk_leaving(talk_between(in, masked, backend),
							    rows[i].pod));
			back = talk_answer(dp, backend, masked);
			out = dp_run(dp, &at, frame_build(&back), SENT_AWAY);
			expect_packet(dp, out, through_lo(talk_between(back, LOCAL_PORT,
								       LOCAL_CLIENT)));
			expect_hop(dp, &back, IN_HALF, SLUICE_SEND_LOOP, DEV_LO);
			expect_both_ways(dp, &web, &in, &back);
		}
	}
}

Test(host, node_port_of_localhost_to_its_own_socket_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(LO_OUT) | ONLY_V4, 0);) {
		struct end masked, backend = AT(node, DP_HOST_PORT);
		struct service web = given_localhost(dp, &node);
		struct packet back, in = through_lo(talk_open(dp, LOCAL_CLIENT, LOCAL_PORT));
		struct frame out = dp_on(dp, LO_OUT, LO, frame_build(&in), PASSED);

		masked = AT(localhost, frame_sport(dp, &out));
		expect_packet(dp, out, talk_between(in, masked, backend));
		back = through_lo(talk_answer(dp, backend, masked));
		out = dp_on(dp, LO_OUT, LO, frame_build(&back), PASSED);
		expect_packet(dp, out, talk_between(back, LOCAL_PORT, LOCAL_CLIENT));
		expect_both_ways(dp, &web, &in, &back);
	}
}

/* Neither a new connection nor, with the right ports, a segment of one (CVE-2020-8558). */
Test(host, localhost_is_out_of_reach_from_outside)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) | ONLY_V4,
					   ON(LO_OUT));) {
		const struct arrival at = { .hook = dp->hook, .dev = dp->hook == HOOK_WORKLOAD_IN ?
					    DEV_LXC0 : DEV_UP0 };
		struct packet p = through_lo(talk_open(dp, LOCAL_CLIENT, LOCAL_PORT));
		struct frame out;

		given_localhost(dp, &pod_remote);
		dp_on(dp, LO_OUT, LO, frame_build(&p), SENT_AWAY);
		memcpy(p.dmac, scene_mac(at.dev), sizeof(p.dmac));
		out = dp_run(dp, &at, frame_build(&p), PASSED);
		expect_packet(dp, out, p);
		p = talk_between(p, AT(client_a, 40000), LOCAL_PORT);
		out = dp_run(dp, &at, frame_build(&p), PASSED);
		expect_packet(dp, out, p);
		expect_tables(dp, &p, 0);
	}
}

/* The bitmap before the tables may say "perhaps" by chance: the frontend's kind decides. */
Test(host, localhost_is_out_of_reach_whatever_the_filter_says)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) |
					   ON(UPLINK_OUT) | ON(WORKLOAD_OUT) | ONLY_V4, 0);) {
		bool pod = dp->hook == HOOK_WORKLOAD_IN || dp->hook == HOOK_WORKLOAD_OUT;
		const struct arrival at = { .hook = dp->hook, .dev = pod ? DEV_LXC0 : DEV_UP0 };
		struct packet p = talk_open(dp, AT(client_a, 40000), LOCAL_PORT);
		struct service web;
		struct frame out;

		web = given_service(dp, .at = &localhost, .port = 30080,
				    .kind = SLUICE_FE_NODE_PORT, .to = { &pod_remote });
		given_frontend(dp, &web, &localhost, 30080, SLUICE_FE_LOCALHOST);
		memcpy(p.dmac, scene_mac(at.dev), sizeof(p.dmac));
		out = dp_run(dp, &at, frame_build(&p), PASSED);
		expect_packet(dp, out, p);
		expect_tables(dp, &p, 0);
	}
}
