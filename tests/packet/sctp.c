/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What SCTP has of its own. That it is translated at all is in the tests of each hook, which claim
 * ALSO_SCTP.
 */
#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN) | ALSO_SCTP)

/* The next case of SCTP: others are in the walk, for a walk is over TCP and UDP first. */
static bool each(struct dp **dp, unsigned claims, unsigned also)
{
	do {
		if (!dp_each(dp, claims, also))
			return false;
	} while ((*dp)->proto != IPPROTO_SCTP);
	return true;
}

Test(sctp, associations_stay_with_an_endpoint_that_is_gone)
{
	for (struct dp *dp = NULL; each(&dp, WIRE, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet p = talk_data(dp, t.client, t.dialled, 0);
		struct frame out;

		talk_establish(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		out = dp_wire(dp, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(p, t.masked, t.backend),
						   t.backend.host));
		expect_no_reason(dp);
	}
}

Test(sctp, what_is_not_answered_yet_leaves_it)
{
	for (struct dp *dp = NULL; each(&dp, WIRE, 0);) {
		struct service web = given_web(dp);
		struct talk t = web_talk(40000);
		struct packet p = talk_open(dp, t.client, t.dialled);
		struct frame out;

		talk_start(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		out = dp_wire(dp, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(p, AT(node, frame_sport(dp, &out)),
								AT(pod_remote_2, 8080)),
						   &pod_remote_2));
	}
}

/* A local sender leaves the checksum to the device: it is not there yet, and must not be half there. */
Test(sctp, a_checksum_that_is_not_made_yet_stays_so)
{
	for (struct dp *dp = NULL; each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		struct packet p = talk_open(dp, AT(pod_a, 40000), AT(cluster_ip, 80));
		struct frame out;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_remote });
		p.sctp_no_csum = true;
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&p), SENT_BACK);
		expect_packet(dp, out, talk_routed(talk_between(p, AT(pod_a, 40000),
								AT(pod_remote, 8080)),
						   &pod_remote));
	}
}

/* Ports are not all that there must be. */
Test(sctp, a_header_that_is_cut_short_goes_nowhere)
{
	for (struct dp *dp = NULL; each(&dp, WIRE, 0);) {
		struct packet p = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct frame f;
		__be16 len = __builtin_bswap16(dp->v6 ? 11 : 31);

		given_web(dp);
		p.payload = 0;
		f = frame_build(&p);
		frame_poke(&f, FRAME_L3 + (dp->v6 ? 4 : 2), &len, sizeof(len));
		if (!dp->v6)
			frame_fix_ip4(&f);
		dp_wire(dp, f, DROPPED);
		expect_reason(dp, SLUICE_R_TRUNCATED, 1, dp->v6 ? 51 : 31);
	}
}

/* An error that quotes what every host must: 8 bytes, the ports among them, the checksum not. */
Test(sctp, errors_about_it_are_translated)
{
	for (struct dp *dp = NULL; each(&dp, ON(UPLINK_IN) | ALSO_SCTP, 0);) {
		const struct icmp_error too_big = { .type = dp->v6 ? 2 : 3, .code = dp->v6 ? 0 : 4,
						    .mtu = 1300 };
		struct talk t = web_talk(40000);
		struct packet sent = talk_data(dp, t.client, t.dialled, 0), seen, in, want;
		__u32 quoted = packet_l4_off(&sent) - FRAME_L3 + 8;
		struct frame f;

		given_web(dp);
		talk_establish(dp, &t);
		seen = talk_between(sent, t.masked, t.backend);
		in = talk_data(dp, AT(stranger, 0), AT(node, 0), 0);
		want = talk_routed(talk_between(in, t.dialled, t.client), &client_a);
		f = frame_icmp_error(&in, &too_big, &seen, quoted);
		expect_frame(dp, dp_wire(dp, f, SENT_BACK),
			     frame_icmp_error(&want, &too_big, &sent, quoted));
		expect_no_reason(dp);
	}
}

/* Many chunks of many packets, which the device cuts where they were: each fits already. */
Test(sctp, parts_of_several_sizes_are_not_too_big)
{
	for (struct dp *dp = NULL; each(&dp, ON(UPLINK_IN) | ALSO_SCTP, 0);) {
		const struct arrival at = { .hook = HOOK_UPLINK_IN, .dev = DEV_UP0,
					    .gso_segs = 2, .gso_size = 0xffff };
		struct packet p = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct frame out;

		given_web(dp);
		p.payload = 1600;
		out = dp_run(dp, &at, frame_build(&p), SENT_BACK);
		cr_expect_eq(frame_dport(dp, &out), 8080, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* Nobody there: SCTP knows port unreachable as the end of an attempt (RFC 9260 section 10). */
Test(sctp, without_an_endpoint_it_is_refused)
{
	for (struct dp *dp = NULL; each(&dp, WIRE, 0);) {
		const struct icmp_error refused = { .type = dp->v6 ? 1 : 3, .code = dp->v6 ? 4 : 3 };
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };
		struct packet p = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
		struct frame in = frame_build(&p), out;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT);
		out = dp_run(dp, &at, in, SENT_BACK);
		expect_frame(dp, out, frame_icmp(&p, &in, &refused));
	}
}
