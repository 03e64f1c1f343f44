/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Two that claim one frontend: who gets it, and who hears of it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "unit/plan_world.h"

static struct service *rival(struct world *w, const char *name, const char *ip, int64_t created)
{
	struct service *s = world_service(w, name, ip);

	s->meta.created = created;
	service_port_add(s, "http", 80);
	texts_add(&s->external_ips, "9.9.9.9");
	return s;
}

Test(image_conflicts, the_older_service_keeps_the_frontend)
{
	own(world_done) struct world w;

	world_init(&w);
	rival(&w, "young", "10.96.0.1", 2000);
	rival(&w, "zold", "10.96.0.2", 1000);
	rival(&w, "anew", "10.96.0.3", 0);	/* not stored yet */
	world_expect(&w, "anew/http TCP IPv4\n 10.96.0.3:80 cluster\n"
			 "young/http TCP IPv4\n 10.96.0.1:80 cluster\n"
			 "zold/http TCP IPv4\n 9.9.9.9:80 external\n 10.96.0.2:80 cluster\n");
	cr_assert_str_eq(w.warnings,
			 "Service default/young does not get 9.9.9.9:80/TCP: "
			 "it belongs to default/zold, which came first\n"
			 "Service default/anew does not get 9.9.9.9:80/TCP: "
			 "it belongs to default/zold, which came first\n");
}

Test(image_conflicts, of_two_as_old_the_name_decides)
{
	own(world_done) struct world w;

	world_init(&w);
	rival(&w, "b", "10.96.0.1", 1000);
	rival(&w, "a", "10.96.0.2", 1000);
	world_expect(&w, "a/http TCP IPv4\n 9.9.9.9:80 external\n 10.96.0.2:80 cluster\n"
			 "b/http TCP IPv4\n 10.96.0.1:80 cluster\n");
	cr_assert_eq(w.n_warnings, 1);
}

Test(image_conflicts, another_protocol_or_port_is_no_conflict)
{
	own(world_done) struct world w;

	world_init(&w);
	rival(&w, "a", "10.96.0.1", 1000);
	rival(&w, "b", "10.96.0.2", 1001)->ports.at[0].protocol = PROTO_UDP;
	rival(&w, "c", "10.96.0.3", 1002)->ports.at[0].port = 81;
	world_expect(&w, "a/http TCP IPv4\n 9.9.9.9:80 external\n 10.96.0.1:80 cluster\n"
			 "b/http UDP IPv4\n 9.9.9.9:80 external\n 10.96.0.2:80 cluster\n"
			 "c/http TCP IPv4\n 9.9.9.9:81 external\n 10.96.0.3:81 cluster\n");
	cr_assert_eq(w.n_warnings, 0);
}

Test(image_conflicts, within_a_service_the_address_comes_before_the_node_port)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->ports.at[0].node_port = 80;
	texts_add(&s->external_ips, "192.168.0.2");	/* the node's own */
	texts_add(&s->external_ips, "10.96.0.1");	/* the cluster IP */
	ingress_add(s, "192.168.0.2", NULL, false);
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:80 balancer\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
	cr_assert_eq(w.n_warnings, 0);
}

Test(image_conflicts, a_node_port_can_lose_to_an_older_external_ip)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "a", "10.96.0.1");
	s->meta.created = 2000;
	service_port_add(s, "http", 80)->node_port = 30080;
	s = world_service(&w, "b", "10.96.0.2");
	service_port_add(s, "http", 30080);
	texts_add(&s->external_ips, "192.168.0.2");
	world_expect(&w, "a/http TCP IPv4\n 10.96.0.1:80 cluster\n"
			 "b/http TCP IPv4\n 10.96.0.2:30080 cluster\n"
			 " 192.168.0.2:30080 external\n");
	cr_assert_eq(w.n_warnings, 1);
}

Test(image_conflicts, an_ipv6_conflict_is_told_with_brackets)
{
	own(world_done) struct world w;

	world_init(&w);
	for (int i = 0; i < 2; i++) {
		struct service *s = world_service(&w, i ? "b" : "a", i ? "fd00::b" : "fd00::a");

		service_port_add(s, "http", 80);
		texts_add(&s->external_ips, "2001:db8::9");
	}
	free(world_image(&w));
	cr_assert_str_eq(w.warnings, "Service default/b does not get [2001:db8::9]:80/TCP: "
				     "it belongs to default/a, which came first\n");
}
