/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors about translated packets: whoever sent the quoted packet must recognise it. tc only;
 * XDP leaves them untouched, and so does tc with what is about no flow of ours.
 */
#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>
#include <linux/ip.h>

#include "support/expect.h"
#include "support/web.h"

#define CLIENT AT(client_a, 40000)
#define POD AT(pod_a, 8080)

enum trouble {
	TOO_BIG,
	TIME_EXCEEDED,
	PORT_UNREACHABLE,
	PARAMETER,
	TROUBLES,
};

static const struct icmp_error *error_of(const struct dp *dp, enum trouble what)
{
	static const struct icmp_error errors[TROUBLES][2] = {
		[TOO_BIG] = { { .type = 3, .code = 4, .mtu = 1300 }, { .type = 2, .mtu = 1300 } },
		[TIME_EXCEEDED] = { { .type = 11 }, { .type = 3 } },
		[PORT_UNREACHABLE] = { { .type = 3, .code = 3 }, { .type = 1, .code = 4 } },
		[PARAMETER] = { { .type = 12 }, { .type = 4 } },
	};

	return &errors[what][dp->v6];
}

/* The IP part of an error from @from to @to, as the node meets it. */
static struct packet error_from(const struct dp *dp, const struct host *from, const struct host *to)
{
	struct packet p = { .v6 = dp->v6, .ttl = 60, .tos = 0xc0, .ip_id = 0x77,
			    .src = from->ip[dp->v6], .dst = to->ip[dp->v6] };

	memcpy(p.smac, from->mac, sizeof(p.smac));
	memcpy(p.dmac, scene_mac(from->dev), sizeof(p.dmac));
	return p;
}

/* A pair of packets: what was sent, and what became of it. */
struct quoted {
	struct packet sent;
	struct packet seen;
};

/* The client's packet, and as it went to the backend. */
static struct quoted request_of(const struct dp *dp, const struct talk *t)
{
	struct packet p = talk_data(dp, t->client, t->dialled, PSH);

	p.ttl = 1;
	return (struct quoted){ p, talk_between(p, t->masked, t->backend) };
}

static struct quoted reply_of(const struct dp *dp, const struct talk *t)
{
	struct packet p = talk_data(dp, t->backend, t->masked, PSH);

	p.ttl = 2;
	return (struct quoted){ p, talk_between(p, t->dialled, t->client) };
}

/* An established connection to the usual Service, and a packet of its client. */
static struct quoted given_request(struct dp *dp, struct talk *ret)
{
	given_web(dp);
	*ret = web_talk(40000);
	talk_establish(dp, ret);
	return request_of(dp, ret);
}

/* The error @in, whose quote is @q->seen, comes out at @to's side as one that quotes @q->sent. */
static void expect_told(struct dp *dp, const struct packet *in, enum trouble what,
			const struct quoted *q, __u32 bytes, struct end from, struct end to)
{
	const struct icmp_error *e = error_of(dp, what);
	struct packet want = talk_routed(talk_between(*in, from, to), to.host);
	struct frame f = frame_icmp_error(in, e, &q->seen, bytes);

	expect_frame(dp, dp_on(dp, UPLINK_IN, UP0, f, SENT_BACK),
		     frame_icmp_error(&want, e, &q->sent, bytes));
}

static void expect_untouched(struct dp *dp, struct frame f)
{
	expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
	expect_frame(dp, dp_on(dp, UPLINK_IN, UP0, f, PASSED), f);
}

static __u32 icmp_ip_len(const struct packet *outer, __u32 quoted)
{
	return packet_l4_off(outer) - FRAME_L3 + 8 + quoted;
}

#define UPLINK ON(UPLINK_IN), ON(XDP)

Test(icmp_error, of_the_backends_side_reaches_the_client)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet in = error_from(dp, &stranger, &node);
		struct sluice_slot_count before, after;
		struct quoted q;

		talk_establish(dp, &t);
		before = dp_slot(dp, web.slot);
		q = request_of(dp, &t);
		for (enum trouble what = 0; what < TROUBLES; what++)
			expect_told(dp, &in, what, &q, 0, t.dialled, t.client);
		after = dp_slot(dp, web.slot);
		cr_expect_eq(after.packets_out - before.packets_out, TROUBLES, "%s", dp->label);
		cr_expect_eq(after.bytes_out - before.bytes_out,
			     TROUBLES * icmp_ip_len(&in, packet_ip_len(&q.seen)), "%s", dp->label);
		cr_expect_eq(after.packets_in, before.packets_in, "%s", dp->label);
		expect_no_reason(dp);
	}
}

Test(icmp_error, of_the_clients_side_reaches_the_backend)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t = web_talk(40000);
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q;

		given_web(dp);
		talk_establish(dp, &t);
		q = reply_of(dp, &t);
		for (enum trouble what = 0; what < TROUBLES; what++)
			expect_told(dp, &in, what, &q, 0, t.masked, t.backend);
		expect_no_reason(dp);
	}
}

/* A closed UDP port, or a firewall on the way: nothing was ever established. */
Test(icmp_error, about_the_first_packet)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t = web_talk(40000);
		struct packet in = error_from(dp, &pod_remote, &node);
		struct quoted q;

		given_web(dp);
		talk_start(dp, &t);
		q.sent = talk_open(dp, t.client, t.dialled);
		q.seen = talk_between(q.sent, t.masked, t.backend);
		expect_told(dp, &in, PORT_UNREACHABLE, &q, 0, t.dialled, t.client);
		expect_no_reason(dp);
	}
}

/* From 8 bytes of L4 on, with TCP's checksum quoted or not; but not half of it. */
Test(icmp_error, quote_of_any_length)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);

		for (__u32 l4 = 8; l4 <= 40; l4++)
			if (dp->proto == IPPROTO_UDP || l4 != 17)
				expect_told(dp, &in, TIME_EXCEEDED, &q,
					    packet_l4_off(&q.seen) - FRAME_L3 + l4, t.dialled,
					    t.client);
		expect_no_reason(dp);
	}
}

Test(icmp_error, padding_and_a_long_quote)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);

		in.padding = 9;
		expect_told(dp, &in, TOO_BIG, &q, 0, t.dialled, t.client);
		q.sent.payload = q.seen.payload = 1300;
		for (__u32 bytes = 520; bytes < 540; bytes++)
			expect_told(dp, &in, TOO_BIG, &q, bytes, t.dialled, t.client);
		expect_told(dp, &in, TOO_BIG, &q, 1232, t.dialled, t.client);
		expect_no_reason(dp);
	}
}

/* Options and extension headers, of the error and of what it quotes. */
Test(icmp_error, headers_that_are_not_plain)
{
	static const __u8 nops[40] = { [0 ... 39] = 1 };
	/* Hop-by-hop, destination options, an atomic fragment header; then L4. */
	static __u8 chain[24] = { 60, 0, 1, 4, 0, 0, 0, 0, 44, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0, 0 };

	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);

		chain[16] = dp->proto;
		q.sent.ext = q.seen.ext = dp->v6 ? chain : nops;
		q.sent.ext_len = q.seen.ext_len = dp->v6 ? sizeof(chain) : 40;
		expect_told(dp, &in, TOO_BIG, &q, 0, t.dialled, t.client);
		expect_told(dp, &in, TOO_BIG, &q, packet_l4_off(&q.seen) - FRAME_L3 + 8, t.dialled,
			    t.client);
		if (!dp->v6) {
			in.ext = nops;
			in.ext_len = 8;
			expect_told(dp, &in, TOO_BIG, &q, 0, t.dialled, t.client);
		}
		expect_no_reason(dp);
	}
}

Test(icmp_error, udp_without_a_checksum_stays_without)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP | ONLY_V4, ON(XDP));) {
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);

		q.sent.udp_no_csum = q.seen.udp_no_csum = true;
		expect_told(dp, &in, PORT_UNREACHABLE, &q, 0, t.dialled, t.client);
	}
}

/* With a Local policy the client's address stays; the pod is behind a workload device. */
Test(icmp_error, without_snat_both_ways)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(WORKLOAD_IN));) {
		struct talk t = { CLIENT, AT(vip, 443), CLIENT, POD };
		struct packet in = error_from(dp, &stranger, &vip), want;
		const struct icmp_error *e = error_of(dp, PORT_UNREACHABLE);
		struct quoted q;
		struct frame f;

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .flags = SLUICE_SVC_EXT_LOCAL, .to = { &pod_a });
		talk_start(dp, &t);
		q = reply_of(dp, &t);
		expect_told(dp, &in, TOO_BIG, &q, 0, t.masked, t.backend);

		q = request_of(dp, &t);
		in = error_from(dp, &pod_a, &client_a);
		want = talk_routed(talk_between(in, t.dialled, t.client), &client_a);
		f = frame_icmp_error(&in, e, &q.seen, 0);
		expect_frame(dp, dp_on(dp, WORKLOAD_IN, LXC0, f, SENT_BACK),
			     frame_icmp_error(&want, e, &q.sent, 0));
		expect_no_reason(dp);
	}
}

Test(icmp_error, reaches_a_pod_that_dialled)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), ON(UPLINK_IN));) {
		struct talk t = { AT(pod_a, 40000), AT(cluster_ip, 80), AT(pod_a, 40000),
				  AT(pod_remote, 8080) };
		struct packet in = error_from(dp, &stranger, &pod_a);
		struct packet open = talk_open(dp, t.client, t.dialled);

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_remote });
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&open), SENT_BACK);
		for (enum trouble what = 0; what < TROUBLES; what++)
			expect_told(dp, &in, what, &(struct quoted){
					    open, talk_between(open, t.masked, t.backend) },
				    0, t.dialled, t.client);
		expect_no_reason(dp);
	}
}

Test(icmp_error, reaches_a_process_of_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT), ON(UPLINK_IN));) {
		struct talk t = { AT(node, 40000), AT(cluster_ip, 80), AT(node, 0),
				  AT(pod_remote, 8080) };
		struct packet in = error_from(dp, &stranger, &node), want;
		struct packet open = talk_leaving(talk_open(dp, t.client, t.dialled), &client_a);
		const struct icmp_error *e = error_of(dp, TOO_BIG);
		struct packet seen;
		struct frame f;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_remote });
		f = dp_on(dp, UPLINK_OUT, UP0, frame_build(&open), PASSED);
		t.masked.port = frame_sport(dp, &f);
		seen = talk_between(open, t.masked, t.backend);
		want = talk_between(in, t.dialled, t.client);
		f = frame_icmp_error(&in, e, &seen, 0);
		expect_frame(dp, dp_on(dp, UPLINK_IN, UP0, f, PASSED),
			     frame_icmp_error(&want, e, &open, 0));
		expect_no_reason(dp);
	}
}

/* The node's own stack says that nobody listens at the backend's port. */
Test(icmp_error, of_a_socket_of_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(UPLINK_OUT));) {
		struct packet open = talk_open(dp, CLIENT, AT(vip, 443)), seen, in, want;
		const struct icmp_error *e = error_of(dp, PORT_UNREACHABLE);
		struct frame f;

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .to = { &node }, .to_port = DP_HOST_PORT);
		dp_wire(dp, frame_build(&open), PASSED);
		seen = talk_between(open, CLIENT, AT(node, DP_HOST_PORT));
		in = talk_leaving(error_from(dp, &node, &client_a), &client_a);
		want = talk_between(in, AT(vip, 443), CLIENT);
		f = frame_icmp_error(&in, e, &seen, 0);
		expect_frame(dp, dp_on(dp, UPLINK_OUT, UP0, f, PASSED),
			     frame_icmp_error(&want, e, &open, 0));
		expect_no_reason(dp);
	}
}

/* Whoever forges errors must not keep a flow, or open one. */
Test(icmp_error, does_not_renew_a_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		struct talk t = web_talk(40000);
		struct packet in = error_from(dp, &stranger, &node);
		struct packet back = talk_data(dp, t.backend, t.masked, 0);
		struct sluice_flow before, after;
		struct quoted q;

		given_web(dp);
		talk_establish(dp, &t);
		back = talk_data(dp, t.backend, t.masked, 0);
		dp_flow_age(dp, &back, IN_FLOWS, 30);
		cr_assert(dp_flow(dp, &back, &before) & IN_FLOWS);
		q = request_of(dp, &t);
		expect_told(dp, &in, TOO_BIG, &q, 0, t.dialled, t.client);
		cr_assert(dp_flow(dp, &back, &after) & IN_FLOWS);
		cr_expect_eq(after.seen, before.seen, "%s", dp->label);
	}
}

/* A wrong checksum must not become a right one: the receiver has to see it. */
Test(icmp_error, broken_checksum_stays_broken)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		const struct icmp_error *e = error_of(dp, TOO_BIG);
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node), want;
		struct frame f, right;
		struct quoted q = given_request(dp, &t);
		__u32 off;

		want = talk_routed(talk_between(in, t.dialled, t.client), &client_a);
		right = frame_icmp_error(&want, e, &q.sent, 0);
		f = frame_icmp_error(&in, e, &q.seen, 0);
		off = packet_l4_off(&in) + 4;	/* a word that no rewrite touches */
		f.bytes[off] ^= 0x55;
		right.bytes[off] ^= 0x55;
		expect_frame(dp, dp_on(dp, UPLINK_IN, UP0, f, SENT_BACK), right);
	}
}

/* No error about an error (RFC 1122 section 3.2.2). */
Test(icmp_error, is_not_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		const struct icmp_error *e = error_of(dp, TIME_EXCEEDED);
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);
		struct frame f;

		in.ttl = 1;
		f = frame_icmp_error(&in, e, &q.seen, 0);
		expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
		dp_on(dp, UPLINK_IN, UP0, f, DROPPED);
		expect_reason(dp, SLUICE_R_TTL, 1, f.len - FRAME_L3);
	}
}

/* Not about a flow of ours, not for who sent it, or no error. */
Test(icmp_error, of_others_passes_untouched)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		const struct icmp_error *e = error_of(dp, TOO_BIG);
		const struct icmp_error echo = { .type = dp->v6 ? 128 : 8 };
		const struct icmp_error redirect = { .type = dp->v6 ? 137 : 5 };
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node), elsewhere, other;
		struct quoted q = given_request(dp, &t);

		expect_untouched(dp, frame_icmp_error(&in, &echo, &q.seen, 0));
		expect_untouched(dp, frame_icmp_error(&in, &redirect, &q.seen, 0));
		elsewhere = error_from(dp, &stranger, &node_up1);
		expect_untouched(dp, frame_icmp_error(&elsewhere, e, &q.seen, 0));
		other = q.seen;
		other.sport++;
		expect_untouched(dp, frame_icmp_error(&in, e, &other, 0));
		/* The packet before it was rewritten: not on that side of us. */
		expect_untouched(dp, frame_icmp_error(&in, e, &q.sent, 0));
		cr_expect_eq(dp_reason(dp, SLUICE_R_NOT_OURS).packets, 5, "%s", dp->label);
	}
}

/* Quotes that are cut too short, or wrong. */
Test(icmp_error, bad_quotes_pass_untouched)
{
	for (struct dp *dp = NULL; dp_each(&dp, UPLINK);) {
		const struct icmp_error *e = error_of(dp, TOO_BIG);
		struct talk t;
		struct packet in = error_from(dp, &stranger, &node);
		struct quoted q = given_request(dp, &t);
		struct frame f;
		__u32 ip, header;

		header = packet_l4_off(&q.seen) - FRAME_L3;
		for (__u32 bytes = 1; bytes < header + 8; bytes++)
			expect_untouched(dp, frame_icmp_error(&in, e, &q.seen, bytes));
		ip = packet_l4_off(&in) + 8;
		f = frame_icmp_error(&in, e, &q.seen, 0);
		f.bytes[ip] = dp->v6 ? 0x45 : 0x60;	/* the other family */
		expect_untouched(dp, f);
		f = frame_icmp_error(&in, e, &q.seen, 0);
		f.bytes[ip + (dp->v6 ? 6 : 9)] = IPPROTO_SCTP;
		expect_untouched(dp, f);
		if (dp->v6)
			continue;
		f = frame_icmp_error(&in, e, &q.seen, 0);
		f.bytes[ip] = 0x44;	/* a header of 16 bytes */
		expect_untouched(dp, f);
		f.bytes[ip] = 0x4f;	/* or longer than the packet that was quoted */
		frame_poke(&f, ip + offsetof(struct iphdr, tot_len), "\0\x3c", 2);
		expect_untouched(dp, f);
		f = frame_icmp_error(&in, e, &q.seen, 0);
		f.bytes[ip + 7] = 1;	/* not the first fragment: no ports */
		expect_untouched(dp, f);
	}
}
