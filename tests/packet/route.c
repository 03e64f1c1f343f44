/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel's routing and what flows remember of it: ways that go and come back, rules, and the
 * source that suits the device by which a packet leaves.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)
#define BACKEND AT(pod_remote, 8080)

static struct service given_web(struct dp *dp, const struct host *backend)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { backend });
}

static struct talk web_talk(void)
{
	return (struct talk){ CLIENT, NODE_PORT, AT(node, 0), BACKEND };
}

static void way_is_withdrawn(void)
{
	scene_ip("route replace unreachable 10.244.2.0/24\n"
		 "route del 2001:db8:1002::/48\n"
		 "route add unreachable 2001:db8:1002::/48\n");
}

static void way_is_back(void)
{
	scene_ip("route replace 10.244.2.0/24 via 192.0.2.2 dev up0\n"
		 "route del unreachable 2001:db8:1002::/48\n"
		 "route add 2001:db8:1002::/48 via 2001:db8:200::2 dev up0\n");
}

/* Every packet, not only the one that finds out; and none any more as soon as it is back. */
Test(route, withdrawn_way_ends_an_established_flow_until_it_is_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, ON(UPLINK_IN));) {
		struct talk t = web_talk();
		struct packet p = talk_data(dp, t.client, t.dialled, 0);
		struct frame f = frame_build(&p), out;

		given_web(dp, &pod_remote);
		talk_establish(dp, &t);
		way_is_withdrawn();
		dp_flow_age(dp, &p, IN_FLOWS, 2);
		for (int i = 0; i < 3; i++) {
			if (dp->hook == HOOK_XDP) {
				out = dp_on(dp, XDP, UP0, f, PASSED);
				expect_frame(dp, out, f);
			}
			dp_on(dp, UPLINK_IN, UP0, f, DROPPED);
		}
		expect_reason(dp, SLUICE_R_NO_ROUTE, 3, 3 * packet_ip_len(&p));
		way_is_back();
		expect_packet(dp, dp_wire(dp, f, SENT_BACK),
			      talk_routed(talk_between(p, t.masked, t.backend), &pod_remote));
	}
}

/* "From @v4 or @v6 to the remote pods by up1"; @verb: add or del. */
static void rule(const char *verb, const char *v4, const char *v6)
{
	scene_ip("rule %s from %s to 10.244.2.0/24 lookup 77 pref 77\n"
		 "route %s 10.244.2.0/24 via 203.0.113.3 dev up1 table 77\n", verb, v4, verb);
	scene_ip6("rule %s from %s to 2001:db8:1002::/48 lookup 77 pref 77\n"
		  "route %s 2001:db8:1002::/48 via 2001:db8:300::3 dev up1 table 77\n", verb, v6,
		  verb);
}

/* "From the node to the clients by up1". */
static void rule_for_replies(const char *verb)
{
	scene_ip("rule %s from 192.0.2.1 to 198.51.100.0/24 lookup 78 pref 78\n"
		 "route %s 198.51.100.0/24 via 203.0.113.3 dev up1 table 78\n", verb, verb);
	scene_ip6("rule %s from 2001:db8:200::1 to 2001:db8:100::/48 lookup 78 pref 78\n"
		  "route %s 2001:db8:100::/48 via 2001:db8:300::3 dev up1 table 78\n", verb,
		  verb);
}

/* The kernel masquerades behind routing, so rules see the client; at every renewal, too. */
Test(route, request_is_routed_by_its_clients_address)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct packet p = talk_open(dp, CLIENT, NODE_PORT);
		struct packet want;
		struct frame out;

		given_web(dp, &pod_remote);
		rule("add", "198.51.100.7", "2001:db8:100::7");
		out = dp_wire(dp, frame_build(&p), SENT_AWAY);
		want = talk_routed(talk_between(p, AT(node_up1, frame_sport(dp, &out)), BACKEND),
				   &pod_far);
		expect_packet(dp, out, want);
		dp_flow_age(dp, &p, IN_HALF, 2);
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_AWAY), want);
		expect_hop(dp, &p, IN_HALF, SLUICE_SEND_WIRE, DEV_UP1);
		rule("del", "198.51.100.7", "2001:db8:100::7");
	}
}

/* And no other client by it; nor the address that masquerades. */
Test(route, rule_for_the_masked_address_is_not_for_the_request)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk();
		struct packet p = talk_data(dp, t.client, t.dialled, 0);

		given_web(dp, &pod_remote);
		talk_establish(dp, &t);
		rule("add", "192.0.2.1", "2001:db8:200::1");
		dp_flow_age(dp, &p, IN_FLOWS, 2);
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
			      talk_routed(talk_between(p, t.masked, t.backend), &pod_remote));
		rule("del", "192.0.2.1", "2001:db8:200::1");
	}
}

Test(route, reply_is_routed_by_the_address_that_it_leaves_with)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct talk t = web_talk();
		struct packet p, want;

		given_web(dp, &pod_remote);
		talk_establish(dp, &t);
		rule_for_replies("add");
		p = talk_data(dp, t.backend, t.masked, 0);
		dp_flow_age(dp, &p, IN_FLOWS, 2);
		want = talk_routed(talk_between(p, t.dialled, t.client), &pod_far);
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_AWAY), want);
		rule_for_replies("del");
	}
}

/*
 * A process of the host took the address of the device by which the frontend is routed. The
 * backend is behind another one: it answers by that only if it hears that one's address.
 */
Test(route, host_takes_the_address_of_the_way_to_the_backend)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT), ON(UPLINK_IN));) {
		struct packet back, in = talk_leaving(talk_open(dp, AT(node, 40000),
								AT(cluster_ip, 80)), &client_a);
		struct packet want;
		struct frame out;
		__u16 port;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_far });
		out = dp_wire(dp, frame_build(&in), SENT_AWAY);
		port = frame_sport(dp, &out);
		want = talk_leaving(talk_between(in, AT(node_up1, port), AT(pod_far, 8080)),
				    &pod_far);
		expect_packet(dp, out, want);

		back = talk_answer(dp, AT(pod_far, 8080), AT(node_up1, port));
		out = dp_on(dp, UPLINK_IN, UP1, frame_build(&back), SENT_AWAY);
		want = talk_between(back, AT(cluster_ip, 80), AT(node, 40000));
		memcpy(want.dmac, scene_mac(DEV_UP0), sizeof(want.dmac));
		memset(want.smac, 0, sizeof(want.smac));
		expect_packet(dp, out, want);
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_UPLINK_IN, DEV_UP0);
	}
}
