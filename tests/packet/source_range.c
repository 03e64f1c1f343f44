/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * loadBalancerSourceRanges: who may dial a load-balancer VIP, at which addresses, and when.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define VIP AT(vip, 443)
#define FULL(dp) ((__u8)((dp)->v6 ? 128 : 32))

static struct service given_vip(struct dp *dp, const struct host *to)
{
	return given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_LOAD_BALANCER,
			     .to = { to });
}

static void expect_refused(struct dp *dp, const struct service *s, const struct packet *in,
			   __u64 times)
{
	expect_reason(dp, SLUICE_R_FILTERED, times, times * packet_ip_len(in));
	cr_expect_eq(dp_service_drops(dp, s->row, SLUICE_R_FILTERED), times, "%s", dp->label);
	expect_tables(dp, in, 0);
}

Test(source_range, who_is_in_gets_through_and_others_are_dropped)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet a = talk_open(dp, AT(client_a, 40000), VIP);
		struct packet b = talk_open(dp, AT(client_b, 40000), VIP);

		given_range(dp, &web, &client_a, FULL(dp));
		dp_wire(dp, frame_build(&a), SENT_BACK);
		expect_no_reason(dp);
		dp_wire(dp, frame_build(&b), DROPPED);
		dp_wire(dp, frame_build(&b), DROPPED);
		expect_refused(dp, &web, &b, 2);
	}
}

/* 198.51.100.7 and .8, 2001:db8:100::7 and ::8: alike but for the last 4 bits. */
Test(source_range, is_a_prefix)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet b = talk_open(dp, AT(client_b, 40000), VIP);

		given_range(dp, &web, &client_a, FULL(dp) - 3);
		dp_wire(dp, frame_build(&b), DROPPED);
		given_range(dp, &web, &client_a, FULL(dp) - 4);
		dp_wire(dp, frame_build(&b), SENT_BACK);
		expect_reason(dp, SLUICE_R_FILTERED, 1, packet_ip_len(&b));
	}
}

/* The two halves of all addresses. */
Test(source_range, of_one_bit)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet a = talk_open(dp, AT(client_a, 40000), VIP);
		struct host other = client_a;

		other.ip[0].ip6[3] ^= __builtin_bswap32(1u << 31);
		other.ip[1].ip6[0] ^= __builtin_bswap32(1u << 31);
		given_range(dp, &web, &other, 1);
		dp_wire(dp, frame_build(&a), DROPPED);
		given_range(dp, &web, &client_a, 1);
		dp_wire(dp, frame_build(&a), SENT_BACK);
	}
}

Test(source_range, guards_neither_node_port_nor_external_nor_cluster_address)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct end open[] = { AT(node, 30080), AT(vip_2, 443), AT(cluster_ip, 443) };
		enum sluice_frontend_kind kinds[] = { SLUICE_FE_NODE_PORT, SLUICE_FE_EXTERNAL,
						      SLUICE_FE_CLUSTER_IP };

		given_range(dp, &web, &client_a, FULL(dp));
		for (__u16 i = 0; i < 3; i++) {
			struct packet in = talk_open(dp, AT(client_b, 40000 + i), open[i]);

			given_frontend(dp, &web, open[i].host, open[i].port, kinds[i]);
			dp_wire(dp, frame_build(&in), SENT_BACK);
		}
		expect_no_reason(dp);
	}
}

Test(source_range, of_one_service_is_not_of_another)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct service api = given_service(dp, .at = &vip_2, .port = 443,
						   .kind = SLUICE_FE_LOAD_BALANCER,
						   .to = { &pod_remote });
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(vip_2, 443));

		given_range(dp, &web, &client_a, FULL(dp));
		given_range(dp, &api, &client_b, FULL(dp));
		dp_wire(dp, frame_build(&in), DROPPED);
		expect_refused(dp, &api, &in, 1);
	}
}

/* A change of the list is for new connections. */
Test(source_range, an_open_connection_goes_on)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct talk t = { .client = AT(client_a, 40000), .dialled = VIP,
				  .masked = AT(node, 0), .backend = AT(pod_remote, 8080) };
		struct packet more, again = talk_open(dp, AT(client_a, 40001), VIP);

		talk_establish(dp, &t);
		given_range(dp, &web, &client_b, FULL(dp));
		more = talk_data(dp, t.client, t.dialled, 0);
		dp_wire(dp, frame_build(&more), SENT_BACK);
		dp_wire(dp, frame_build(&again), DROPPED);
		expect_refused(dp, &web, &again, 1);
	}
}

/* Who may not come in learns nothing of what is behind; who may is told that nothing is. */
Test(source_range, is_asked_before_the_backends)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct service none = given_vip(dp, NULL);
		struct packet a = talk_open(dp, AT(client_a, 40000), VIP);
		struct packet b = talk_open(dp, AT(client_b, 40000), VIP);
		struct arrival in = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };

		given_range(dp, &none, &client_a, FULL(dp));
		dp_run(dp, &in, frame_build(&a), SENT_BACK);
		dp_wire(dp, frame_build(&b), DROPPED);
		cr_expect_eq(dp_service_drops(dp, none.row, SLUICE_R_NO_BACKEND), 1);
		cr_expect_eq(dp_service_drops(dp, none.row, SLUICE_R_FILTERED), 1);
	}
}

/* The middle of an unknown connection is not answered either. */
Test(source_range, keeps_quiet_about_unknown_connections)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ONLY_TCP, 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet in = talk_data(dp, AT(client_b, 40000), VIP, 0);

		given_range(dp, &web, &client_a, FULL(dp));
		dp_wire(dp, frame_build(&in), DROPPED);
		expect_refused(dp, &web, &in, 1);
	}
}

/* A pod of this node, by its own address. */
Test(source_range, holds_for_pods)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet a = talk_open(dp, AT(pod_a, 40000), VIP);
		struct packet b = talk_open(dp, AT(pod_b, 40000), VIP);

		given_range(dp, &web, &pod_a, FULL(dp));
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&a), SENT_BACK);
		dp_on(dp, WORKLOAD_IN, LXC1, frame_build(&b), DROPPED);
		expect_refused(dp, &web, &b, 1);
	}
}

Test(source_range, holds_for_processes_of_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT), 0);) {
		struct service web = given_vip(dp, &pod_remote);
		struct packet in = talk_leaving(talk_open(dp, AT(node, 40000), VIP), &client_a);

		given_range(dp, &web, &client_a, FULL(dp));
		dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), DROPPED);
		expect_refused(dp, &web, &in, 1);
		given_range(dp, &web, &node, FULL(dp));
		dp_on(dp, UPLINK_OUT, UP0, frame_build(&in), PASSED);
		expect_tables(dp, &in, IN_HALF);
	}
}
