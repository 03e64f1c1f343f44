/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Addresses of LoadBalancers out of pools, and the settings that name the pools. */
#include "cluster_sandbox.h"

#include <string.h>

static struct sandbox sandbox_with_pools(const char *pools)
{
	struct sandbox w = sandbox_new();

	cr_assert_eq(cluster_config_set(&w.cfg, SETTING_LB_POOL, pools, &w.err), 0, "%s",
		     w.err.text);
	return w;
}

#define LB(name, spec, status)                                                     \
	"---\n{apiVersion: v1, kind: Service, metadata: {name: " name "}, spec: {type: "           \
	"LoadBalancer, ports: [{port: 80}]" spec "}, status: {loadBalancer: {ingress: [" status     \
	"]}}}\n"

/* "192.0.2.1,2001:db8::1", or "" */
static void expect_ingress(const struct sandbox *w, const char *service, const char *want)
{
	char got[200] = "";

	vec_each(in, &service_of(w, service)->lb_ingress) {
		strcat(got, *got ? "," : "");
		strcat(got, in->ip ? in->ip : in->hostname);
		strcat(got, in->proxy ? "(proxy)" : "");
	}
	expect_text(service, got, want);
}

Test(cluster_balance, gives_the_lowest_free_address_of_each_family)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/31,2001:db8::/126,"
								"198.51.100.7/32");

	sandbox_apply_text(&w, LB("a", ", ipFamilyPolicy: RequireDualStack", "") LB("b", "", "")
			       LB("c", "", "") LB("d", "", ""));
	expect_ingress(&w, "a", "192.0.2.0,2001:db8::1");
	expect_ingress(&w, "b", "192.0.2.1");
	expect_ingress(&w, "c", "198.51.100.7");
	expect_ingress(&w, "d", "");
	/* Applying again changes nothing. */
	sandbox_apply_text(&w, LB("b", "", ""));
	cr_assert_eq(w.changes.at[0].change, CHANGE_NONE);
	expect_ingress(&w, "b", "192.0.2.1");
	/* What is given back goes to the one that waits. */
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "b"), 0, "%s", w.err.text);
	expect_ingress(&w, "d", "192.0.2.1");
	sandbox_apply_text(&w, LB("e", "", ""));
	expect_ingress(&w, "e", "");
	sandbox_apply_text(&w, "{apiVersion: v1, kind: Service, metadata: {name: c}, spec: {type: "
			       "NodePort, ports: [{port: 80}]}}");
	expect_ingress(&w, "c", "");
	expect_ingress(&w, "e", "198.51.100.7");
}

Test(cluster_balance, serves_its_classes_only)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/24");

	sandbox_apply_text(&w, LB("mine", ", loadBalancerClass: " LB_CLASS, "")
			       LB("other", ", loadBalancerClass: tailscale", "")
			       "---\n{apiVersion: v1, kind: Service, metadata: {name: plain}, spec: "
			       "{ports: [{port: 80}]}}\n");
	expect_ingress(&w, "mine", "192.0.2.0");
	expect_ingress(&w, "other", "");
	expect_ingress(&w, "plain", "");
}

Test(cluster_balance, honours_what_the_status_says)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/24");

	sandbox_apply_text(&w, LB("given", "", "{ip: 203.0.113.5}")
			       LB("name", "", "{hostname: lb.example.com}")
			       LB("proxy", "", "{ip: 192.0.2.9, ipMode: Proxy}")
			       LB("first", "", "{ip: 192.0.2.0}") LB("shared", "", "{ip: 192.0.2.0}")
			       LB("dual", ", ipFamilyPolicy: PreferDualStack", "{ip: 203.0.113.6}")
			       LB("next", "", ""));
	expect_ingress(&w, "given", "203.0.113.5");
	expect_ingress(&w, "name", "lb.example.com");
	expect_ingress(&w, "proxy", "192.0.2.9(proxy)");
	expect_ingress(&w, "first", "192.0.2.0");
	expect_ingress(&w, "shared", "192.0.2.0");
	expect_ingress(&w, "dual", "203.0.113.6");
	expect_ingress(&w, "next", "192.0.2.1");
	/* A manifest without a status leaves it as it is, one with a status changes it. */
	sandbox_apply_text(&w, LB("given", "", ""));
	expect_ingress(&w, "given", "203.0.113.5");
	sandbox_apply_text(&w, LB("given", "", "{ip: 203.0.113.8}"));
	expect_ingress(&w, "given", "203.0.113.8");
}

Test(cluster_balance, load_balancer_ip_asks_for_one)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/24");

	sandbox_apply_text(&w, LB("a", ", loadBalancerIP: 192.0.2.77", "")
			       LB("taken", ", loadBalancerIP: 192.0.2.77", "")
			       LB("elsewhere", ", loadBalancerIP: 203.0.113.1", ""));
	expect_ingress(&w, "a", "192.0.2.77");
	expect_ingress(&w, "taken", "");
	expect_ingress(&w, "elsewhere", "");
	sandbox_apply_text(&w, LB("a", ", loadBalancerIP: 192.0.2.78", ""));
	expect_ingress(&w, "a", "192.0.2.78");
	cr_assert_eq(cluster_balance(&w.snap, &w.cfg, &w.err), 0, "%s", w.err.text);
	expect_ingress(&w, "taken", "192.0.2.77");
}

Test(cluster_balance, follows_the_families)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/24,2001:db8::/64");

	sandbox_apply_text(&w, LB("a", "", ""));
	expect_ingress(&w, "a", "192.0.2.0");
	sandbox_apply_text(&w, LB("a", ", ipFamilyPolicy: RequireDualStack", ""));
	expect_ingress(&w, "a", "192.0.2.0,2001:db8::1");
	sandbox_apply_text(&w, LB("a", ", ipFamilyPolicy: SingleStack", ""));
	expect_ingress(&w, "a", "192.0.2.0");
}

/* Nobody gets an address at which a Node lives, or that a Service has without a pool. */
Test(cluster_balance, leaves_out_what_others_have)
{
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.0/24");

	sandbox_apply_text(&w, "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\nstatus: {addresses: "
			       "[{type: InternalIP, address: 192.0.2.0}, "
			       "{type: ExternalIP, address: 192.0.2.1}]}\n---\n"
			       "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: "
			       "{externalIPs: [192.0.2.2], ports: [{port: 80}]}\n---\n"
			       LB("a", "", ""));
	expect_ingress(&w, "a", "192.0.2.3");
}

Test(cluster_balance, a_pool_that_comes_later_serves_who_waits)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, LB("a", "", ""));
	expect_ingress(&w, "a", "");
	cr_assert_eq(cluster_config_set(&w.cfg, SETTING_LB_POOL, "192.0.2.4/30", &w.err), 0);
	cr_assert_eq(cluster_balance(&w.snap, &w.cfg, &w.err), 0, "%s", w.err.text);
	expect_ingress(&w, "a", "192.0.2.4");
	/* And one that goes takes nothing away. */
	cr_assert_eq(cluster_config_set(&w.cfg, SETTING_LB_POOL, "198.51.100.0/24", &w.err), 0);
	cr_assert_eq(cluster_balance(&w.snap, &w.cfg, &w.err), 0, "%s", w.err.text);
	expect_ingress(&w, "a", "192.0.2.4");
}

static void expect_lack(const struct sandbox *w, const char *service, const char *want)
{
	char buf[CLUSTER_LACK_MAX];

	expect_text(service, cluster_lack(&w->cfg, service_of(w, service), buf) ?: "", want);
}

Test(cluster_balance, who_got_no_address_and_why)
{
	own(sandbox_done) struct sandbox none = sandbox_new();
	own(sandbox_done) struct sandbox w = sandbox_with_pools("192.0.2.1/32");

	/* Without pools it waits for somebody else. */
	sandbox_apply_text(&none, LB("a", "", ""));
	expect_lack(&none, "a", "");
	sandbox_apply_text(&w, LB("a", ", ipFamilyPolicy: PreferDualStack", "") LB("b", "", "")
			       LB("c", ", loadBalancerClass: other", "")
			       LB("d", ", loadBalancerIP: 192.0.2.1", "")
			       LB("e", ", ipFamilies: [IPv6]", "")
			       LB("f", "", "{hostname: lb.example.com}"));
	/* There is no pool of its other family, so one address is all it can have. */
	expect_lack(&w, "a", "");
	expect_lack(&w, "b", "no IPv4 address is free in the load balancer pools");
	expect_lack(&w, "c", "");
	expect_lack(&w, "d", "loadBalancerIP 192.0.2.1 is taken, or in no load balancer pool");
	expect_lack(&w, "e", "no IPv6 address is free in the load balancer pools");
	expect_lack(&w, "f", "");
}

Test(cluster_config, settings_are_text_and_back)
{
	static const struct {
		enum cluster_setting which;
		const char *text;
		const char *now;	/* NULL: the same */
		const char *why;	/* NULL: accepted */
	} rows[] = {
		{ SETTING_SERVICE_CIDR, "10.0.0.0/16,fd00::/112", NULL, NULL },
		{ SETTING_SERVICE_CIDR, "fd00::/112", "10.96.0.0/12,fd00::/112", NULL },
		{ SETTING_SERVICE_CIDR, "10.0.0.0/16,10.1.0.0/16", NULL,
		  "two service CIDRs of one family" },
		{ SETTING_SERVICE_CIDR, "10.0.0.0/31", NULL, "service CIDR 10.0.0.0/31: must be IPv4, "
		  "from /8 to /30" },
		{ SETTING_SERVICE_CIDR, "10.0.0.0/8", "10.0.0.0/8,fd00:10:96::/112", NULL },
		{ SETTING_SERVICE_CIDR, "0.0.0.0/0", NULL, "service CIDR 0.0.0.0/0: must be IPv4, "
		  "from /8 to /30" },
		{ SETTING_SERVICE_CIDR, "127.0.0.0/8", NULL, "service CIDR 127.0.0.0/8: these are not "
		  "addresses of hosts" },
		{ SETTING_SERVICE_CIDR, "224.0.0.0/8", NULL, "service CIDR 224.0.0.0/8: these are not "
		  "addresses of hosts" },
		{ SETTING_SERVICE_CIDR, "fe80::/112", NULL, "service CIDR fe80::/112: these are not "
		  "addresses of hosts" },
		{ SETTING_SERVICE_CIDR, "fd00::/48", NULL, "service CIDR fd00::/48: must be IPv6, from "
		  "/64 to /126" },
		{ SETTING_SERVICE_CIDR, "a,b,c", NULL, "\"a\" is not a CIDR like 192.0.2.0/24 or "
		  "2001:db8::/64" },
		{ SETTING_SERVICE_CIDR, "10.0.0.0/8,fd00::/112,::/0", NULL, "more than 2 CIDRs" },
		{ SETTING_NODE_PORTS, "30000-32767", NULL, NULL },
		{ SETTING_NODE_PORTS, "1-65535", NULL, NULL },
		{ SETTING_NODE_PORTS, "30000", NULL, "\"30000\" is not a range of ports like "
		  "30000-32767" },
		{ SETTING_NODE_PORTS, "3-2", NULL, "\"3-2\" is not a range of ports like 30000-32767" },
		{ SETTING_NODE_PORTS, "0-9", NULL, "\"0-9\" is not a range of ports like 30000-32767" },
		{ SETTING_NODE_PORTS, "1-65536", NULL, "\"1-65536\" is not a range of ports like "
		  "30000-32767" },
		{ SETTING_NODE_PORTS, "1-2x", NULL, "\"1-2x\" is not a range of ports like "
		  "30000-32767" },
		{ SETTING_ECHO, "off", NULL, NULL },
		{ SETTING_ECHO, "yes", NULL, "\"yes\" is neither \"on\" nor \"off\"" },
		{ SETTING_LOCALHOST, "off", NULL, NULL },
		{ SETTING_LOCALHOST, "", NULL, "\"\" is neither \"on\" nor \"off\"" },
		{ SETTING_MASQUERADE_ALL, "on", NULL, NULL },
		{ SETTING_MASQUERADE_ALL, "On", NULL, "\"On\" is neither \"on\" nor \"off\"" },
		{ SETTING_NODE_PORT_ADDRS, "primary", NULL, NULL },
		{ SETTING_NODE_PORT_ADDRS, "0.0.0.0/0,2001:db8::/32", NULL, NULL },
		{ SETTING_NODE_PORT_ADDRS, "10.0.0.1/8", "10.0.0.0/8", NULL },
		{ SETTING_NODE_PORT_ADDRS, "primary,10.0.0.0/8", NULL, "\"primary\" is not a CIDR like "
		  "192.0.2.0/24 or 2001:db8::/64" },
		{ SETTING_CLUSTER_CIDR, "devices", NULL, NULL },
		{ SETTING_CLUSTER_CIDR, "none", NULL, NULL },
		{ SETTING_CLUSTER_CIDR, "fd00:1::/48,10.244.0.0/16", "10.244.0.0/16,fd00:1::/48", NULL },
		{ SETTING_CLUSTER_CIDR, "10.244.0.0/16,10.245.0.0/16", NULL, "two cluster CIDRs of one "
		  "family" },
		{ SETTING_CLUSTER_CIDR, "0.0.0.0/0", NULL, "a cluster CIDR of all addresses would make "
		  "everybody a pod" },
		{ SETTING_CLUSTER_CIDR, "all", NULL, "\"all\" is not a CIDR like 192.0.2.0/24 or "
		  "2001:db8::/64" },
		{ SETTING_LB_POOL, "none", NULL, NULL },
		{ SETTING_LB_POOL, "192.0.2.7/24, 2001:db8::/64", "192.0.2.0/24,2001:db8::/64", NULL },
		{ SETTING_LB_POOL, "192.0.2.1", NULL, "\"192.0.2.1\" is not a CIDR like 192.0.2.0/24 "
		  "or 2001:db8::/64" },
		{ SETTING_LB_POOL, "192.0.2.0/24,192.0.2.128/25", NULL, "load balancer pool "
		  "192.0.2.128/25: overlaps 192.0.2.0/24" },
		{ SETTING_LB_POOL, "10.96.1.0/24", NULL, "load balancer pool 10.96.1.0/24: overlaps "
		  "the service CIDR 10.96.0.0/12" },
		{ SETTING_LB_POOL, "127.0.0.0/24", NULL, "load balancer pool 127.0.0.0/24: these are "
		  "not addresses of hosts" },
		{ SETTING_LB_POOL, "2001:db8::/32", NULL, "load balancer pool 2001:db8::/32: must be "
		  "/8 or smaller, of IPv6 /64 or smaller" },
		{ SETTING_LB_POOL, "1.0.0.0/32,1.0.0.1/32,1.0.0.2/32,1.0.0.3/32,1.0.0.4/32,1.0.0.5/32,"
		  "1.0.0.6/32,1.0.0.7/32,1.0.0.8/32,1.0.0.9/32,1.0.1.0/32,1.0.1.1/32,1.0.1.2/32,"
		  "1.0.1.3/32,1.0.1.4/32,1.0.1.5/32,1.0.1.6/32", NULL, "more than 16 CIDRs" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cluster_config cfg = cluster_config_builtin();
		own(free) char *before = cluster_config_text(&cfg, rows[i].which);
		own(free) char *after = NULL;
		struct err e = { 0 };

		cr_expect_eq(cluster_config_set(&cfg, rows[i].which, rows[i].text, &e),
			     rows[i].why ? -EINVAL : 0, "%s: %s", rows[i].text, e.text);
		cr_expect_str_eq(e.text, rows[i].why ? rows[i].why : "");
		after = cluster_config_text(&cfg, rows[i].which);
		cr_expect_str_eq(after, rows[i].why ? before : rows[i].now ? rows[i].now : rows[i].text);
	}
}
