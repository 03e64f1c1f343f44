/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From outside to a node port or VIP whose backend is on another node, and back: XDP, and tc
 * where XDP is off. Both must do the same to the byte.
 */
#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))

/* The client's @p must reach the backend, which must see it come from t->masked. */
static void expect_request(struct dp *dp, const struct talk *t, struct packet p)
{
	struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);
	struct packet want = talk_between(p, t->masked, t->backend);

	expect_packet(dp, out, talk_routed(want, t->backend.host));
}

static void expect_reply(struct dp *dp, const struct talk *t, struct packet p)
{
	struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);
	struct packet want = talk_between(p, t->dialled, t->client);

	expect_packet(dp, out, talk_routed(want, t->client.host));
}

Test(nodeport, remote_backend_gets_the_packet)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct service web = given_web(dp);
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct frame out = dp_wire(dp, frame_build(&in), SENT_BACK);
		__u16 snat = frame_sport(dp, &out);

		cr_expect(snat >= DP_SNAT_MIN && snat <= DP_SNAT_MAX, "%s: %u", dp->label, snat);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(node, snat),
								AT(pod_remote, 8080)),
						   &pod_remote));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_UP0);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in));
		expect_no_reason(dp);
	}
}

Test(nodeport, reply_comes_from_what_the_client_dialled)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet in = talk_open(dp, t.client, t.dialled);
		struct packet back;

		talk_start(dp, &t);
		back = talk_answer(dp, t.backend, t.masked);
		expect_reply(dp, &t, back);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&in),
			    .packets_out = 1, .bytes_out = packet_ip_len(&back));
		expect_no_reason(dp);
	}
}

Test(nodeport, vip_is_translated_both_ways)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct talk t = web_talk(40000);

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .to = { &pod_remote });
		t.dialled = AT(vip, 443);
		talk_start(dp, &t);
		expect_request(dp, &t, talk_open(dp, t.client, t.dialled));
		expect_reply(dp, &t, talk_answer(dp, t.backend, t.masked));
		expect_no_reason(dp);
	}
}

/* The address of the device by which it leaves is what the other side can answer to. */
Test(nodeport, backend_behind_another_uplink)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		const struct arrival up1 = { .hook = dp->hook, .dev = DEV_UP1 };
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct packet back;
		struct frame out;
		__u16 snat;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_far });
		out = dp_wire(dp, frame_build(&in), SENT_AWAY);
		snat = frame_sport(dp, &out);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(node_up1, snat),
								AT(pod_far, 8080)), &pod_far));
		expect_hop(dp, &in, IN_HALF, SLUICE_SEND_WIRE, DEV_UP1);

		back = talk_answer(dp, AT(pod_far, 8080), AT(node_up1, snat));
		out = dp_run(dp, &up1, frame_build(&back), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(back, AT(node, 30080),
								AT(client_a, 40000)), &client_a));
		expect_hop(dp, &back, IN_HALF, SLUICE_SEND_WIRE, DEV_UP0);
	}
}

Test(nodeport, handshake_promotes_the_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet syn = talk_open(dp, t.client, t.dialled);
		struct packet syn_ack, ack = talk_ack(dp, t.client, t.dialled);

		talk_start(dp, &t);
		syn_ack = talk_answer(dp, t.backend, t.masked);
		expect_tables(dp, &syn, IN_HALF);
		expect_tables(dp, &syn_ack, IN_HALF);
		expect_reply(dp, &t, syn_ack);
		expect_tables(dp, &syn, IN_HALF);
		expect_slot(dp, web.slot, .packets_in = 1, .bytes_in = packet_ip_len(&syn),
			    .packets_out = 1, .bytes_out = packet_ip_len(&syn_ack));

		expect_request(dp, &t, ack);
		expect_tables(dp, &syn, IN_FLOWS);
		expect_tables(dp, &syn_ack, IN_FLOWS);
		expect_slot(dp, web.slot, .packets_in = 2,
			    .bytes_in = packet_ip_len(&syn) + packet_ip_len(&ack),
			    .packets_out = 1, .bytes_out = packet_ip_len(&syn_ack), .opened = 1);
		expect_no_reason(dp);
	}
}

Test(nodeport, ack_of_another_number_proves_nothing)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct talk t = web_talk(40000);
		struct packet p;

		given_web(dp);
		talk_start(dp, &t);
		p = talk_ack(dp, t.client, t.dialled);
		expect_request(dp, &t, p);	/* before the server said a number */
		expect_tables(dp, &p, IN_HALF);
		expect_reply(dp, &t, talk_answer(dp, t.backend, t.masked));
		p.ack = SEQ_SERVER;	/* one less than it must be */
		expect_request(dp, &t, p);
		expect_tables(dp, &p, IN_HALF);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	}
}

Test(nodeport, datagram_after_an_answer_promotes_the_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct service dns = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet first = talk_open(dp, t.client, t.dialled);
		struct packet second = talk_ack(dp, t.client, t.dialled);

		talk_start(dp, &t);
		expect_request(dp, &t, second);
		expect_tables(dp, &first, IN_HALF);	/* nobody has answered */
		expect_reply(dp, &t, talk_answer(dp, t.backend, t.masked));
		expect_tables(dp, &first, IN_HALF);
		expect_request(dp, &t, second);
		expect_tables(dp, &first, IN_FLOWS);
		expect_slot(dp, dns.slot, .packets_in = 3,
			    .bytes_in = packet_ip_len(&first) + 2 * packet_ip_len(&second),
			    .packets_out = 1, .bytes_out = packet_ip_len(&first), .opened = 1);
		expect_no_reason(dp);
	}
}

/* An established flow's entry is the complete rewrite: nothing else is asked. */
Test(nodeport, established_flow_needs_no_service)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct sluice_slot_count n;

		talk_establish(dp, &t);
		dp_forget_services(dp);
		for (int i = 0; i < 3; i++) {
			expect_request(dp, &t, talk_data(dp, t.client, t.dialled, PSH));
			expect_reply(dp, &t, talk_data(dp, t.backend, t.masked, 0));
		}
		n = dp_slot(dp, web.slot);
		cr_expect(n.packets_in == 5 && n.packets_out == 4 && n.opened == 1, "%s",
			  dp->label);
		expect_no_reason(dp);
	}
}

Test(nodeport, repeated_first_packet_keeps_backend_and_port)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct talk t = web_talk(40000);
		struct packet syn = talk_open(dp, t.client, t.dialled);
		struct frame out, again;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_remote, &pod_remote_2, &pod_remote_3 });
		out = dp_wire(dp, frame_build(&syn), SENT_BACK);
		for (int i = 0; i < 3; i++) {
			again = dp_wire(dp, frame_build(&syn), SENT_BACK);
			expect_frame(dp, again, out);
		}
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 2, "%s", dp->label);
	}
}

Test(nodeport, each_client_port_gets_a_source_port_of_its_own)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct talk t[8];

		given_web(dp);
		for (__u16 i = 0; i < 8; i++) {
			t[i] = web_talk(40000 + i);
			talk_establish(dp, &t[i]);
			for (int j = 0; j < i; j++)
				cr_expect_neq(t[i].masked.port, t[j].masked.port, "%s", dp->label);
		}
		for (int i = 0; i < 8; i++) {
			expect_request(dp, &t[i], talk_data(dp, t[i].client, t[i].dialled, 0));
			expect_reply(dp, &t[i], talk_data(dp, t[i].backend, t[i].masked, 0));
		}
		expect_no_reason(dp);
	}
}

/* Whether XDP or tc sees a packet of a flow: they share it. */
Test(nodeport, flow_begun_at_one_hook_goes_on_at_the_other)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, WIRE);) {
		struct talk t = web_talk(40000);

		given_web(dp);
		talk_establish(dp, &t);
		dp_set_case(dp, dp->hook == HOOK_XDP ? HOOK_UPLINK_IN : HOOK_XDP, dp->v6,
			    dp->proto);
		expect_request(dp, &t, talk_data(dp, t.client, t.dialled, 0));
		expect_reply(dp, &t, talk_data(dp, t.backend, t.masked, 0));
	}
}

Test(nodeport, backend_without_route_is_counted)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ALSO_SCTP, 0);) {
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_lost });

		dp_wire(dp, frame_build(&in), DROPPED);
		expect_reason(dp, SLUICE_R_NO_ROUTE, 1, packet_ip_len(&in));
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_NO_ROUTE), 1, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
	}
}
