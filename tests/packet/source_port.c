/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How source ports are shared out: what makes a tuple free, and whose port is taken when they are
 * scarce.
 */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT WEB_DIALLED

static void given_ports(struct dp *dp, __u16 min, __u16 max)
{
	struct sluice_settings s = dp_settings(dp);

	s.snat_min = min;
	s.snat_max = max;
	dp_set_settings(dp, &s);
}

/* Without SNAT both would be (client, backend): the second must get another source port. */
Test(source_port, is_replaced_for_a_client_that_comes_by_two_services)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), ON(UPLINK_IN));) {
		struct end client = AT(pod_a, 40000), backend = AT(pod_remote, 8080);
		const struct end dialled[2] = { AT(cluster_ip, 80), AT(vip, 80) };
		__u16 port[2];

		for (int i = 0; i < 2; i++) {
			struct packet in = talk_open(dp, client, dialled[i]);
			struct frame out;

			given_service(dp, .at = dialled[i].host, .port = 80,
				      .kind = SLUICE_FE_CLUSTER_IP, .to = { &pod_remote });
			out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
			port[i] = frame_sport(dp, &out);
			expect_packet(dp, out, talk_routed(talk_between(in, AT(pod_a, port[i]),
									backend), &pod_remote));
		}
		cr_expect_eq(port[0], 40000, "%s", dp->label);
		cr_expect(port[1] >= DP_SNAT_MIN && port[1] <= DP_SNAT_MAX, "%s", dp->label);
		for (int i = 0; i < 2; i++) {
			struct packet want, back = talk_answer(dp, backend, AT(pod_a, port[i]));
			struct frame out = dp_on(dp, UPLINK_IN, UP0, frame_build(&back),
						 SENT_AWAY);

			want = talk_between(back, dialled[i], client);
			expect_packet(dp, out, talk_routed(want, client.host));
		}
		expect_no_reason(dp);
	}
}

/* All ports towards one backend are taken by open connections: no more, until one is over. */
Test(source_port, run_out)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_web(dp);
		struct packet next = talk_open(dp, AT(client_a, 50000), NODE_PORT);
		bool taken[4] = { false };
		struct sluice_tally before;

		given_ports(dp, 61000, 61003);
		for (__u16 i = 0, sent = 0; sent < 4; i++) {
			struct talk t = web_talk(40000 + i);

			cr_assert_lt(i, 64, "%s: %u ports of 4", dp->label, sent);
			if (!talk_try(dp, &t))
				continue;	/* its tries missed what was left */
			cr_assert_lt(t.masked.port - 61000u, 4, "%s", dp->label);
			cr_expect_not(taken[t.masked.port - 61000], "%s", dp->label);
			taken[t.masked.port - 61000] = true;
			sent++;
		}
		before = dp_reason(dp, SLUICE_R_NO_PORT);
		dp_wire(dp, frame_build(&next), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_NO_PORT).packets, before.packets + 1, "%s",
			     dp->label);
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_NO_PORT), before.packets + 1,
			     "%s", dp->label);
	}
}

/* The same port may serve towards another backend: the tuple is what must be free. */
Test(source_port, are_per_backend)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct packet other = talk_open(dp, CLIENT, AT(vip, 443));

		given_ports(dp, 61000, 61000);
		given_web(dp);
		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .to = { &pod_remote_2 });
		cr_expect_eq(expect_goes_to(dp, in, &pod_remote), 61000, "%s", dp->label);
		cr_expect_eq(expect_goes_to(dp, other, &pod_remote_2), 61000, "%s", dp->label);
	}
}

/* A flood of handshakes that nobody ends must not hold the ports: it is pushed aside. */
Test(source_port, is_taken_from_a_half_open_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet back, next = talk_open(dp, AT(client_b, 40000), NODE_PORT);

		given_ports(dp, 61000, 61000);
		given_web(dp);
		talk_start(dp, &t);
		cr_expect_eq(expect_goes_to(dp, next, &pod_remote), 61000, "%s", dp->label);
		back = talk_answer(dp, t.backend, t.masked);
		expect_packet(dp, dp_wire(dp, frame_build(&back), SENT_BACK),
			      talk_routed(talk_between(back, NODE_PORT, AT(client_b, 40000)),
					  &client_b));
	}
}

/* But never from one that is open; from one that is over, once it has been silent. */
Test(source_port, is_taken_from_a_connection_that_is_over)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct talk t = web_talk(40000);
		struct packet p, back, next = talk_open(dp, AT(client_b, 40000), NODE_PORT);

		given_ports(dp, 61000, 61000);
		given_web(dp);
		talk_establish(dp, &t);
		dp_wire(dp, frame_build(&next), DROPPED);
		p = talk_data(dp, t.client, t.dialled, RST);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		dp_wire(dp, frame_build(&next), DROPPED);
		back = talk_data(dp, t.backend, t.masked, 0);
		dp_flow_age(dp, &p, IN_FLOWS, 5);
		dp_flow_age(dp, &back, IN_FLOWS, 5);
		cr_expect_eq(expect_goes_to(dp, next, &pod_remote), 61000, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	}
}

/*
 * Not either from one that has been silent for long, but is open. Its last word comes through to this
 * one, not to another.
 */
Test(source_port, is_not_taken_from_an_idle_connection)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet p, back, next = talk_open(dp, AT(client_b, 40000), NODE_PORT);

		given_ports(dp, 61000, 61000);
		given_web(dp);
		talk_establish(dp, &t);
		p = talk_data(dp, t.client, t.dialled, 0);
		back = talk_data(dp, t.backend, t.masked, 0);
		dp_flow_age(dp, &p, IN_FLOWS, 100);
		dp_flow_age(dp, &back, IN_FLOWS, 100);
		dp_wire(dp, frame_build(&next), DROPPED);
		expect_reason(dp, SLUICE_R_NO_PORT, 1, packet_ip_len(&next));
		expect_packet(dp, dp_wire(dp, frame_build(&back), SENT_BACK),
			      talk_routed(talk_between(back, t.dialled, t.client), &client_a));
	}
}

/* Half of a connection is none: what is left of one that lost the other half holds no port. */
Test(source_port, is_taken_from_a_reply_half_left_alone)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet p, next = talk_open(dp, AT(client_b, 40000), NODE_PORT);

		given_ports(dp, 61000, 61000);
		given_web(dp);
		talk_establish(dp, &t);
		p = talk_data(dp, t.client, t.dialled, 0);
		dp_flow_lose(dp, &p, IN_FLOWS);
		cr_expect_eq(expect_goes_to(dp, next, &pod_remote), 61000, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	}
}

/*
 * Who found none free tries again a second later, with the same tuple: other ports, or it would never
 * get through. By chance it may be the same one of a thousand; hardly three times.
 */
Test(source_port, is_another_one_a_second_later)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ONLY_UDP | ONLY_V4, 0);) {
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		__u16 first;
		bool other = false;

		given_web(dp);
		first = expect_goes_to(dp, in, &pod_remote);
		for (int i = 0; i < 3 && !other; i++) {
			__u64 second = dp_jiffies() / dp_hz();

			while (dp_jiffies() / dp_hz() == second)
				usleep(20000);
			dp_halves_clear(dp);
			other = expect_goes_to(dp, in, &pod_remote) != first;
		}
		cr_expect(other, "%s: always %u", dp->label, first);
	}
}

/* The half-open rows are gone; the lasting ones are enough to hold the port. */
Test(source_port, stays_with_an_established_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct talk t = web_talk(40000);
		struct packet back, next = talk_open(dp, AT(client_b, 40000), NODE_PORT);

		given_ports(dp, 61000, 61000);
		given_web(dp);
		talk_establish(dp, &t);
		back = talk_data(dp, t.backend, t.masked, 0);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
		dp_wire(dp, frame_build(&next), DROPPED);
		expect_reason(dp, SLUICE_R_NO_PORT, 1, packet_ip_len(&next));
		expect_packet(dp, dp_wire(dp, frame_build(&back), SENT_BACK),
			      talk_routed(talk_between(back, t.dialled, t.client), &client_a));
	}
}
