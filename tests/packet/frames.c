/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frames that carry a client's packet and are none, or not whole ones: tags, broadcast, packets on
 * their way to somebody else; and who says that a hop limit is used up.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)

static void given_web(struct dp *dp)
{
	given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
		      .to = { &pod_remote });
}

static void expect_untouched(struct dp *dp, const struct arrival *at, struct frame f)
{
	expect_frame(dp, dp_run(dp, at, f, PASSED), f);
	cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
}

/* 802.1Q, 802.1ad, both: whatever is behind the tag. VLAN 0 too, while the tag is in the frame. */
Test(frames, tagged_frame_is_not_of_this_device)
{
	static const struct {
		__u8 len;
		__u8 bytes[8];
	} tags[] = {
		{ 4, { 0x81, 0x00, 0x00, 0x05 } },
		{ 4, { 0x81, 0x00, 0xe0, 0x00 } },
		{ 4, { 0x88, 0xa8, 0x00, 0x64 } },
		{ 8, { 0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0x05 } },
	};

	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ON(WORKLOAD_IN), 0);) {
		bool pod = dp->hook == HOOK_WORKLOAD_IN;
		struct arrival at = { .hook = dp->hook, .dev = pod ? DEV_LXC0 : DEV_UP0 };
		struct end from = pod ? AT(pod_a, 40000) : CLIENT;

		given_web(dp);
		for (size_t i = 0; i < sizeof(tags) / sizeof(*tags); i++) {
			struct packet in = talk_open(dp, from, NODE_PORT);
			struct frame f = frame_build(&in);

			memmove(f.bytes + 12 + tags[i].len, f.bytes + 12, f.len - 12);
			frame_poke(&f, 12, tags[i].bytes, tags[i].len);
			f.len += tags[i].len;
			expect_untouched(dp, &at, f);
		}
		expect_no_reason(dp);
	}
}

/* As the stack, which takes no unicast packet of a broadcast frame for forwarding. */
Test(frames, broadcast_and_multicast_frames_are_not_translated)
{
	static const __u8 groups[][6] = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
					  { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x09 },
					  { 0x33, 0x33, 0x00, 0x00, 0x00, 0x01 } };

	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ON(WORKLOAD_IN), 0);) {
		bool pod = dp->hook == HOOK_WORKLOAD_IN;
		struct arrival at = { .hook = dp->hook, .dev = pod ? DEV_LXC0 : DEV_UP0 };
		struct end from = pod ? AT(pod_a, 40000) : CLIENT;

		given_web(dp);
		for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
			struct packet in = talk_open(dp, from, NODE_PORT);

			memcpy(in.dmac, groups[i], sizeof(in.dmac));
			expect_untouched(dp, &at, frame_build(&in));
		}
	}
}

/* On a bridge port the frame is for the bridge, or for another pod on it: that is a pod's. */
Test(frames, unicast_frame_of_a_pod_is_taken_whoever_it_is_for)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), 0);) {
		static const __u8 bridge[6] = { 0x02, 0, 0, 0, 7, 7 };
		struct packet in = talk_open(dp, AT(pod_a, 40000), AT(cluster_ip, 80));
		struct frame out;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_remote });
		memcpy(in.dmac, bridge, sizeof(bridge));
		out = dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_AWAY);
		expect_packet(dp, out, talk_routed(talk_between(in, AT(pod_a, 40000),
								AT(pod_remote, 8080)),
						   &pod_remote));
	}
}

/* RFC 8200 section 8.1: the checksum is over the last address of the list. */
Test(frames, packet_with_segments_left_dials_nobody)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		__u8 ext[24] = { dp->proto, 2, 0, 1 };
		struct packet in = talk_open(dp, CLIENT, NODE_PORT);
		struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
		struct packet want;
		struct frame out;

		given_web(dp);
		in.ext = ext;
		in.ext_len = sizeof(ext);
		in.ext_first = 43;
		expect_untouched(dp, &at, frame_build(&in));

		ext[3] = 0;	/* it is there */
		out = dp_wire(dp, frame_build(&in), SENT_BACK);
		want = talk_between(in, AT(node, frame_u16(&out, packet_l4_off(&in))),
				    AT(pod_remote, 8080));
		expect_packet(dp, out, talk_routed(want, &pod_remote));
	}
}

/* traceroute to a VIP shall show the node, not the VIP twice. */
Test(frames, hop_limit_ends_in_the_name_of_the_node)
{
	static const struct icmp_error late4 = { .type = 11 }, late6 = { .type = 3 };

	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };
		struct packet named, in = talk_open(dp, CLIENT, AT(vip, 443));
		struct frame f;

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .to = { &pod_remote });
		in.ttl = 1;
		f = frame_build(&in);
		named = in;
		named.dst = node.ip[dp->v6];
		expect_frame(dp, dp_run(dp, &at, f, SENT_BACK),
			     frame_icmp(&named, &f, dp->v6 ? &late6 : &late4));
	}
}

/* A reply's too: it is in the pod's hop towards the client that the limit ends. */
Test(frames, hop_limit_of_a_reply_ends_in_the_name_of_the_node)
{
	static const struct icmp_error late4 = { .type = 11 }, late6 = { .type = 3 };

	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), ON(UPLINK_IN));) {
		struct arrival at = { .hook = dp->hook, .dev = DEV_LXC0, .answered = true };
		struct packet named, back, in = talk_open(dp, CLIENT, AT(vip, 443));
		struct frame f;

		given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_EXTERNAL,
			      .flags = SLUICE_SVC_EXT_LOCAL, .to = { &pod_a });
		dp_on(dp, UPLINK_IN, UP0, frame_build(&in), SENT_AWAY);
		back = talk_answer(dp, AT(pod_a, 8080), CLIENT);
		back.ttl = 1;
		f = frame_build(&back);
		named = back;
		named.dst = node.ip[dp->v6];
		expect_frame(dp, dp_run(dp, &at, f, SENT_BACK),
			     frame_icmp(&named, &f, dp->v6 ? &late6 : &late4));
	}
}
