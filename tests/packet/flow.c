/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The life of flows: when they move, stay, are taken over.
 */
#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)

Test(flow, datagrams_leave_an_endpoint_that_is_gone)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct service dns = given_web(dp);
		struct talk t = web_talk(40000);
		__u32 old = dns.slot;
		struct packet p;

		talk_establish(dp, &t);
		given_moved(dp, &dns, &pod_remote_2);
		p = talk_data(dp, t.client, t.dialled, 0);
		expect_goes_to(dp, p, &pod_remote_2);
		cr_expect_eq(dp_slot(dp, old).closed, 1, "%s", dp->label);
		cr_expect_eq(dp_slot(dp, dns.slot).packets_in, 1, "%s", dp->label);

		/* The old endpoint's late answer belongs to nobody. */
		p = talk_data(dp, t.backend, t.masked, 0);
		expect_tables(dp, &p, 0);
		dp_wire(dp, frame_build(&p), PASSED);
	}
}

Test(flow, half_open_datagrams_leave_too)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct service dns = given_web(dp);
		struct talk t = web_talk(40000);
		__u32 old = dns.slot;

		talk_start(dp, &t);
		given_moved(dp, &dns, &pod_remote_2);
		expect_goes_to(dp, talk_data(dp, t.client, t.dialled, 0), &pod_remote_2);
		expect_slot(dp, old, .packets_in = 1,
			    .bytes_in = dp_slot(dp, old).bytes_in);
	}
}

Test(flow, connections_stay_with_an_endpoint_that_is_gone)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);

		talk_establish(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		cr_expect_eq(expect_goes_to(dp, talk_data(dp, t.client, t.dialled, PSH),
					    &pod_remote), t.masked.port, "%s", dp->label);
		/* A new one goes where the service is. */
		expect_goes_to(dp, talk_open(dp, AT(client_a, 40001), t.dialled), &pod_remote_2);
	}
}

/* A retransmitted SYN of a connection that never came about may try the next endpoint. */
Test(flow, half_open_connection_leaves_an_endpoint_that_is_gone)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);

		talk_start(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		expect_goes_to(dp, talk_open(dp, t.client, t.dialled), &pod_remote_2);
	}
}

static void expect_active(const struct dp *dp, __u32 slot, __u64 n)
{
	struct sluice_slot_count sum = dp_slot(dp, slot);

	cr_expect_eq(sluice_active(&sum), n, "%s: %llu active, not %llu", dp->label,
		     sluice_active(&sum), n);
}

/* Nothing would hold its slot, which another endpoint may have by then, and its counters with it. */
Test(flow, half_open_connection_does_not_outlive_its_slot)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet p;
		struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };

		talk_start(dp, &t);
		p = talk_answer(dp, t.backend, t.masked);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		given_slot_to(dp, &web, &pod_remote_2);
		p = talk_ack(dp, t.client, t.dialled);
		dp_run(dp, &at, frame_build(&p), SENT_BACK);
		expect_reason(dp, SLUICE_R_NO_FLOW, 1, packet_ip_len(&p));
		expect_active(dp, web.slot, 0);
		expect_tables(dp, &p, 0);
	}
}

/* Ends the connection of @t: by FIN of both, or by RST of one. */
static void end(struct dp *dp, const struct talk *t, int way)
{
	struct packet fin = talk_data(dp, t->client, t->dialled, way == 0 ? FIN : RST);
	struct packet fin_back = talk_data(dp, t->backend, t->masked, way == 2 ? RST : FIN);

	if (way != 2)
		dp_wire(dp, frame_build(&fin), SENT_BACK);
	if (way != 1)
		dp_wire(dp, frame_build(&fin_back), SENT_BACK);
}

Test(flow, syn_takes_over_a_connection_that_ended)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		for (int way = 0; way < 3; way++) {
			struct service web = given_web(dp);
			struct talk t = web_talk(40000);
			struct packet syn = talk_open(dp, t.client, t.dialled);
			struct packet back;
			struct frame out;

			talk_establish(dp, &t);
			end(dp, &t, way);
			given_moved(dp, &web, &pod_remote_2);
			t.masked.port = expect_goes_to(dp, syn, &pod_remote_2);
			cr_expect_eq(dp_slot(dp, web.slot - 1).closed, 1, "%s", dp->label);
			back = talk_answer(dp, AT(pod_remote_2, 8080), t.masked);
			out = dp_wire(dp, frame_build(&back), SENT_BACK);
			expect_packet(dp, out, talk_routed(talk_between(back, t.dialled, t.client),
							   &client_a));
			dp_reset(dp);
		}
	}
}

/* What is left of a connection whose replies would not be known cannot go on: it is no live one. */
Test(flow, syn_takes_over_a_connection_that_lost_its_reply_half)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet back;

		talk_establish(dp, &t);
		back = talk_data(dp, t.backend, t.masked, 0);
		dp_flow_lose(dp, &back, IN_FLOWS);
		given_moved(dp, &web, &pod_remote_2);
		expect_goes_to(dp, talk_open(dp, t.client, t.dialled), &pod_remote_2);
		cr_expect_eq(dp_slot(dp, web.slot - 1).closed, 1, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	}
}

Test(flow, syn_takes_nothing_over_from_a_live_connection)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet fin = talk_data(dp, t.client, t.dialled, FIN);

		talk_establish(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		expect_goes_to(dp, talk_open(dp, t.client, t.dialled), &pod_remote);
		expect_goes_to(dp, fin, &pod_remote);	/* one side only */
		expect_goes_to(dp, talk_open(dp, t.client, t.dialled), &pod_remote);
	}
}

/* It is counted as over when it is, not when the collector finds it. */
Test(flow, ended_connection_is_not_active)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, ON(GC));) {
		for (int way = 0; way < 3; way++) {
			struct service web = given_web(dp);
			struct talk t = web_talk(40000);
			struct packet fin = talk_data(dp, t.client, t.dialled, FIN);

			talk_establish(dp, &t);
			expect_active(dp, web.slot, 1);
			dp_wire(dp, frame_build(&fin), SENT_BACK);
			expect_active(dp, web.slot, 1);
			end(dp, &t, way);
			end(dp, &t, way);	/* retransmitted */
			expect_active(dp, web.slot, 0);
			talk_establish(dp, &t);
			expect_active(dp, web.slot, 1);
			end(dp, &t, 0);
			fin = talk_data(dp, t.client, t.dialled, 0);
			dp_flow_age(dp, &fin, IN_FLOWS, 3600);
			fin = talk_data(dp, t.backend, t.masked, 0);
			dp_flow_age(dp, &fin, IN_FLOWS, 3600);
			cr_expect_eq(dp_collect(dp), 1, "%s", dp->label);
			expect_active(dp, web.slot, 0);
			cr_expect_eq(dp_slot(dp, web.slot).over, 0, "%s", dp->label);
			dp_reset(dp);
		}
	}
}

/* A reset that somebody else sent, who guessed the ports: the connection goes on, and counts. */
Test(flow, blind_reset_is_forgotten_when_its_sender_speaks_on)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		for (int from_backend = 0; from_backend < 2; from_backend++) {
			struct service web = given_web(dp);
			struct talk t = web_talk(40000);
			struct packet data, reset;
			struct sluice_flow f;

			talk_establish(dp, &t);
			if (from_backend) {
				reset = talk_data(dp, t.backend, t.masked, RST);
				data = talk_data(dp, t.backend, t.masked, 0);
			} else {
				reset = talk_data(dp, t.client, t.dialled, RST);
				data = talk_data(dp, t.client, t.dialled, 0);
			}
			dp_wire(dp, frame_build(&reset), SENT_BACK);
			expect_active(dp, web.slot, 0);
			dp_wire(dp, frame_build(&data), SENT_BACK);
			expect_active(dp, web.slot, 0);	/* may have been on its way before */
			dp_flow_age(dp, &data, IN_FLOWS, 2);
			dp_wire(dp, frame_build(&data), SENT_BACK);
			expect_active(dp, web.slot, 1);
			cr_expect(dp_flow(dp, &data, &f) & IN_FLOWS && !f.state, "%s", dp->label);
			dp_reset(dp);
		}
	}
}

/* After FIN and RST stray packets still find their way. */
Test(flow, ended_connection_is_still_translated)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct talk t = web_talk(40000);
		struct packet last = talk_data(dp, t.client, t.dialled, 0);

		given_web(dp);
		talk_establish(dp, &t);
		end(dp, &t, 0);
		cr_expect_eq(expect_goes_to(dp, last, &pod_remote), t.masked.port, "%s",
			     dp->label);
	}
}

/* Half-open flows may lose a half; the other one shows how it was. */
Test(flow, lost_forward_half_is_made_again)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet in = talk_open(dp, t.client, t.dialled);

		given_web(dp);
		talk_start(dp, &t);
		dp_flow_lose(dp, &in, IN_HALF);
		cr_expect_eq(expect_goes_to(dp, in, &pod_remote), t.masked.port, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 2, "%s", dp->label);
	}
}

Test(flow, lost_reply_half_is_made_again)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet back, in = talk_open(dp, t.client, t.dialled);

		given_web(dp);
		talk_start(dp, &t);
		back = talk_answer(dp, t.backend, t.masked);
		dp_flow_lose(dp, &back, IN_HALF);
		cr_expect_eq(expect_goes_to(dp, in, &pod_remote), t.masked.port, "%s", dp->label);
		expect_packet(dp, dp_wire(dp, frame_build(&back), SENT_BACK),
			      talk_routed(talk_between(back, t.dialled, t.client), &client_a));
	}
}

/* No room for lasting flows: connections go on half-open, and no other one is harmed. */
Test(flow, full_table_keeps_connections_half_open)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(GC));) {
		struct sluice_settings s = dp_settings(dp);
		struct talk t;

		s.snat_min = 1024;
		s.snat_max = 65535;
		dp_set_settings(dp, &s);
		given_web(dp);
		for (__u16 i = 0; i < DP_FLOWS / 2 + 20; i++) {
			t = web_talk(40000 + i);
			talk_establish(dp, &t);
		}
		for (int i = 0; i < 3 * DP_FLOWS; i++) {
			struct packet p = talk_ack(dp, t.client, t.dialled);

			dp_wire(dp, frame_build(&p), SENT_BACK);
		}
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), DP_FLOWS, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), DP_FLOWS / 2, "%s: %llu tokens", dp->label,
			     dp_tokens(dp));
		cr_expect_eq(dp_collect(dp), 0, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), DP_FLOWS / 2, "%s: %llu tokens", dp->label,
			     dp_tokens(dp));
	}
}

/* Clients that prove little must not take the room of those who end a handshake. */
Test(flow, datagrams_get_half_of_the_room)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct sluice_settings s = dp_settings(dp);
		unsigned room = dp->proto == IPPROTO_UDP ? 4 : 8;

		s.pairs4 = s.pairs6 = 8;
		dp_set_settings(dp, &s);
		given_web(dp);
		for (__u16 i = 0; i < 12; i++) {
			struct talk t = web_talk(40000 + i);

			talk_establish(dp, &t);
		}
		cr_expect_eq(dp_tokens(dp), room, "%s: %llu", dp->label, dp_tokens(dp));
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 2 * room, "%s", dp->label);
	}
}

static void node_2_has_mac(const char *mac)
{
	scene_ip("neigh replace 192.0.2.2 lladdr %s dev up0 nud permanent\n"
		 "neigh replace 2001:db8:200::2 lladdr %s dev up0 nud permanent\n", mac, mac);
}

/* The cached next hop is trusted for a second. */
Test(flow, next_hop_follows_the_neighbour_within_a_second)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet want, p = talk_data(dp, t.client, t.dialled, 0);

		given_web(dp);
		talk_establish(dp, &t);
		node_2_has_mac("02:00:00:00:09:09");
		dp_flow_age(dp, &p, IN_FLOWS, 2);
		want = talk_routed(talk_between(p, t.masked, t.backend), &pod_silent);
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK), want);
		node_2_has_mac("02:00:00:00:02:02");
	}
}

/*
 * Once in neigh_sec a packet to each neighbour goes by the kernel's neighbour table: XDP leaves it
 * whole, tc hands it over without MACs, and the next one is on the fast way again.
 */
Test(flow, neighbour_is_used_by_the_kernel_now_and_then)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct sluice_settings s = dp_settings(dp);
		struct talk t = web_talk(40000);
		struct packet want, p = talk_data(dp, t.client, t.dialled, 0);
		struct frame out;

		given_web(dp);
		talk_establish(dp, &t);
		s.neigh_sec = 3600;
		dp_set_settings(dp, &s);
		want = talk_between(p, t.masked, t.backend);

		dp_flow_age(dp, &p, IN_FLOWS, 2);
		out = dp_on(dp, XDP, UP0, frame_build(&p), PASSED);
		expect_packet(dp, out, p);
		out = dp_on(dp, UPLINK_IN, UP0, frame_build(&p), SENT_BACK);
		want.ttl--;
		expect_packet(dp, out, want);

		dp_flow_age(dp, &p, IN_FLOWS, 2);
		out = dp_on(dp, XDP, UP0, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, talk_leaving(want, &pod_remote));
	}
}
