/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Addresses and node ports: bands, exhaustion, conflicts, and what is said of them. */
#include "cluster/pool.h"
#include "cluster_sandbox.h"

#define INVALID "The Service \"web\" is invalid: "
#define NODE_PORT(n) \
	SERVICE("web", .type = SERVICE_NODE_PORT, .ports = { { .port = 80, .node_port = (n) } })

static uint64_t always(void *arg)
{
	return *(uint64_t *)arg;
}

static struct sandbox small_sandbox(const char *cidr, uint16_t min, uint16_t max)
{
	struct sandbox w = sandbox_new();

	cr_assert_eq(cidr_parse(cidr, &w.cfg.service_cidrs[FAMILY_V4]), 0);
	w.cfg.node_port_min = min;
	w.cfg.node_port_max = max;
	return w;
}

static unsigned int last_octet(const struct service *s)
{
	struct addr a;

	cr_assert_eq(addr_parse(s->cluster_ips.at[0], &a), 0);
	return a.b[15];
}

Test(cluster_pool, gives_the_upper_band_first_then_the_lower_then_none)
{
	struct pool p;
	uint64_t v;

	pool_init(&p, 100, 20);
	for (int i = 0; i < 80; i++) {
		cr_assert_eq(pool_next(&p, i * 7919u, &v), 0);
		cr_assert(v >= 20 && v < 100);
	}
	for (int i = 0; i < 20; i++) {
		cr_assert_eq(pool_next(&p, i * 7919u, &v), 0);
		cr_assert_lt(v, 20);
	}
	cr_assert_eq(pool_next(&p, 5, &v), -ENOSPC);
	cr_assert_eq(pool_take(&p, 99), -EEXIST);
	pool_done(&p);
}

Test(cluster_pool, a_taken_number_is_skipped_and_the_search_wraps)
{
	struct pool p;
	uint64_t v;

	pool_init(&p, 10, 4);
	cr_assert_eq(pool_take(&p, 9), 0);
	cr_assert_eq(pool_next(&p, 5, &v), 0);	/* 4 + 5 % 6 = 9: taken */
	cr_assert_eq(v, 4);
	pool_done(&p);
}

Test(cluster_ip, is_chosen_above_the_static_band)
{
	uint64_t lowest = 0;
	own(sandbox_done) struct sandbox w = small_sandbox("10.0.0.0/24", 30000, 32767);

	w.cfg.random = always;
	w.cfg.random_arg = &lowest;
	EXPECT_APPLIED(&w, SERVICE("web"));
	/* /24: the band has 16 addresses, .1 to .16. */
	expect_text("address", service_of(&w, "web")->cluster_ips.at[0], "10.0.0.17");
}

/* min(max(16, size / 16), 256) addresses are given out last; none of a range of 16 or fewer. */
Test(cluster_ip, static_band_by_the_size_of_the_range)
{
	static const struct {
		const char *range;
		const char *first;	/* that is chosen */
	} rows[] = {
		{ "10.0.0.0/28", "10.0.0.1" }, { "10.0.0.0/27", "10.0.0.17" },
		{ "10.0.0.0/24", "10.0.0.17" }, { "10.0.0.0/23", "10.0.0.33" },
		{ "10.0.0.0/20", "10.0.1.1" }, { "10.0.0.0/16", "10.0.1.1" },
	};
	uint64_t lowest = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(sandbox_done) struct sandbox w = small_sandbox(rows[i].range, 30000, 32767);

		w.cfg.random = always;
		w.cfg.random_arg = &lowest;
		EXPECT_APPLIED(&w, SERVICE("web"));
		expect_text(rows[i].range, service_of(&w, "web")->cluster_ips.at[0],
			    rows[i].first);
	}
}

Test(cluster_ip, every_address_but_network_and_broadcast_is_given_once)
{
	own(sandbox_done) struct sandbox w = small_sandbox("10.0.0.0/27", 30000, 32767);
	bool seen[32] = { false };
	char name[16];

	/* Band: 16 of 32. 14 addresses above it, then the 16 below. */
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		EXPECT_APPLIED(&w, SERVICE(name));
		unsigned int octet = last_octet(service_of(&w, name));

		cr_assert(octet >= 1 && octet <= 30 && !seen[octet]);
		cr_assert((i < 14) == (octet > 16));
		seen[octet] = true;
	}
	EXPECT_REFUSED(&w, "Service \"web\": Internal error occurred: failed to allocate a serviceIP: "
		       "range is full",
		       SERVICE("web"));
}

Test(cluster_ip, asked_for_from_either_band)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("a", .ips = { "10.96.0.1" }),
		       SERVICE("b", .ips = { "10.111.255.254" }));
	expect_text("a", service_of(&w, "a")->cluster_ips.at[0], "10.96.0.1");
	expect_text("b", service_of(&w, "b")->cluster_ips.at[0], "10.111.255.254");
}

Test(cluster_ip, held_by_another_is_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("a", .ips = { "10.96.0.9" }));
	EXPECT_REFUSED(&w,
		       INVALID
		       "spec.clusterIPs: Invalid value: []string{\"10.96.0.9\"}: failed to "
		       "allocate IP 10.96.0.9: provided IP is already allocated",
		       SERVICE("web", .ips = { "10.96.0.9" }));
	EXPECT_REFUSED(&w,
		       "web.yaml:7: " INVALID "spec.clusterIPs: Invalid value: "
		       "[]string{\"10.96.0.9\"}: failed to allocate IP 10.96.0.9: provided IP is "
		       "already allocated",
		       SERVICE("web", .ips = { "10.96.0.9" }, .file = "web.yaml", .line = 7));
}

Test(cluster_ip, outside_the_range_is_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	static const char *const bad[] = { "10.43.0.7", "10.96.0.0", "10.111.255.255",
					   "fd00:10:97::1", "fd00:10:96::" };
	char text[400];

	for (size_t i = 0; i < 5; i++) {
		snprintf(text, sizeof(text),
			 INVALID "spec.clusterIPs: Invalid value: []string{\"%s\"}: failed to "
				 "allocate IP %s: the provided IP (%s) is not in the valid "
				 "range. The range of "
				 "valid IPs is %s",
			 bad[i], bad[i], bad[i], i < 3 ? "10.96.0.0/12" : "fd00:10:96::/112");
		EXPECT_REFUSED(&w, text, SERVICE("web", .ips = { bad[i] }));
	}
}

Test(cluster_ip, a_random_choice_never_takes_what_a_later_object_asks_for)
{
	uint64_t lowest = 0;
	own(sandbox_done) struct sandbox w = small_sandbox("10.0.0.0/24", 30000, 32767);

	w.cfg.random = always;
	w.cfg.random_arg = &lowest;
	EXPECT_APPLIED(&w, SERVICE("any"), SERVICE("web", .ips = { "10.0.0.17" }));
	expect_text("web", service_of(&w, "web")->cluster_ips.at[0], "10.0.0.17");
	expect_text("any", service_of(&w, "any")->cluster_ips.at[0], "10.0.0.18");
}

Test(cluster_ip, of_a_deleted_service_is_free_again)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("a", .ips = { "10.96.0.9" }));
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "a"), 0);
	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.9" }));
}

Test(cluster_ip, stays_when_the_range_moves_away)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.9" }));
	cr_assert_eq(cidr_parse("172.30.0.0/16", &w.cfg.service_cidrs[FAMILY_V4]), 0);
	EXPECT_APPLIED(&w, SERVICE("web"), SERVICE("b"));
	expect_text("web", service_of(&w, "web")->cluster_ips.at[0], "10.96.0.9");
}

Test(cluster_ip, range_that_cannot_work_is_refused)
{
	own(sandbox_done) struct sandbox w = small_sandbox("10.0.0.0/31", 30000, 32767);

	EXPECT_REFUSED(&w, "service CIDR 10.0.0.0/31: must be IPv4, from /8 to /30", SERVICE("web"));
}

Test(cluster_ip, range_of_ipv6_has_64_bits_at_most)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	cr_assert_eq(cidr_parse("fd00::/64", &w.cfg.service_cidrs[FAMILY_V6]), 0);
	EXPECT_APPLIED(&w, SERVICE("a", .ips = { "fd00::ffff:ffff:ffff:ffff" }));
	cr_assert_eq(cidr_parse("fd00::/63", &w.cfg.service_cidrs[FAMILY_V6]), 0);
	EXPECT_REFUSED(&w, "service CIDR fd00::/63: must be IPv6, from /64 to /126",
		       SERVICE("web"));
}

/* --- node ports --------------------------------------------------------------- */

Test(cluster_node_port, is_chosen_above_the_static_band)
{
	uint64_t lowest = 0;
	own(sandbox_done) struct sandbox w = sandbox_new();

	w.cfg.random = always;
	w.cfg.random_arg = &lowest;
	EXPECT_APPLIED(&w, NODE_PORT(0));
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 30086);
}

/* min(max(16, size / 32), 128) ports are given out last; none of a range of 16 or fewer. */
Test(cluster_node_port, static_band_by_the_size_of_the_range)
{
	static const struct {
		uint16_t min, max;
		uint16_t first;		/* that is chosen */
	} rows[] = {
		{ 30000, 30015, 30000 }, { 30000, 30016, 30016 }, { 30000, 30511, 30016 },
		{ 30000, 32767, 30086 }, { 1024, 65535, 1152 },
	};
	uint64_t lowest = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(sandbox_done) struct sandbox w = small_sandbox("10.96.0.0/12", rows[i].min,
								   rows[i].max);

		w.cfg.random = always;
		w.cfg.random_arg = &lowest;
		EXPECT_APPLIED(&w, NODE_PORT(0));
		cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, rows[i].first, "row %zu",
			     i);
	}
}

Test(cluster_node_port, lower_band_after_the_upper_then_full)
{
	own(sandbox_done) struct sandbox w = small_sandbox("10.96.0.0/12", 30000, 30019);
	char name[16];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		EXPECT_APPLIED(&w, SERVICE(name, .type = SERVICE_NODE_PORT));
		cr_assert_eq(service_of(&w, name)->ports.at[0].node_port >= 30016, i < 4);
	}
	EXPECT_REFUSED(&w, "Service \"web\": Internal error occurred: failed to allocate a "
		       "nodePort: range is full",
		       NODE_PORT(0));
	EXPECT_REFUSED(&w, "a.yaml:2: Service \"x\": Internal error occurred: failed to allocate a "
		       "nodePort: range is full\n"
		       "a.yaml:8: Service \"y\": Internal error occurred: failed to allocate a "
		       "nodePort: range is full",
		       SERVICE("x", .type = SERVICE_NODE_PORT, .file = "a.yaml", .line = 2),
		       SERVICE("good"),
		       SERVICE("y", .type = SERVICE_NODE_PORT, .file = "a.yaml", .line = 8));
	EXPECT_REFUSED(&w,
		       INVALID "spec.ports[0].nodePort: Invalid value: 30003: provided port is "
			       "already allocated",
		       NODE_PORT(30003));
}

Test(cluster_node_port, outside_the_range_is_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_REFUSED(&w,
		       INVALID
		       "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the "
		       "valid range. The range of valid ports is 30000-32767",
		       NODE_PORT(80));
	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.ports[0].nodePort: Invalid value: 32768: provided port is not in the "
		"valid range. The range of valid ports is 30000-32767",
		NODE_PORT(32768));
	EXPECT_APPLIED(&w, NODE_PORT(30000));
}

Test(cluster_node_port, is_held_by_number_whatever_the_protocol)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("dns", .type = SERVICE_NODE_PORT,
				   .ports = { { "t", PROTO_TCP, 53, 30053 },
					      { "u", PROTO_UDP, 53, 30053 } }));
	EXPECT_REFUSED(&w,
		       INVALID "spec.ports[0].nodePort: Invalid value: 30053: provided port is "
			       "already allocated",
		       SERVICE("web", .type = SERVICE_NODE_PORT,
			       .ports = { { NULL, PROTO_SCTP, 53, 30053 } }));
}

Test(cluster_node_port, protocols_of_one_port_share_a_chosen_number)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct service *s;

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_NODE_PORT,
				   .ports = { { "t", PROTO_TCP, 53 },
					      { "w", PROTO_TCP, 80 },
					      { "u", PROTO_UDP, 53 } }));
	s = service_of(&w, "web");
	cr_assert_eq(s->ports.at[0].node_port, s->ports.at[2].node_port);
	cr_assert_neq(s->ports.at[0].node_port, s->ports.at[1].node_port);
	cr_assert_neq(s->ports.at[0].node_port, 0);
}

Test(cluster_node_port, a_given_number_is_shared_with_the_other_protocol)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(
		&w, SERVICE("web", .type = SERVICE_NODE_PORT,
			    .ports = { { "t", PROTO_TCP, 53 }, { "u", PROTO_UDP, 53, 30100 } }));
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 30100);
}

Test(cluster_node_port, load_balancer_may_do_without)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER, .no_lb_node_ports = true,
				   .ports = { { "a", 0, 80 }, { "b", 0, 81, 30081 } }));
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 0);
	cr_assert_eq(service_of(&w, "web")->ports.at[1].node_port, 30081);
}

Test(cluster_node_port, health_check_port_is_of_the_same_pool)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct service *s;

	EXPECT_APPLIED(&w, SERVICE("lb", .type = SERVICE_LOAD_BALANCER, .external_local = true));
	s = service_of(&w, "lb");
	cr_assert(s->health_check_node_port >= 30086 &&
		  s->health_check_node_port != s->ports.at[0].node_port);
	EXPECT_REFUSED(&w,
		       "The Service \"web\" is invalid: spec.healthCheckNodePort: Invalid value: "
		       "80: provided "
		       "port is not in the valid range. The range of valid ports is 30000-32767",
		       SERVICE("web", .type = SERVICE_LOAD_BALANCER, .external_local = true,
			       .health_port = 80));
	cr_assert_lt(sandbox_apply(&w, NODE_PORT(s->health_check_node_port), NULL), 0);
}

Test(cluster_node_port, two_of_one_apply_cannot_have_the_same)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_REFUSED(&w,
		       INVALID "spec.ports[0].nodePort: Invalid value: 30080: provided port is "
			       "already allocated",
		       SERVICE("a", .type = SERVICE_NODE_PORT,
			       .ports = { { .port = 80, .node_port = 30080 } }),
		       NODE_PORT(30080));
}

Test(cluster_node_port, released_by_one_object_is_free_for_the_next_of_the_same_apply)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("a", .type = SERVICE_NODE_PORT,
				   .ports = { { .port = 80, .node_port = 30080 } }));
	EXPECT_APPLIED(&w, NODE_PORT(30080), SERVICE("a"));
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 30080);
	cr_assert_eq(service_of(&w, "a")->ports.at[0].node_port, 0);
}

Test(cluster_node_port, of_others_is_blamed_on_the_newcomer)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("zz", .type = SERVICE_NODE_PORT,
				   .ports = { { .port = 80, .node_port = 30080 } }));
	EXPECT_REFUSED(&w,
		       INVALID "spec.ports[0].nodePort: Invalid value: 30080: provided port is "
			       "already allocated",
		       NODE_PORT(30080), SERVICE("zz", .type = SERVICE_NODE_PORT));
}
