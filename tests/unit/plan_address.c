/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which service port speaks for an address, and the prefixes that lead to addresses. */
#include <criterion/criterion.h>

#include <string.h>

#include "plan/cover.h"
#include "unit/plan_world.h"

/* Service @name at @ip with ports "a" and "b"; an endpoint of those that are named in @alive. */
static struct service *given(struct world *w, const char *name, const char *ip, const char *alive,
			     const char *node)
{
	struct service *s = world_service(w, name, ip);

	service_port_add(s, "a", 80);
	service_port_add(s, "b", 81);
	for (; *alive; alive++) {
		char port[2] = { *alive }, slice[32];
		struct slice *sl;

		snprintf(slice, sizeof(slice), "%s-%s", name, port);
		sl = world_slice(w, slice, name, FAMILY_V4);
		slice_port_add(sl, port, 8080);
		slice_endpoint_add(sl, "10.1.0.9", node);
	}
	return s;
}

/* Of the two ports only "a". */
static void keep_one_port(struct service *s)
{
	free(s->ports.at[--s->ports.n].name);
}

static void expect_addresses(struct world *w, const char *want)
{
	own(free) char *image = world_image(w);
	own(free) char *got = world_addresses(w);

	cr_expect_str_eq(got, want, "%sinstead of\n%s", got, want);
}

static void vip_add(struct service *s, const char *ip)
{
	struct lb_ingress in = { .ip = strdup(ip) };

	cr_assert_eq(vec_push(&s->lb_ingress, in), 0);
}

Test(address, a_port_with_endpoints_speaks)
{
	own(world_done) struct world w;

	world_init(&w);
	given(&w, "one", "10.96.0.1", "b", "there");
	expect_addresses(&w, "10.96.0.1 one/b\n");
}

Test(address, every_cluster_address_has_one_that_speaks)
{
	own(world_done) struct world w;

	world_init(&w);
	keep_one_port(given(&w, "none", "10.96.0.1", "", "there"));
	expect_addresses(&w, "10.96.0.1 none/a\n");
}

Test(address, of_services_that_share_a_vip_one_speaks)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = given(&w, "dead", "10.96.0.1", "", "there");
	keep_one_port(s);
	vip_add(s, "192.0.2.80");
	s = given(&w, "live", "10.96.0.2", "b", "there");
	s->ports.at[0].port = 90;	/* one VIP, other ports */
	vip_add(s, "192.0.2.80");
	free(world_image(&w));
	{
		own(free) char *got = world_addresses(&w);

		cr_expect_not_null(strstr(got, "192.0.2.80 live/b\n"), "%s", got);
		cr_expect_null(strstr(got, "192.0.2.80 dead"), "%s", got);
	}
}

/* Its only endpoint is elsewhere: who asks for one here has none for clients from outside. */
Test(address, of_services_that_share_a_vip_one_that_serves_outsiders_speaks)
{
	for (int i = 0; i < 2; i++) {
		const char *const names[2][2] = { { "local", "open" }, { "a", "b" } };
		own(world_done) struct world w;
		own(free) char *got = NULL;
		char want[32];
		struct service *s;

		world_init(&w);
		s = given(&w, names[i][0], "10.96.0.1", "a", "elsewhere");
		keep_one_port(s);
		s->external_policy = POLICY_LOCAL;
		vip_add(s, "192.0.2.80");
		s = given(&w, names[i][1], "10.96.0.2", "b", "elsewhere");
		s->ports.at[0].port = 90;
		vip_add(s, "192.0.2.80");
		free(world_image(&w));
		got = world_addresses(&w);
		snprintf(want, sizeof(want), "192.0.2.80 %s/b\n", names[i][1]);
		cr_expect_not_null(strstr(got, want), "%s", got);
	}
}

/* What the host has it answers itself, and other people's addresses are not ours to speak for. */
Test(address, own_and_external_addresses_have_none)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = given(&w, "one", "10.96.0.1", "a", "there");
	keep_one_port(s);
	s->ports.at[0].node_port = 30080;
	facts_addr_add(&w, "192.0.2.1", true);
	facts_addr_add(&w, "192.0.2.80", false);
	vip_add(s, "192.0.2.80");
	texts_add(&s->external_ips, "192.0.2.90");
	expect_addresses(&w, "10.96.0.1 one/a\n");
}

Test(address, localhost_has_node_ports_of_ipv4)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "web", "10.96.0.1,fd00::1");
	service_port_add(s, "", 80)->node_port = 30080;
	w.facts.node_port_addrs.n = 0;
	w.facts.localhost_node_ports = true;
	world_expect(&w, "web/ TCP IPv4\n 10.96.0.1:80 cluster\n 127.0.0.1:30080 localhost\n"
			 "web/ TCP IPv6\n fd00::1:80 cluster\n");
	w.facts.localhost_node_ports = false;
	world_expect(&w, "web/ TCP IPv4\n 10.96.0.1:80 cluster\n"
			 "web/ TCP IPv6\n fd00::1:80 cluster\n");
}

/* --- prefixes ------------------------------------------------------------------- */

static bool covered(const struct cover *c, const char *text)
{
	const union sluice_net4 n4 = cover_net4(c);
	const struct sluice_net6 n6 = cover_net6(c);
	struct sluice_addr w;
	uint64_t words[2];
	struct addr a;

	cr_assert_eq(addr_parse(text, &a), 0, "%s", text);
	w = addr_wire(&a);
	memcpy(words, &w, sizeof(words));
	if (addr_family(&a) == FAMILY_V4)
		return sluice_net4_has(&n4, w.ip6[3]);
	return sluice_net6_has(&n6, words[0], words[1]);
}

static void add(struct cover *c, const char *text)
{
	struct addr a;

	cr_assert_eq(addr_parse(text, &a), 0, "%s", text);
	cover_add(c, &a, &a);
}

static void add_cidr(struct cover *c, const char *text)
{
	struct cidr cidr;

	cr_assert_eq(cidr_parse(text, &cidr), 0, "%s", text);
	cover_add_cidr(c, &cidr);
}

Test(cover, nothing_has_nothing)
{
	const struct cover c = { 0 };

	cr_expect(!covered(&c, "10.96.0.1"));
	cr_expect(!covered(&c, "255.255.255.255"));
	cr_expect(!covered(&c, "fd00::1"));
}

Test(cover, addresses_and_ranges)
{
	struct cover c4 = { 0 }, c6 = { 0 };

	add(&c4, "10.96.0.1");
	cr_expect(covered(&c4, "10.96.0.1"));
	cr_expect(!covered(&c4, "10.96.0.2"));
	add(&c4, "10.96.0.6");
	cr_expect(covered(&c4, "10.96.0.7"));		/* both are in 10.96.0.0/29 */
	cr_expect(!covered(&c4, "10.96.0.8"));
	add_cidr(&c4, "10.97.0.0/16");
	cr_expect(covered(&c4, "10.97.255.255"));
	cr_expect(!covered(&c4, "10.98.0.0"));
	add(&c4, "203.0.113.1");
	cr_expect(covered(&c4, "0.0.0.1"));		/* nothing shorter has both */
	add_cidr(&c6, "fd00:10:96::/112");
	cr_expect(covered(&c6, "fd00:10:96::ffff"));
	cr_expect(!covered(&c6, "fd00:10:96::1:0"));
	add(&c6, "fd00:10:97::1");
	cr_expect(covered(&c6, "fd00:10:96:1::"));
	cr_expect(!covered(&c6, "fd00:10:98::"));
}

/* A prefix read back is the prefix. */
Test(cover, is_read_back)
{
	static const char *const cidrs[] = { "10.96.0.0/12", "10.96.0.1/32", "0.0.0.0/0",
					     "fd00:10:96::/112", "2001:db8::/32", "2001:db8::1/128" };

	for (size_t i = 0; i < sizeof(cidrs) / sizeof(*cidrs); i++) {
		struct cover c = { 0 }, again = { 0 };
		union sluice_net4 n4;
		struct sluice_net6 n6;

		add_cidr(&c, cidrs[i]);
		n4 = cover_net4(&c);
		n6 = cover_net6(&c);
		if (addr_family(&c.first) == FAMILY_V4)
			cover_add_net4(&again, &n4);
		else
			cover_add_net6(&again, &n6);
		cr_expect(again.any && !addr_cmp(&c.first, &again.first) &&
			  !addr_cmp(&c.last, &again.last), "%s", cidrs[i]);
	}
}
