/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/cases.h"

#define NODE_PORT ON(SETUP_NODE_PORT)
#define REMOTE ON(SETUP_REMOTE)
#define LOCAL ON(SETUP_LOCAL)

#define ESTABLISHED_MAX 1.30
#define NOT_OURS_NS 20

/* Named for the traffic: from outside to a NodePort with remote backends, or from a pod. */
const char *const bench_setup_ids[N_SETUPS] = {
	[SETUP_NODE_PORT] = "nodeport",
	[SETUP_REMOTE] = "clusterip-remote",
	[SETUP_LOCAL] = "clusterip-local",
};

const struct bench_case bench_cases[N_CASES] = {
	{ .row = { "floor-0", "floor 0 alone: parse, send" }, .setups = NODE_PORT | REMOTE,
	  .ends = true, .traffic = TRAFFIC_FORWARD, .alone = "floor_0" },
	{ .row = { "floor-a-plain", "floor A alone, with plain stores" }, .setups = REMOTE,
	  .ends = true, .traffic = TRAFFIC_FORWARD, .alone = "floor_a_plain" },
	{ .row = { "established", "client to backend" }, .setups = NODE_PORT | REMOTE,
	  .counts = 4, .traffic = TRAFFIC_FORWARD, .floor = "floor_a", .target = ESTABLISHED_MAX,
	  .renew = { "established-renewed", "each flow's first packet in a second" } },
	{ .row = { "established", "client to backend" }, .setups = LOCAL, .counts = 3,
	  .traffic = TRAFFIC_FORWARD, .floor = "floor_a", .target = ESTABLISHED_MAX },
	{ .row = { "reply", "backend to client" }, .setups = NODE_PORT | REMOTE, .counts = 4,
	  .traffic = TRAFFIC_REPLY, .floor = "floor_a", .target = ESTABLISHED_MAX,
	  .renew = { "reply-renewed", "each flow's first packet in a second" } },
	{ .row = { "reply", "backend to client" }, .setups = LOCAL, .counts = 3,
	  .traffic = TRAFFIC_REPLY, .floor = "floor_a", .target = ESTABLISHED_MAX },
	{ .row = { "not-ours", "neither a service nor a backend" }, .setups = NODE_PORT | REMOTE,
	  .counts = 4, .traffic = TRAFFIC_STRANGE, .floor = "floor_b", .base = "floor_parsed",
	  .over = { "not-ours-over-parse", "the same: ns over plain parse" },
	  .over_target = NOT_OURS_NS },
	{ .row = { "not-ours-lookalike", "the same, but the filter says perhaps" },
	  .setups = NODE_PORT, .ends = true, .traffic = TRAFFIC_LOOKALIKE, .floor = "floor_b" },
	{ .row = { "no-endpoints-answered", "service without endpoints, answered" },
	  .setups = NODE_PORT | REMOTE, .ends = true, .traffic = TRAFFIC_REJECTED,
	  .floor = "floor_b" },
	{ .row = { "no-endpoints-limited", "the same, beyond the limit of answers" },
	  .setups = NODE_PORT | REMOTE, .ends = true, .traffic = TRAFFIC_LIMITED,
	  .floor = "floor_b" },
};
