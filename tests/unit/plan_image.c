/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unit/plan_world.h"

/* --- what can be dialled: section 1.5 of the semantics ----------------------------- */

Test(image, cluster_ip_service)
{
	own(world_done) struct world w;

	world_web(&w);
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, cluster_ip_service_with_external_ips)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	texts_add(&s->external_ips, "192.168.099.022");
	texts_add(&s->external_ips, "2001:db8::99");	/* not a family of the service */
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " 192.168.99.22:80 external\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, headless_and_external_name_services_have_no_image)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "none", NULL);
	s->headless = true;
	service_port_add(s, "http", 80)->node_port = 30080;
	texts_add(&s->external_ips, "192.168.99.22");
	s = world_service(&w, "name", "10.96.0.3");
	s->type = SERVICE_EXTERNAL_NAME;
	service_port_add(s, "http", 80);
	texts_add(&s->external_ips, "192.168.99.23");
	s = world_service(&w, "pending", NULL);		/* no address yet */
	service_port_add(s, "http", 80)->node_port = 30081;
	world_expect(&w, "");
	cr_assert_eq(w.n_warnings, 0);
}

Test(image, node_port_service_answers_on_the_node_port_addresses)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->type = SERVICE_NODE_PORT;
	s->ports.at[0].node_port = 30080;
	facts_addr_add(&w, "192.168.1.2", true);
	facts_addr_add(&w, "127.0.0.1", false);
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n 192.168.1.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, load_balancer_service)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->type = SERVICE_LOAD_BALANCER;
	s->ports.at[0].node_port = 30080;
	ingress_add(s, "1.2.3.004", NULL, false);
	ingress_add(s, "5.6.7.8", NULL, true);		/* ipMode Proxy: not captured */
	ingress_add(s, NULL, "lb.example.com", false);
	ingress_add(s, "2001:db8::5", NULL, false);
	texts_add(&s->external_ips, "9.9.9.9");
	world_expect(&w, "web/http TCP IPv4 any\n 1.2.3.4:80 balancer\n 9.9.9.9:80 external\n"
			 " 10.96.0.1:80 cluster\n 192.168.0.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, load_balancer_without_node_ports)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->type = SERVICE_LOAD_BALANCER;
	s->no_lb_node_ports = true;
	ingress_add(s, "1.2.3.4", NULL, false);
	world_expect(&w, "web/http TCP IPv4 any\n 1.2.3.4:80 balancer\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, dual_stack_service_has_two_sides)
{
	own(world_done) struct world w;
	struct service *s;
	struct slice *sl;

	world_init(&w);
	s = world_service(&w, "web", "fd00:10:96::1,10.96.0.1");
	service_port_add(s, "http", 80)->node_port = 30080;
	texts_add(&s->external_ips, "2001:DB8:0::0099");
	sl = world_slice(&w, "web-4", "web", FAMILY_V4);
	slice_port_add(sl, "http", 8080);
	slice_endpoint_add(sl, "10.1.0.1", NULL);
	sl = world_slice(&w, "web-6", "web", FAMILY_V6);
	slice_port_add(sl, "http", 8080);
	slice_endpoint_add(sl, "fd00::1", NULL);
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n > 10.1.0.1:8080 C\n"
			 "web/http TCP IPv6 any\n 2001:db8::1:30080 nodeport\n"
			 " 2001:db8::99:80 external\n fd00:10:96::1:80 cluster\n"
			 " > fd00::1:8080 C\n");
}

Test(image, single_stack_ipv6_service)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "web", "fd00:10:96::1");
	service_port_add(s, "http", 80)->node_port = 30080;
	world_expect(&w, "web/http TCP IPv6\n 2001:db8::1:30080 nodeport\n"
			 " fd00:10:96::1:80 cluster\n");
}

Test(image, the_label_service_proxy_name_hides_a_service)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	cr_assert_eq(labels_set(&s->meta.labels, LABEL_SERVICE_PROXY, ""), 0);
	world_expect(&w, "");
}

Test(image, one_port_number_in_two_protocols)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "dns", "10.96.0.10");
	service_port_add(s, "dns", 53)->protocol = PROTO_UDP;
	service_port_add(s, "dns-tcp", 53);
	s->ports.at[0].node_port = s->ports.at[1].node_port = 30053;
	world_expect(&w, "dns/dns UDP IPv4\n 10.96.0.10:53 cluster\n 192.168.0.2:30053 nodeport\n"
			 "dns/dns-tcp TCP IPv4\n 10.96.0.10:53 cluster\n"
			 " 192.168.0.2:30053 nodeport\n");
	cr_assert_eq(w.n_warnings, 0);
}

Test(image, sctp_is_a_protocol_like_the_others)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "sig", "10.96.0.1,fd00:10:96::1");
	service_port_add(s, "m3ua", 2905)->protocol = PROTO_SCTP;
	world_expect(&w, "sig/m3ua SCTP IPv4\n 10.96.0.1:2905 cluster\n"
			 "sig/m3ua SCTP IPv6\n fd00:10:96::1:2905 cluster\n");
	cr_assert_eq(w.n_warnings, 0);
}

/* --- policies ----------------------------------------------------------------------- */

Test(image, external_policy_local_has_both_sets)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->ports.at[0].node_port = 30080;
	s->external_policy = POLICY_LOCAL;
	world_expect(&w, "web/http TCP IPv4 any ext-local\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 CL\n > 10.1.0.2:8080 C\n");
}

Test(image, external_policy_is_nothing_without_external_frontends)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->external_policy = POLICY_LOCAL;
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

/* ipMode Proxy captures no address, so nothing external leads here. */
Test(image, external_policy_is_nothing_with_a_proxy_ingress_alone)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->external_policy = POLICY_LOCAL;
	ingress_add(s, "1.2.3.4", NULL, true);
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
}

Test(image, internal_policy_local_keeps_the_local_set_alone)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->internal_policy = POLICY_LOCAL;
	world_expect(&w, "web/http TCP IPv4 any int-local\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 L\n");
	s->ports.at[0].node_port = 30080;
	world_expect(&w, "web/http TCP IPv4 any int-local\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 CL\n > 10.1.0.2:8080 C\n");
	s->external_policy = POLICY_LOCAL;
	world_expect(&w, "web/http TCP IPv4 any ext-local int-local\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 CL\n > 10.1.0.2:8080 C\n");
}

Test(image, endpoints_elsewhere_only_are_any_without_a_backend)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->internal_policy = POLICY_LOCAL;
	w.facts.name = "third";
	world_expect(&w, "web/http TCP IPv4 any int-local\n 10.96.0.1:80 cluster\n");
	w.facts.name = NULL;		/* unknown: nothing is local by name */
	world_expect(&w, "web/http TCP IPv4 any int-local\n 10.96.0.1:80 cluster\n");
}

Test(image, zone_of_the_node_object_decides)
{
	own(world_done) struct world w;
	struct slice *sl;

	world_web(&w);
	sl = &snapshot_find(&w.snap, KIND_SLICE, "default", "web-1")->u.slice;
	texts_add(&sl->endpoints.at[0].zone_hints, "a");
	texts_add(&sl->endpoints.at[1].zone_hints, "b");
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n");
	world_node(&w, "there", "a");
	world_node(&w, "here", "b");
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n > 10.1.0.2:8080 C\n");
}

Test(image, terminating_endpoints_follow_each_set)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);
	struct slice *sl = &snapshot_find(&w.snap, KIND_SLICE, "default", "web-1")->u.slice;

	s->ports.at[0].node_port = 30080;
	s->external_policy = POLICY_LOCAL;
	sl->endpoints.at[0].ready = TRI_FALSE;
	sl->endpoints.at[0].terminating = TRI_TRUE;
	world_expect(&w, "web/http TCP IPv4 any ext-local\n 10.96.0.1:80 cluster\n"
			 " 192.168.0.2:30080 nodeport\n"
			 " > 10.1.0.1:8080 L\n > 10.1.0.2:8080 C\n");
}

Test(image, an_endpoint_with_an_address_of_this_node_is_a_host_socket)
{
	own(world_done) struct world w;
	struct slice *sl;

	world_web(&w);
	facts_addr_add(&w, "172.16.0.1", false);
	sl = &snapshot_find(&w.snap, KIND_SLICE, "default", "web-1")->u.slice;
	slice_endpoint_add(sl, "192.168.0.2", "here");
	slice_endpoint_add(sl, "172.16.0.1", "here");
	slice_endpoint_add(sl, "172.16.0.2", "there");
	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n > 172.16.0.1:8080 C host\n"
			 " > 172.16.0.2:8080 C\n > 192.168.0.2:8080 C host\n");
}

/* --- identity, cost ---------------------------------------------------------------------- */

Test(image, a_service_port_is_known_by_names_family_and_protocol)
{
	struct image_service base = { .namespace = "ns", .name = "web", .port_name = "http",
				      .protocol = PROTO_TCP, .port = 80 };
	struct image_service others[] = { base, base, base, base, base, base };

	others[0].namespace = "n";
	others[0].name = "sweb";
	others[1].name = "web2";
	others[2].port_name = "https";
	others[3].protocol = PROTO_UDP;
	others[4].family = FAMILY_V6;
	others[5].port = 81;		/* the number may change */
	image_service_id(&base);
	for (size_t i = 0; i < 6; i++) {
		image_service_id(&others[i]);
		cr_expect_eq(memcmp(base.id, others[i].id, sizeof(base.id)) == 0, i == 5, "%zu", i);
	}
}

Test(image, an_empty_snapshot_is_an_empty_image)
{
	own(world_done) struct world w = { 0 };

	world_expect(&w, "");
	cr_assert_eq(w.img.services.n, 0);
}

static double cpu_sec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* A bound that a quadratic walk would miss by far, sanitizers and a slow machine included. */
Test(image, ten_thousand_services_are_no_work)
{
	own(world_done) struct world w;
	own(image_done) struct image img = { 0 };
	double start;

	world_init(&w);
	for (unsigned int i = 0; i < 10000; i++) {
		char name[32], slice[40], ip[32];
		struct service *s;
		struct slice *sl;

		snprintf(name, sizeof(name), "svc-%05u", i);
		snprintf(slice, sizeof(slice), "%s-1", name);
		snprintf(ip, sizeof(ip), "10.96.%u.%u", i / 250, 1 + i % 250);
		s = world_service(&w, name, ip);
		service_port_add(s, "http", 80)->node_port = 30000 + i;
		sl = world_slice(&w, slice, name, FAMILY_V4);
		slice_port_add(sl, "http", 8080);
		for (unsigned int k = 0; k < 10; k++) {
			snprintf(ip, sizeof(ip), "10.%u.%u.%u", 128 + k, i / 250, 1 + i % 250);
			slice_endpoint_add(sl, ip, k % 2 ? "here" : "there");
		}
	}
	start = cpu_sec();
	cr_assert_eq(image_make(&w.snap, &w.facts, NULL, NULL, &img, NULL), 0);
	cr_assert_lt(cpu_sec() - start, 30, "%g s", cpu_sec() - start);
	cr_assert_eq(img.services.n, 10000);
	cr_assert_eq(img.services.at[0].backends.n, 10);
}

Test(image, session_affinity_is_of_each_port_and_family)
{
	own(world_done) struct world w;
	struct service *s;

	world_init(&w);
	s = world_service(&w, "web", "10.96.0.1,fd00:10:96::1");
	service_port_add(s, "http", 80);
	s->affinity_timeout_sec = 10800;	/* says nothing without the other */
	world_expect(&w, "web/http TCP IPv4\n 10.96.0.1:80 cluster\n"
			 "web/http TCP IPv6\n fd00:10:96::1:80 cluster\n");
	s->affinity_client_ip = true;
	world_expect(&w, "web/http TCP IPv4\n affinity 10800\n 10.96.0.1:80 cluster\n"
			 "web/http TCP IPv6\n affinity 10800\n fd00:10:96::1:80 cluster\n");
}
