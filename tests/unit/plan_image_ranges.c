/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* loadBalancerSourceRanges: section 2.7 of the semantics. */
#include <criterion/criterion.h>

#include "unit/plan_world.h"

#define RANGED "web/http TCP IPv4 any\n 1.2.3.4:80 balancer\n 10.96.0.1:80 cluster\n"
#define ENDS " > 10.1.0.1:8080 C\n > 10.1.0.2:8080 C\n"

static struct service *ranged(struct world *w, const char *range)
{
	struct service *s = world_web(w);

	s->type = SERVICE_LOAD_BALANCER;
	ingress_add(s, "1.2.3.4", NULL, false);
	texts_add(&s->lb_source_ranges, range);
	return s;
}

Test(image_ranges, of_the_family_each_once_without_host_bits)
{
	own(world_done) struct world w;
	struct service *s = ranged(&w, " 10.9.8.7/8 ");

	texts_add(&s->lb_source_ranges, "10.0.0.0/8");
	texts_add(&s->lb_source_ranges, "2001:db8::/32");
	texts_add(&s->lb_source_ranges, "9.9.9.9/32");
	world_expect(&w, RANGED " < 9.9.9.9/32\n < 10.0.0.0/8\n" ENDS);
}

Test(image_ranges, of_the_other_family_alone_guard_nothing)
{
	own(world_done) struct world w;

	ranged(&w, "2001:db8::/32");
	world_expect(&w, RANGED ENDS);
}

Test(image_ranges, with_everybody_among_them_guard_nothing)
{
	own(world_done) struct world w;
	struct service *s = ranged(&w, "10.0.0.0/8");

	texts_add(&s->lb_source_ranges, "0.0.0.0/0");
	world_expect(&w, RANGED ENDS);
}

Test(image_ranges, of_the_other_family_with_everybody_say_nothing_here)
{
	own(world_done) struct world w;
	struct service *s = ranged(&w, "10.0.0.0/8");

	texts_add(&s->lb_source_ranges, "::/0");
	world_expect(&w, RANGED " < 10.0.0.0/8\n" ENDS);
}

/* The node's own packets to a VIP that is an address of its own come from there. */
Test(image_ranges, with_the_node_have_the_vips_too)
{
	own(world_done) struct world w;
	struct service *s = ranged(&w, "192.168.0.0/30");

	ingress_add(s, "1.2.3.5", NULL, false);
	world_expect(&w, "web/http TCP IPv4 any\n 1.2.3.4:80 balancer\n 1.2.3.5:80 balancer\n"
			 " 10.96.0.1:80 cluster\n < 1.2.3.4/32\n < 1.2.3.5/32\n"
			 " < 192.168.0.0/30\n" ENDS);
}

Test(image_ranges, without_a_vip_of_ours_guard_nothing)
{
	own(world_done) struct world w;
	struct service *s = world_web(&w);

	s->type = SERVICE_LOAD_BALANCER;
	ingress_add(s, "1.2.3.4", NULL, true);		/* ipMode Proxy */
	texts_add(&s->external_ips, "9.9.9.9");
	texts_add(&s->lb_source_ranges, "10.0.0.0/8");
	world_expect(&w, "web/http TCP IPv4 any\n 9.9.9.9:80 external\n 10.96.0.1:80 cluster\n"
			 ENDS);
}
