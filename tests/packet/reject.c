/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Saying no: RST, ICMP port unreachable, too big; to whom, how often, and when not.
 */
#include <sched.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "support/expect.h"

/* Where a client's packet is met, and what it dials there. */
struct door {
	struct arrival at;
	struct end client;
	struct end dialled;
};

static struct door door_of(const struct dp *dp)
{
	switch (dp->hook) {
	case HOOK_WORKLOAD_IN:
		return (struct door){ { .hook = dp->hook, .dev = DEV_LXC0 }, AT(pod_a, 40000),
				      AT(cluster_ip, 80) };
	case HOOK_UPLINK_OUT:
		return (struct door){ { .hook = dp->hook, .dev = DEV_UP0 }, AT(node, 40000),
				      AT(cluster_ip, 80) };
	case HOOK_LO_OUT:
		return (struct door){ { .hook = dp->hook, .dev = DEV_LO }, AT(node, 40000),
				      AT(node, 30080) };
	default:
		return (struct door){ { .hook = dp->hook, .dev = DEV_UP0 }, AT(client_a, 40000),
				      AT(node, 30080) };
	}
}

#define DOORS (ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) | ON(UPLINK_OUT) | ON(LO_OUT))

/* Where the client's packet becomes an answer. */
static struct door shut_door_of(const struct dp *dp)
{
	struct door d = door_of(dp);

	d.at.answered = true;
	return d;
}

static struct packet through(struct packet p, const struct door *d)
{
	if (d->at.dev == DEV_LO) {
		memset(p.smac, 0, sizeof(p.smac));
		memset(p.dmac, 0, sizeof(p.dmac));
	} else if (d->at.hook == HOOK_UPLINK_OUT) {
		p = talk_leaving(p, &client_a);
	}
	return p;
}

static struct service given_nothing_behind(struct dp *dp, const struct door *d, __u32 flags)
{
	return given_service(dp, .at = d->dialled.host, .port = d->dialled.port, .flags = flags,
			     .kind = d->dialled.host == &node ? SLUICE_FE_NODE_PORT
							      : SLUICE_FE_CLUSTER_IP);
}

static struct frame unreachable(const struct packet *p)
{
	const struct icmp_error port4 = { .type = 3, .code = 3 };
	const struct icmp_error port6 = { .type = 1, .code = 4 };
	struct frame about = frame_build(p);

	return frame_icmp(p, &about, p->v6 ? &port6 : &port4);
}

static void expect_rejected(struct dp *dp, const struct service *s, const struct packet *p,
			    enum sluice_reason why, __u64 times)
{
	expect_reason(dp, why, times, times * packet_ip_len(p));
	cr_expect_eq(dp_service_drops(dp, s->row, why), times, "%s", dp->label);
	expect_tables(dp, p, 0);
}

Test(reject, syn_without_backend_is_reset)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_TCP, 0);) {
		struct door d = shut_door_of(dp);
		struct service none = given_nothing_behind(dp, &d, 0);
		struct packet syn = through(talk_open(dp, d.client, d.dialled), &d);

		expect_packet(dp, dp_run(dp, &d.at, frame_build(&syn), SENT_BACK), talk_rst(&syn));
		expect_rejected(dp, &none, &syn, SLUICE_R_NO_BACKEND, 1);
	}
}

/* TCP fast open: the data counts too. */
Test(reject, syn_with_data_is_reset_behind_the_data)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_TCP, 0);) {
		struct door d = shut_door_of(dp);
		struct service none = given_nothing_behind(dp, &d, 0);
		struct packet syn = through(talk_open(dp, d.client, d.dialled), &d);

		syn.payload = 333;
		syn.padding = 0;
		expect_packet(dp, dp_run(dp, &d.at, frame_build(&syn), SENT_BACK), talk_rst(&syn));
		expect_rejected(dp, &none, &syn, SLUICE_R_NO_BACKEND, 1);
	}
}

/* Ethernet's padding is no data. */
Test(reject, padding_is_not_acknowledged)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_TCP, 0);) {
		struct door d = shut_door_of(dp);
		struct packet syn = through(talk_open(dp, d.client, d.dialled), &d);

		given_nothing_behind(dp, &d, 0);
		syn.tcp_nops = 0;
		syn.padding = 6;
		expect_packet(dp, dp_run(dp, &d.at, frame_build(&syn), SENT_BACK), talk_rst(&syn));
	}
}

Test(reject, datagram_without_backend_is_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct door d = shut_door_of(dp);
		struct service none = given_nothing_behind(dp, &d, 0);
		struct packet in = through(talk_open(dp, d.client, d.dialled), &d);

		expect_frame(dp, dp_run(dp, &d.at, frame_build(&in), SENT_BACK),
			     unreachable(&in));
		expect_rejected(dp, &none, &in, SLUICE_R_NO_BACKEND, 1);
	}
}

Test(reject, empty_datagram_is_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct door d = shut_door_of(dp);
		struct packet in = through(talk_open(dp, d.client, d.dialled), &d);

		given_nothing_behind(dp, &d, 0);
		in.payload = 0;
		expect_frame(dp, dp_run(dp, &d.at, frame_build(&in), SENT_BACK),
			     unreachable(&in));
	}
}

Test(reject, large_datagram_is_quoted_in_part)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct door d = shut_door_of(dp);
		struct packet in = through(talk_open(dp, d.client, d.dialled), &d);

		given_nothing_behind(dp, &d, 0);
		in.payload = 1400;
		expect_frame(dp, dp_run(dp, &d.at, frame_build(&in), SENT_BACK),
			     unreachable(&in));
	}
}

/* An endpoint exists, not here: another node may answer, we stay silent. */
Test(reject, local_policy_without_local_endpoint_drops)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .flags = SLUICE_SVC_EXT_LOCAL,
						   .to = { &pod_remote });

		dp_wire(dp, frame_build(&in), DROPPED);
		expect_rejected(dp, &web, &in, SLUICE_R_NO_LOCAL, 1);
	}
}

Test(reject, middle_of_an_unknown_connection_is_reset)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_TCP, 0);) {
		struct door d = shut_door_of(dp);
		struct packet ack = through(talk_data(dp, d.client, d.dialled, PSH), &d);
		struct service web = given_service(dp, .at = d.dialled.host,
						   .port = d.dialled.port,
						   .to = { &pod_remote });

		expect_packet(dp, dp_run(dp, &d.at, frame_build(&ack), SENT_BACK), talk_rst(&ack));
		expect_rejected(dp, &web, &ack, SLUICE_R_NO_FLOW, 1);
	}
}

Test(reject, reset_is_never_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_TCP, 0);) {
		struct door d = shut_door_of(dp);
		struct service none = given_nothing_behind(dp, &d, 0);
		struct packet rst = through(talk_data(dp, d.client, d.dialled, RST), &d);

		dp_run(dp, &d.at, frame_build(&rst), DROPPED);
		expect_rejected(dp, &none, &rst, SLUICE_R_NO_FLOW, 1);
	}
}

static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static double now_sec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* So many a second: the rest is dropped in silence, and both are counted. */
Test(reject, answers_are_limited)
{
	stay_on_one_cpu();
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct door d = shut_door_of(dp);
		struct packet in = talk_open(dp, d.client, d.dialled);
		struct sluice_settings s = dp_settings(dp);
		struct frame f = frame_build(&in);
		__u64 answered = 0, limited;
		unsigned seconds;
		double start;
		__u32 action;

		given_nothing_behind(dp, &d, 0);
		s.reject_per_sec = 3;
		dp_set_settings(dp, &s);
		start = now_sec();
		for (int i = 0; i < 20; i++) {
			struct frame out = f;

			cr_assert_eq(dp_try(dp, &d.at, &out, &action), 0);
			answered += action != (dp->hook == HOOK_XDP ? 1 : 2);
		}
		/* So many seconds began meanwhile, at most. */
		seconds = (unsigned)(now_sec() - start) + 2;
		cr_expect(answered >= 3 && answered <= 3 * seconds, "%s: %llu in %u seconds",
			  dp->label, answered, seconds);
		limited = dp_reason(dp, SLUICE_R_REJECT_LIMIT).packets;
		cr_expect_eq(answered + limited, 20, "%s", dp->label);
		cr_expect_eq(dp_reason(dp, SLUICE_R_NO_BACKEND).packets, 20, "%s", dp->label);
	}
}

/* "Fragmentation needed" or "packet too big", with the MTU of the way that it would go. */
Test(reject, too_big_for_the_way_out)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct door d = shut_door_of(dp);
		const struct icmp_error big4 = { .type = 3, .code = 4, .mtu = NARROW_MTU };
		const struct icmp_error big6 = { .type = 2, .mtu = NARROW_MTU };
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_narrow });
		struct frame f, out;

		in.payload += NARROW_MTU + 1 - packet_ip_len(&in);
		f = frame_build(&in);
		out = dp_on(dp, XDP, UP0, f, PASSED);
		expect_frame(dp, out, f);
		out = dp_run(dp, &d.at, f, SENT_BACK);
		expect_frame(dp, out, frame_icmp(&in, &f, dp->v6 ? &big6 : &big4));
		expect_rejected(dp, &web, &in, SLUICE_R_TOO_BIG, 1);
	}
}

Test(reject, as_large_as_the_way_out_allows)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct frame out;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_narrow });
		in.payload += NARROW_MTU - packet_ip_len(&in);
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(node, frame_sport(dp, &out)),
								AT(pod_narrow, 8080)),
						   &pod_narrow));
		expect_no_reason(dp);
	}
}

static const struct icmp_error late4 = { .type = 11 }, late6 = { .type = 3 };

Test(reject, hop_limit_used_up)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct packet in = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct door d = shut_door_of(dp);
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_remote });
		struct frame f, out;

		in.ttl = 1;
		f = frame_build(&in);
		out = dp_run(dp, &d.at, f, SENT_BACK);
		expect_frame(dp, out, frame_icmp(&in, &f, dp->v6 ? &late6 : &late4));
		expect_rejected(dp, &web, &in, SLUICE_R_TTL, 1);
		expect_tables(dp, &in, 0);
	}
}

/* On a flow that exists, it is the packet that ends, not the flow. */
Test(reject, too_big_on_an_established_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct door d = shut_door_of(dp);
		const struct icmp_error big4 = { .type = 3, .code = 4, .mtu = NARROW_MTU };
		const struct icmp_error big6 = { .type = 2, .mtu = NARROW_MTU };
		struct talk t = { AT(client_a, 40000), AT(node, 30080), AT(node, 0),
				  AT(pod_narrow, 8080) };
		struct packet in = talk_data(dp, t.client, t.dialled, 0);
		struct frame f, out;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_narrow });
		talk_establish(dp, &t);
		in.payload = 1380;
		f = frame_build(&in);
		out = dp_on(dp, XDP, UP0, f, PASSED);
		expect_frame(dp, out, f);
		out = dp_run(dp, &d.at, f, SENT_BACK);
		expect_frame(dp, out, frame_icmp(&in, &f, dp->v6 ? &big6 : &big4));
		expect_reason(dp, SLUICE_R_TOO_BIG, 1, packet_ip_len(&in));
		in.payload = 100;
		dp_wire(dp, frame_build(&in), SENT_BACK);
	}
}
