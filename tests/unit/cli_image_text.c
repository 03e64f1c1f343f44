/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "cli/image_text.h"
#include "unit/plan_world.h"

static void expect_image(const struct image *image, const char *want)
{
	own(free) char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert_not_null(mem);
	cr_assert_eq(image_text_print(mem, image), 0);
	fclose(mem);
	cr_expect_str_eq(text, want, "%s", text);
}

static void make(struct world *w)
{
	struct err e = { 0 };

	cr_assert_eq(image_make(&w->snap, &w->facts, NULL, NULL, &w->img, &e), 0, "%s", e.text);
}

Test(cli_image_text, empty)
{
	const struct image none = { 0 };

	expect_image(&none, "");
}

Test(cli_image_text, sorted_by_name_and_port_with_policies_sets_and_nodes)
{
	own(world_done) struct world w;
	struct service *s;
	struct slice *sl;

	world_init(&w);
	s = world_service(&w, "web", "10.96.0.1");
	service_port_add(s, "https", 443);
	service_port_add(s, "http", 80);
	s->external_policy = POLICY_LOCAL;
	texts_add(&s->external_ips, "192.0.2.7");
	cr_assert_eq(vec_push(&s->lb_ingress, (struct lb_ingress){ .ip = strdup("192.0.2.8") }), 0);
	texts_add(&s->lb_source_ranges, "198.51.100.0/24");
	s->affinity_client_ip = true;
	s->affinity_timeout_sec = 600;
	sl = world_slice(&w, "web-1", "web", FAMILY_V4);
	slice_port_add(sl, "http", 8080);
	slice_endpoint_add(sl, "192.168.0.2", "here");
	slice_endpoint_add(sl, "10.1.0.2", "there");
	service_port_add(world_service(&w, "api", "fd00:10:96::1"), "", 53)->protocol = PROTO_UDP;
	make(&w);
	expect_image(&w.img,
		     "frontend default/api UDP [fd00:10:96::1]:53 cluster-ip Cluster\n"
		     "frontend default/web:http TCP 10.96.0.1:80 cluster-ip Cluster\n"
		     "frontend default/web:http TCP 192.0.2.7:80 external Local\n"
		     "frontend default/web:http TCP 192.0.2.8:80 load-balancer Local\n"
		     "affinity default/web:http TCP IPv4 ClientIP 600s\n"
		     "source default/web:http TCP 198.51.100.0/24\n"
		     "backend default/web:http TCP 10.1.0.2:8080 cluster node there\n"
		     "backend default/web:http TCP 192.168.0.2:8080 cluster,local node here host\n"
		     "frontend default/web:https TCP 10.96.0.1:443 cluster-ip Cluster\n"
		     "frontend default/web:https TCP 192.0.2.7:443 external Local\n"
		     "frontend default/web:https TCP 192.0.2.8:443 load-balancer Local\n"
		     "affinity default/web:https TCP IPv4 ClientIP 600s\n"
		     "source default/web:https TCP 198.51.100.0/24\n");
}
