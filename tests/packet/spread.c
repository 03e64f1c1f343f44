/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * New flows spread evenly over a service's backends, and every hook chooses alike.
 */
#include <criterion/criterion.h>

#include "support/expect.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define NODE_PORT AT(node, 30080)
#define FLOWS 10000
#define BACKENDS 4

static struct service given_four(struct dp *dp, __u16 block)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { &pod_remote, &pod_remote_2, &pod_remote_3, &pod_remote_4 },
			     .block = block);
}

/* Client number @i: a few hundred addresses in turn, ports in sequence, as clients are. */
static struct host client(const struct dp *dp, __u32 i)
{
	struct host h = client_a;

	h.ip[dp->v6].ip6[3] = __builtin_bswap32(__builtin_bswap32(h.ip[dp->v6].ip6[3]) +
						i % 200);
	return h;
}

/* 1.7 % is one sigma of a fair die; what comes out is fixed by the seed. */
static void expect_even(struct dp *dp, const struct service *web)
{
	for (__u32 slot = web->slot; slot < web->slot + BACKENDS; slot++) {
		__u64 n = dp_slot(dp, slot).packets_in;

		cr_expect(n > FLOWS / BACKENDS * 95 / 100 && n < FLOWS / BACKENDS * 105 / 100,
			  "%s: slot %u got %llu of %u", dp->label, slot, n, FLOWS);
	}
}

/* Many ports towards each backend, so that the search for a free one is no part of this. */
static void wide_ports(struct dp *dp)
{
	struct sluice_settings s = dp_settings(dp);

	s.snat_min = 1024;
	s.snat_max = 65535;
	dp_set_settings(dp, &s);
}

Test(spread, new_flows_of_many_clients)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_four(dp, 251 * BACKENDS);

		wide_ports(dp);
		for (__u32 i = 0; i < FLOWS; i++) {
			struct host h = client(dp, i);
			struct packet in = talk_open(dp, (struct end){ &h, 32768 + i / 200 },
						     NODE_PORT);

			dp_wire(dp, frame_build(&in), SENT_BACK);
		}
		expect_even(dp, &web);
		expect_no_reason(dp);
	}
}

Test(spread, new_flows_of_one_client)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct service web = given_four(dp, BACKENDS);

		wide_ports(dp);
		for (__u16 i = 0; i < FLOWS; i++) {
			struct packet in = talk_open(dp, AT(client_a, 32768 + i), NODE_PORT);

			dp_wire(dp, frame_build(&in), SENT_BACK);
		}
		expect_even(dp, &web);
		expect_no_reason(dp);
	}
}

/* What each of the hooks makes of the first packet of a flow, as if it were lost in between. */
static bool chosen_alike(struct dp *dp, const struct packet *in, struct frame *at_xdp,
			 struct frame *at_tc)
{
	const struct arrival tc = { .hook = HOOK_UPLINK_IN, .dev = DEV_UP0 };
	struct frame f = frame_build(in);

	*at_xdp = dp_wire(dp, f, SENT_BACK);
	dp_flow_lose(dp, in, IN_HALF);
	*at_tc = dp_run(dp, &tc, f, SENT_BACK);
	return at_xdp->len == at_tc->len && !memcmp(at_xdp->bytes, at_tc->bytes, at_tc->len);
}

/*
 * The other hook finds the same backend, for it hashes the same. The port that replaces the
 * client's is another one in each second: where one ended in between, once more.
 */
Test(spread, xdp_and_tc_choose_alike)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		given_four(dp, 0);
		for (__u16 i = 0; i < 100; i++) {
			struct packet in = talk_open(dp, AT(client_a, 40000 + i), NODE_PORT);
			struct frame at_xdp, at_tc;

			for (int tries = 0; !chosen_alike(dp, &in, &at_xdp, &at_tc); tries++) {
				if (tries == 5)
					break;
				dp_flow_lose(dp, &in, IN_HALF);
			}
			expect_frame(dp, at_tc, at_xdp);
		}
	}
}
