/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A Service that wants connections to endpoints that are gone to be reset: both sides hear it when
 * they next speak, a second after they last did at the earliest.
 */
#include <criterion/criterion.h>

#include "support/expect.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))

static const struct talk web_talk = {
	.client = AT(client_a, 40000),
	.dialled = AT(node, 30080),
	.masked = AT(node, 0),
	.backend = AT(pod_remote, 8080),
};

/* An established connection whose endpoint went away a while ago. */
static struct talk given_gone(struct dp *dp, bool reset, struct service *web, __u32 *ret_slot)
{
	struct talk t = web_talk;
	struct packet p = talk_data(dp, t.client, t.dialled, 0);
	struct packet back;

	*web = given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { &pod_remote }, .reset = reset);
	*ret_slot = web->slot;
	talk_establish(dp, &t);
	given_moved(dp, web, &pod_remote_2);
	back = talk_data(dp, t.backend, t.masked, 0);
	dp_flow_age(dp, &p, IN_FLOWS, 2);
	dp_flow_age(dp, &back, IN_FLOWS, 2);
	return t;
}

static void expect_reset(struct dp *dp, const struct service *web, __u32 slot, struct packet p)
{
	const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };
	struct frame out = dp_run(dp, &at, frame_build(&p), SENT_BACK);

	expect_packet(dp, out, talk_rst(&p));
	expect_reason(dp, SLUICE_R_GONE, 1, packet_ip_len(&p));
	cr_expect_eq(dp_service_drops(dp, web->row, SLUICE_R_GONE), 1, "%s", dp->label);
	cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	cr_expect_eq(dp_slot(dp, slot).closed, 1, "%s", dp->label);
}

Test(reset, the_client_hears_it)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web;
		__u32 slot;
		struct talk t = given_gone(dp, true, &web, &slot);

		expect_reset(dp, &web, slot, talk_data(dp, t.client, t.dialled, 0));
	}
}

Test(reset, the_endpoint_hears_it)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web;
		__u32 slot;
		struct talk t = given_gone(dp, true, &web, &slot);

		expect_reset(dp, &web, slot, talk_data(dp, t.backend, t.masked, 0));
	}
}

/* Over already, by both FINs: closed is closed, and no longer only over. */
Test(reset, what_is_over_already_is_counted_once)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_remote }, .reset = true);
		struct talk t = web_talk;
		struct packet p = talk_data(dp, t.client, t.dialled, FIN), back;
		__u32 slot = web.slot;

		talk_establish(dp, &t);
		back = talk_data(dp, t.backend, t.masked, FIN);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		dp_wire(dp, frame_build(&back), SENT_BACK);
		cr_expect_eq(dp_slot(dp, slot).over, 1, "%s", dp->label);
		given_moved(dp, &web, &pod_remote_2);
		dp_flow_age(dp, &back, IN_FLOWS, 2);
		dp_run(dp, &at, frame_build(&back), SENT_BACK);
		cr_expect_eq(dp_slot(dp, slot).over, 0, "%s", dp->label);
		cr_expect_eq(dp_slot(dp, slot).closed, 1, "%s", dp->label);
	}
}

Test(reset, a_new_connection_of_the_same_ports_is_served)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web;
		__u32 slot;
		struct talk t = given_gone(dp, true, &web, &slot);
		struct packet p = talk_open(dp, t.client, t.dialled);
		struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);

		expect_packet(dp, out, talk_routed(talk_between(p, AT(node, frame_sport(dp, &out)),
								AT(pod_remote_2, 8080)),
						   &pod_remote_2));
		expect_no_reason(dp);
	}
}

Test(reset, nobody_answers_a_reset)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web;
		__u32 slot;
		struct talk t = given_gone(dp, true, &web, &slot);
		struct packet p = talk_data(dp, t.client, t.dialled, RST);

		dp_wire(dp, frame_build(&p), DROPPED);
		expect_reason(dp, SLUICE_R_GONE, 1, packet_ip_len(&p));
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	}
}

/* As long as the endpoint is there, and where the Service does not ask for it. */
Test(reset, others_go_on)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct talk t = web_talk;
		struct packet p = talk_data(dp, t.client, t.dialled, 0);
		struct service web;
		__u32 slot;

		given_gone(dp, false, &web, &slot);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		dp_reset(dp);
		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_remote }, .reset = true);
		talk_establish(dp, &t);
		dp_flow_age(dp, &p, IN_FLOWS, 2);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		expect_no_reason(dp);
	}
}

/* The Service went with its endpoint: the stack hears of the SYN, and nobody's drops do. */
Test(reset, syn_to_a_service_that_is_gone_too)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, 0);) {
		struct service web;
		__u32 slot;
		struct talk t = given_gone(dp, true, &web, &slot);
		struct packet p = talk_open(dp, t.client, t.dialled);

		dp_forget_services(dp);
		dp_wire(dp, frame_build(&p), PASSED);
		expect_reason(dp, SLUICE_R_NOT_OURS, 1, packet_ip_len(&p));
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_NOT_OURS), 0, "%s", dp->label);
	}
}
