/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The collector of idle and closed flows: what it ends, what it keeps, and that it counts. Time
 * passes by setting the entries' "seen" back.
 */
#include <unistd.h>

#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/web.h"

/* The longest silence of what is not TCP. */
#define SCTP_SEC 210
#define CASES (ON(UPLINK_IN) | ALSO_SCTP)

static struct talk given_flow(struct dp *dp, struct service *ret_web)
{
	struct talk t = web_talk(40000);

	*ret_web = given_web(dp);
	talk_establish(dp, &t);
	return t;
}

static void say(struct dp *dp, struct end from, struct end to, __u8 flags)
{
	struct packet p = talk_data(dp, from, to, flags);

	dp_wire(dp, frame_build(&p), SENT_BACK);
}

/* Both directions were last seen so long ago. */
static void silence(struct dp *dp, const struct talk *t, __u32 sec)
{
	struct packet there = talk_data(dp, t->client, t->dialled, 0);
	struct packet back = talk_data(dp, t->backend, t->masked, 0);

	dp_flow_age(dp, &there, IN_FLOWS, sec);
	dp_flow_age(dp, &back, IN_FLOWS, sec);
}

/* 10 ms at 100 Hz. */
static void pass_a_jiffy(void)
{
	usleep(10500);
}

static void expect_alive(struct dp *dp, const struct service *web)
{
	cr_expect_eq(dp_collect(dp), 0, "%s", dp->label);
	cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 2, "%s", dp->label);
	cr_expect_eq(dp_slot(dp, web->slot).closed, 0, "%s", dp->label);
	cr_expect_eq(dp_tokens(dp), 1, "%s", dp->label);
}

static void expect_ended(struct dp *dp, const struct service *web)
{
	cr_expect_eq(dp_collect(dp), 1, "%s", dp->label);
	cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
	cr_expect_eq(dp_slot(dp, web->slot).opened, 1, "%s", dp->label);
	cr_expect_eq(dp_slot(dp, web->slot).closed, 1, "%s", dp->label);
	cr_expect_eq(dp_tokens(dp), 0, "%s", dp->label);
	cr_expect_eq(dp_collect(dp), 0, "%s", dp->label);
}

Test(collector, keeps_what_is_alive)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct service web;

		given_flow(dp, &web);
		expect_alive(dp, &web);
		expect_alive(dp, &web);
	}
}

/*
 * Silent for a little less than @sec and not over, for a little more and it is: @sec is what the
 * settings say. The little is more than a busy machine stands still.
 */
static void expect_limit(struct dp *dp, const struct service *web, const struct talk *t,
			 __u32 sec)
{
	silence(dp, t, sec - 4);
	expect_alive(dp, web);
	silence(dp, t, sec + 1);
	expect_ended(dp, web);
}

Test(collector, ends_idle_flows)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct sluice_settings s = dp_settings(dp);
		struct service web;
		struct talk t = given_flow(dp, &web);

		expect_limit(dp, &web, &t,
			     dp->proto == IPPROTO_TCP ? s.established_sec :
			     dp->proto == IPPROTO_UDP ? s.udp_sec : SCTP_SEC);
	}
}

/* One direction may be silent for ever. */
Test(collector, keeps_flows_that_talk_one_way)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct sluice_settings s = dp_settings(dp);
		__u32 long_ago = s.established_sec + 10;
		struct service web;
		struct talk t = given_flow(dp, &web);
		struct packet there = talk_data(dp, t.client, t.dialled, 0);
		struct packet back = talk_data(dp, t.backend, t.masked, 0);

		dp_flow_age(dp, &there, IN_FLOWS, long_ago);
		expect_alive(dp, &web);
		dp_wire(dp, frame_build(&there), SENT_BACK);
		dp_flow_age(dp, &back, IN_FLOWS, long_ago);
		expect_alive(dp, &web);
	}
}

Test(collector, ends_connections_closed_by_both)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, ON(GC));) {
		struct service web;
		struct talk t = given_flow(dp, &web);

		say(dp, t.client, t.dialled, FIN);
		say(dp, t.backend, t.masked, FIN);
		expect_limit(dp, &web, &t, dp_settings(dp).closing_sec);
	}
}

Test(collector, ends_connections_that_were_reset)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, ON(GC));) {
		for (int by_server = 0; by_server < 2; by_server++) {
			struct service web;
			struct talk t = given_flow(dp, &web);

			if (by_server)
				say(dp, t.backend, t.masked, RST);
			else
				say(dp, t.client, t.dialled, RST);
			expect_limit(dp, &web, &t, dp_settings(dp).closing_sec);
			dp_reset(dp);
		}
	}
}

/* The other side may have much to say still. */
Test(collector, keeps_half_closed_connections_longer)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, ON(GC));) {
		for (int by_server = 0; by_server < 2; by_server++) {
			struct service web;
			struct talk t = given_flow(dp, &web);

			if (by_server)
				say(dp, t.backend, t.masked, FIN);
			else
				say(dp, t.client, t.dialled, FIN);
			silence(dp, &t, dp_settings(dp).closing_sec + 10);
			expect_alive(dp, &web);
			expect_limit(dp, &web, &t, dp_settings(dp).half_closed_sec);
			dp_reset(dp);
		}
	}
}

/* After the collector, the tuple may be used as if nothing had been. */
Test(collector, makes_room_for_the_same_tuple)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct service web;
		struct talk t = given_flow(dp, &web);

		silence(dp, &t, dp_settings(dp).established_sec + 2);
		expect_ended(dp, &web);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
		talk_establish(dp, &t);
		cr_expect_eq(dp_slot(dp, web.slot).opened, 2, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), 1, "%s", dp->label);
	}
}

/* A pair that a packet ended left its token in the queue. */
Test(collector, forgets_tokens_of_flows_that_are_gone)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP, ON(GC));) {
		struct service web;
		struct talk t = given_flow(dp, &web);
		struct packet p = talk_data(dp, t.client, t.dialled, 0);

		given_moved(dp, &web, &pod_remote_2);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0, "%s", dp->label);
		cr_expect_eq(dp_collect(dp), 0, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), 0, "%s", dp->label);
	}
}

/* Half a pair is no flow: its partner is gone, whoever took it. */
Test(collector, ends_a_pair_without_its_reply_half)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct service web;
		struct talk t = given_flow(dp, &web);
		struct packet there = talk_data(dp, t.client, t.dialled, 0);
		struct packet back = talk_data(dp, t.backend, t.masked, 0);

		dp_flow_lose(dp, &back, IN_FLOWS);
		dp_flow_age(dp, &there, IN_FLOWS, SCTP_SEC + 1);
		expect_ended(dp, &web);
	}
}

Test(collector, ends_many_at_once)
{
	for (struct dp *dp = NULL; dp_each(&dp, CASES, ON(GC));) {
		struct service web = given_web(dp);

		for (__u16 i = 0; i < 200; i++) {
			struct talk t = web_talk(40000 + i);

			talk_establish(dp, &t);
			if (i % 2)
				silence(dp, &t, dp_settings(dp).established_sec + 2);
		}
		cr_expect_eq(dp_collect(dp), 100, "%s", dp->label);
		cr_expect_eq(dp_slot(dp, web.slot).closed, 100, "%s", dp->label);
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 200, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), 100, "%s", dp->label);
	}
}

/* Else the queue of tokens fills up with those of connections long gone. */
Test(collector, keeps_one_token_for_a_tuple_used_again_and_again)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_TCP, ON(GC));) {
		struct service web;
		struct talk t = given_flow(dp, &web);

		for (int i = 0; i < 50; i++) {
			say(dp, t.client, t.dialled, FIN);
			say(dp, t.backend, t.masked, FIN);
			talk_establish(dp, &t);
			pass_a_jiffy();
		}
		cr_expect_eq(dp_slot(dp, web.slot).opened, 51, "%s", dp->label);
		cr_expect_eq(dp_collect(dp), 0, "%s", dp->label);
		cr_expect_eq(dp_tokens(dp), 1, "%s: %llu tokens", dp->label, dp_tokens(dp));
		cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 2, "%s", dp->label);
	}
}
