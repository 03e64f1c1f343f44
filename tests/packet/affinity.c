/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Session affinity: with which backend a client's new flows stay, for how long, and what makes them
 * move. Each row of the contract, on every hook that can meet it.
 */
#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "support/expect.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define NODE_PORT AT(node, 30080)
#define HOUR 3600
#define FOUR { &pod_remote, &pod_remote_2, &pod_remote_3, &pod_remote_4 }

static struct service given_web(struct dp *dp, __u32 flags)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .flags = flags, .to = FOUR);
}

static struct service given_sticky(struct dp *dp)
{
	struct service s = given_web(dp, 0);

	given_affinity(dp, &s, HOUR);
	return s;
}

/* Client number @i of many. */
static struct host client(const struct dp *dp, __u32 i)
{
	struct host h = client_a;

	h.ip[dp->v6].ip6[3] ^= __builtin_bswap32(i << 8);
	return h;
}

/* The slot that the flow of @p was given. */
static __u32 slot_of(const struct dp *dp, const struct packet *p)
{
	struct sluice_flow f;

	cr_assert_neq(dp_flow(dp, p, &f), 0, "%s: no flow", dp->label);
	return f.slot;
}

static const struct host *host_of(const struct service *s, __u32 slot)
{
	const struct host *const hosts[] = FOUR;

	cr_assert(slot >= s->slot && slot < s->slot + 4, "slot %u", slot);
	return hosts[slot - s->slot];
}

/* The first packet of a flow; what it was given. */
static __u32 dial(struct dp *dp, struct end from, struct end to)
{
	struct packet p = talk_open(dp, from, to);

	dp_wire(dp, frame_build(&p), SENT_BACK);
	return slot_of(dp, &p);
}

/* A whole handshake, or a datagram, its answer and another; what the flow was given. */
static __u32 connect_to(struct dp *dp, const struct service *s, struct end from, struct end to)
{
	struct packet p = talk_open(dp, from, to);
	struct frame out = dp_wire(dp, frame_build(&p), SENT_BACK);
	__u32 slot = slot_of(dp, &p);
	struct end masked = AT(node, frame_sport(dp, &out));
	struct packet back = talk_answer(dp, (struct end){ host_of(s, slot), 8080 }, masked);
	struct packet ack = talk_ack(dp, from, to);

	dp_wire(dp, frame_build(&back), SENT_BACK);
	dp_wire(dp, frame_build(&ack), SENT_BACK);
	expect_tables(dp, &p, IN_FLOWS);
	return slot;
}

/* Slots that @n clients are given, as a mask of the service's backends. */
static unsigned dial_many(struct dp *dp, const struct service *s, __u32 n, __u16 port)
{
	unsigned seen = 0;

	for (__u32 i = 0; i < n; i++) {
		struct host h = client(dp, i);

		seen |= 1u << (dial(dp, (struct end){ &h, port }, NODE_PORT) - s->slot);
	}
	return seen;
}

/* --- the key ------------------------------------------------------------------ */

Test(affinity, a_client_stays_and_clients_spread)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		__u32 first = connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);

		for (__u16 i = 1; i < 15; i++)
			cr_expect_eq(connect_to(dp, &web, AT(client_a, 40000 + i), NODE_PORT),
				     first, "%s: connection %u", dp->label, i);
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_AFFINITY), 14, "%s", dp->label);
		cr_expect_eq(dial_many(dp, &web, 50, 41000), 0xf, "%s", dp->label);
	}
}

/* Before anything is recorded: two SYNs may race each other on two CPUs. */
Test(affinity, first_connections_at_once_go_to_one_backend)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_sticky(dp);
		struct sluice_affinity row;
		__u32 first;

		first = dial(dp, AT(client_a, 40000), NODE_PORT);
		for (__u16 i = 1; i < 15; i++)
			cr_expect_eq(dial(dp, AT(client_a, 40000 + i), NODE_PORT), first, "%s: %u",
				     dp->label, i);
		cr_expect_not(dp_affinity(dp, &client_a, web.row, &row), "a SYN is recorded");
	}
}

Test(affinity, is_shared_by_all_frontends_of_the_port)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct end others[] = { AT(vip, 443), AT(vip_2, 443), AT(cluster_ip, 443) };
		enum sluice_frontend_kind kinds[] = { SLUICE_FE_LOAD_BALANCER, SLUICE_FE_EXTERNAL,
						      SLUICE_FE_CLUSTER_IP };
		struct sluice_affinity row;
		__u32 first;

		for (int i = 0; i < 3; i++)
			given_frontend(dp, &web, others[i].host, others[i].port, kinds[i]);
		first = connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		/* Another one than the hash would find: what is recorded is what holds. */
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		row.slot = web.slot + (first - web.slot + 1) % 4;
		dp_affinity_set(dp, &client_a, web.row, &row);
		for (__u16 i = 0; i < 3; i++)
			cr_expect_eq(connect_to(dp, &web, AT(client_a, 40000 + i), others[i]),
				     row.slot, "%s: frontend %u", dp->label, i);
	}
}

Test(affinity, of_one_service_is_not_of_another)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp), api;
		struct sluice_affinity row = { .slot = web.slot, .slot_gen = 1 };

		api = given_service(dp, .at = &vip, .port = 443, .kind = SLUICE_FE_LOAD_BALANCER,
				    .to = FOUR);
		given_affinity(dp, &api, HOUR);
		connect_to(dp, &api, AT(client_a, 40000), AT(vip, 443));
		cr_expect_not(dp_affinity(dp, &client_a, web.row, &row), "%s", dp->label);

		/* As if the row had been another service's, which had these slots. */
		row = (struct sluice_affinity){ .slot = web.slot, .slot_gen = 1, .seen = dp_jiffies() };
		dp_affinity_set(dp, &client_a, api.row, &row);
		cr_expect_geq(dial(dp, AT(client_a, 40001), AT(vip, 443)), api.slot, "%s",
			      dp->label);
	}
}

/* --- when it is recorded ------------------------------------------------------ */

Test(affinity, made_up_clients_are_not_recorded)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_sticky(dp);

		dial_many(dp, &web, 50, 41000);
		cr_expect_eq(dp_affinities(dp), 0, "%s", dp->label);
		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		cr_expect_eq(dp_affinities(dp), 1, "%s", dp->label);
	}
}

/* Who only ever sends, from a port of its own each time, is to stick too. */
Test(affinity, the_first_datagram_is_recorded)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct service web = given_sticky(dp);
		struct sluice_affinity row;
		__u32 slot = dial(dp, AT(client_a, 40000), NODE_PORT);

		cr_assert(dp_affinity(dp, &client_a, web.row, &row), "%s", dp->label);
		cr_expect_eq(row.slot, slot, "%s", dp->label);
		cr_expect_eq(row.slot_gen, 1, "%s", dp->label);
		cr_expect_eq(row.turn, 0, "%s", dp->label);
	}
}

Test(affinity, services_without_it_record_nothing_and_spread)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_web(dp, 0);
		unsigned seen = 0;

		for (__u16 i = 0; i < 30; i++)
			seen |= 1u << (connect_to(dp, &web, AT(client_a, 40000 + i), NODE_PORT) -
				       web.slot);
		cr_expect_eq(seen, 0xf, "%s", dp->label);
		cr_expect_eq(dp_affinities(dp), 0, "%s", dp->label);
	}
}

/* The endpoint left between SYN and ACK: its row may be given to another service by then. */
Test(affinity, a_gone_endpoint_is_not_recorded)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_remote });
		struct talk t = { AT(client_a, 40000), NODE_PORT, AT(node, 0),
				  AT(pod_remote, 8080) };
		struct packet p;

		given_affinity(dp, &web, HOUR);
		talk_start(dp, &t);
		given_moved(dp, &web, &pod_remote_2);
		p = talk_answer(dp, t.backend, t.masked);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		p = talk_ack(dp, t.client, t.dialled);
		dp_wire(dp, frame_build(&p), SENT_BACK);
		expect_tables(dp, &p, IN_FLOWS);
		cr_expect_eq(dp_affinities(dp), 0, "%s", dp->label);
	}
}

/* --- time --------------------------------------------------------------------- */

Test(affinity, every_new_connection_renews_it)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct sluice_affinity row, renewed;

		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		dp_affinity_age(dp, &client_a, web.row, HOUR - 60);
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		connect_to(dp, &web, AT(client_a, 40001), NODE_PORT);
		cr_assert(dp_affinity(dp, &client_a, web.row, &renewed));
		cr_expect_gt(renewed.seen, row.seen, "%s", dp->label);
		cr_expect_eq(renewed.slot, row.slot, "%s", dp->label);
		cr_expect_eq(renewed.turn, 0, "%s", dp->label);
	}
}

/* Packets of a connection that lasts are not: only new ones are. */
Test(affinity, an_open_connection_does_not)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct packet more = talk_data(dp, AT(client_a, 40000), NODE_PORT, 0);
		struct sluice_affinity row, later;

		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		dp_affinity_age(dp, &client_a, web.row, 60);
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		dp_wire(dp, frame_build(&more), SENT_BACK);
		cr_assert(dp_affinity(dp, &client_a, web.row, &later));
		cr_expect_eq(later.seen, row.seen, "%s", dp->label);
	}
}

/* As often as it runs out, as good as at random. */
Test(affinity, ends_with_its_time)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		unsigned seen = 0;

		for (__u16 i = 0; i < 20; i++) {
			__u32 slot = connect_to(dp, &web, AT(client_a, 40000 + 2 * i), NODE_PORT);

			seen |= 1u << (slot - web.slot);
			cr_expect_eq(connect_to(dp, &web, AT(client_a, 40001 + 2 * i), NODE_PORT),
				     slot, "%s: turn %u", dp->label, i);
			dp_affinity_age(dp, &client_a, web.row, HOUR + 1 + i);
		}
		cr_expect(seen & (seen - 1), "%s: one slot, 20 times", dp->label);
	}
}

Test(affinity, first_connections_of_a_turn_go_to_one_backend)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct service web = given_sticky(dp);
		__u32 first;

		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		dp_affinity_age(dp, &client_a, web.row, HOUR + 7);
		first = dial(dp, AT(client_a, 40001), NODE_PORT);
		for (__u16 i = 2; i < 12; i++)
			cr_expect_eq(dial(dp, AT(client_a, 40000 + i), NODE_PORT), first, "%s",
				     dp->label);
	}
}

Test(affinity, another_timeout_holds_at_once)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct sluice_affinity row;

		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		dp_affinity_age(dp, &client_a, web.row, 60);
		given_affinity(dp, &web, 59);
		connect_to(dp, &web, AT(client_a, 40001), NODE_PORT);
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		cr_expect_neq(row.turn, 0, "%s: a new turn", dp->label);

		dp_affinity_age(dp, &client_a, web.row, 60);
		given_affinity(dp, &web, HOUR);
		cr_expect_eq(connect_to(dp, &web, AT(client_a, 40002), NODE_PORT), row.slot, "%s",
			     dp->label);
	}
}

/* --- what the set says ----------------------------------------------------------- */

/* It moves when its endpoint leaves, and stays where it went when that one comes back. */
Test(affinity, moves_from_an_endpoint_that_is_gone_and_stays)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		__u32 first = connect_to(dp, &web, AT(client_a, 40000), NODE_PORT), second;

		given_left(dp, &web, ~(1u << (first - web.slot)));
		second = connect_to(dp, &web, AT(client_a, 40001), NODE_PORT);
		cr_expect_neq(second, first, "%s", dp->label);
		cr_expect_eq(connect_to(dp, &web, AT(client_a, 40002), NODE_PORT), second, "%s",
			     dp->label);
		given_left(dp, &web, ~0u);
		cr_expect_eq(connect_to(dp, &web, AT(client_a, 40003), NODE_PORT), second, "%s",
			     dp->label);
	}
}

/* The set begins with the service's @by-th slot: every choice is another one's. */
static void turn_set(struct dp *dp, const struct service *s, __u32 by)
{
	__u32 slots[4];

	for (__u32 i = 0; i < 4; i++)
		slots[i] = s->slot + (i + by) % 4;
	given_set(dp, s, slots, 4);
}

/* Another set, and the hash says another: who is recorded stays where he is. */
Test(affinity, stays_when_others_come_and_go)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_UDP, 0);) {
		struct service web = given_sticky(dp);

		for (__u32 i = 0; i < 20; i++) {
			struct host h = client(dp, i);
			struct end from = { &h, 40000 };
			__u32 slot = dial(dp, from, NODE_PORT);

			turn_set(dp, &web, i + 1);
			from.port = 40001;
			cr_expect_eq(dial(dp, from, NODE_PORT), slot, "%s: client %u", dp->label, i);
		}
	}
}

static void leave_cluster_set(struct dp *dp, __u32 slot)
{
	struct sluice_backend b;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "backends"), &slot, &b), 0);
	b.flags = SLUICE_BE_USED | SLUICE_BE_IN_LOCAL;
	cr_assert_eq(bpf_map_update_elem(dp_map(dp, "backends"), &slot, &b, 0), 0);
}

Test(affinity, holds_no_slot_that_is_not_in_the_set_of_the_policy)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct sluice_affinity row;
		__u32 first = connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);

		/* Recorded elsewhere than the hash points, for it is asked when the flag is gone. */
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		row.slot = web.slot + (first - web.slot + 1) % 4;
		dp_affinity_set(dp, &client_a, web.row, &row);
		leave_cluster_set(dp, row.slot);
		cr_expect_eq(connect_to(dp, &web, AT(client_a, 40001), NODE_PORT), first, "%s",
			     dp->label);
		cr_assert(dp_affinity(dp, &client_a, web.row, &row));
		cr_expect_eq(row.slot, first, "%s: the new pick is recorded", dp->label);
	}
}

/* From the wire by the local policy; the set is pods of this node. */
Test(affinity, of_a_local_policy_stays_here)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .flags = SLUICE_SVC_EXT_LOCAL,
						   .to = { &pod_remote, &pod_a, &pod_b });
		struct sluice_affinity row = { .slot = web.slot, .slot_gen = 1,
					       .seen = dp_jiffies() };
		__u32 first;

		given_affinity(dp, &web, HOUR);
		dp_affinity_set(dp, &client_a, web.row, &row);
		first = dial(dp, AT(client_a, 40000), NODE_PORT);
		cr_expect_neq(first, web.slot, "%s: not the remote one", dp->label);
		row.slot = web.slot + 3 - (first - web.slot);	/* the other one here */
		dp_affinity_set(dp, &client_a, web.row, &row);
		cr_expect_eq(dial(dp, AT(client_a, 40001), NODE_PORT), row.slot, "%s", dp->label);
	}
}

Test(affinity, an_empty_set_is_empty_for_who_has_a_row_too)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_sticky(dp);
		struct packet in = talk_open(dp, AT(client_a, 40001), NODE_PORT);
		struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };

		connect_to(dp, &web, AT(client_a, 40000), NODE_PORT);
		given_left(dp, &web, 0);
		dp_run(dp, &at, frame_build(&in), SENT_BACK);
		expect_reason(dp, SLUICE_R_NO_BACKEND, 1, packet_ip_len(&in));
	}
}

/* --- switched on and off ---------------------------------------------------------- */

Test(affinity, is_switched_at_once)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		struct service web = given_web(dp, 0);
		unsigned seen = 0;
		__u32 slot;

		for (__u16 i = 0; i < 30; i++)
			seen |= 1u << (dial(dp, AT(client_a, 40000 + i), NODE_PORT) - web.slot);
		cr_expect_eq(seen, 0xf, "%s: None", dp->label);

		given_affinity(dp, &web, HOUR);
		slot = connect_to(dp, &web, AT(client_a, 41000), NODE_PORT);
		for (__u16 i = 1; i < 15; i++)
			cr_expect_eq(connect_to(dp, &web, AT(client_a, 41000 + i), NODE_PORT), slot,
				     "%s: ClientIP", dp->label);

		given_affinity(dp, &web, 0);
		for (seen = 0, slot = 0; slot < 30; slot++)
			seen |= 1u << (dial(dp, AT(client_a, 42000 + (__u16)slot), NODE_PORT) -
				       web.slot);
		cr_expect_eq(seen, 0xf, "%s: None again", dp->label);
	}
}

/* --- where clients are -------------------------------------------------------------- */

/* Pods by their own address, and this node's processes by the node's. */
Test(affinity, holds_for_pods_and_for_processes_of_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ON(UPLINK_OUT), 0);) {
		bool pod = dp->hook == HOOK_WORKLOAD_IN;
		const struct host *who = pod ? &pod_a : &node;
		struct arrival at = { .hook = dp->hook, .dev = pod ? DEV_LXC0 : DEV_UP0 };
		struct service web = given_service(dp, .at = &cluster_ip, .port = 80,
						   .kind = SLUICE_FE_CLUSTER_IP, .to = FOUR);
		struct sluice_affinity row;

		given_affinity(dp, &web, HOUR);
		for (__u16 i = 0; i < 4; i++) {
			struct packet in = talk_open(dp, (struct end){ who, 40000 + i },
						     AT(cluster_ip, 80));

			if (!pod)
				in = talk_leaving(in, &client_a);
			row = (struct sluice_affinity){ .slot = web.slot + i, .slot_gen = 1,
							.seen = dp_jiffies() };
			dp_affinity_set(dp, who, web.row, &row);
			dp_run(dp, &at, frame_build(&in), pod ? SENT_AWAY : PASSED);
			cr_expect_eq(slot_of(dp, &in), web.slot + i, "%s", dp->label);
		}
	}
}

/* A pod that is given itself: its own address, before it is masked. */
Test(affinity, holds_for_a_pod_that_dials_itself)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN), 0);) {
		struct service web = given_service(dp, .at = &cluster_ip, .port = 80,
						   .kind = SLUICE_FE_CLUSTER_IP,
						   .to = { &pod_a, &pod_b });
		struct packet in = talk_open(dp, AT(pod_a, 40000), AT(cluster_ip, 80));
		struct sluice_affinity row = { .slot = web.slot, .slot_gen = 1,
					       .seen = dp_jiffies() };

		given_affinity(dp, &web, HOUR);
		dp_affinity_set(dp, &pod_a, web.row, &row);
		dp_on(dp, WORKLOAD_IN, LXC0, frame_build(&in), SENT_BACK);
		cr_expect_eq(slot_of(dp, &in), web.slot, "%s", dp->label);
		cr_expect_eq(dp_affinities(dp), 1, "%s: only its own address", dp->label);
	}
}

Test(affinity, holds_for_a_socket_of_the_host)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &node, &pod_remote }, .to_port = DP_HOST_PORT);
		struct sluice_affinity row = { .slot_gen = 1 };

		given_affinity(dp, &web, HOUR);
		for (__u16 i = 0; i < 2; i++) {
			struct packet in = talk_open(dp, AT(client_a, 40000 + i), NODE_PORT);

			row.slot = web.slot + i;
			row.seen = dp_jiffies();
			dp_affinity_set(dp, &client_a, web.row, &row);
			dp_wire(dp, frame_build(&in), i ? SENT_BACK : PASSED);
			cr_expect_eq(slot_of(dp, &in), web.slot + i, "%s", dp->label);
		}
	}
}

/* What XDP leaves to tc is decided by tc alone, on the same row. */
Test(affinity, xdp_and_tc_agree)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP), ON(UPLINK_IN));) {
		struct service web = given_service(dp, .at = &node, .port = 30080,
						   .kind = SLUICE_FE_NODE_PORT,
						   .to = { &pod_a, &pod_b });
		struct packet in = talk_open(dp, AT(client_a, 40000), NODE_PORT);

		given_affinity(dp, &web, HOUR);
		dp_wire(dp, frame_build(&in), PASSED);
		cr_expect_eq(dp_affinities(dp), 0, "%s: XDP did not open it", dp->label);
		for (__u16 i = 0; i < 2; i++) {
			struct sluice_affinity row = { .slot = web.slot + i, .slot_gen = 1,
						       .seen = dp_jiffies() };

			in = talk_open(dp, AT(client_a, 40001 + i), NODE_PORT);
			dp_affinity_set(dp, &client_a, web.row, &row);
			dp_wire(dp, frame_build(&in), PASSED);
			dp_on(dp, UPLINK_IN, UP0, frame_build(&in), SENT_BACK);
			cr_expect_eq(slot_of(dp, &in), web.slot + i, "%s", dp->label);
		}
	}
}
