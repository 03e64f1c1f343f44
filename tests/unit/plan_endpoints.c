/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which endpoints a node may use: the cases of kube-proxy's TestCategorizeEndpoints, and the join
 * of slices to services.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "plan/endpoints.h"
#include "unit/plan_world.h"

/* --- selection ------------------------------------------------------------------ */

/*
 * An endpoint in letters: R ready, T serving and terminating, D terminating and not serving,
 * u not ready; with h: on this node. Then hints: "Rh z=a,b n=here".
 */
struct selection {
	const char *name;
	const char *zone;		/* of this node */
	bool no_cluster, local;		/* uses */
	const char *endpoints[6];
	const char *cluster;		/* indices of the members */
	const char *in_local;
	bool none;			/* no usable endpoint anywhere */
};

static const struct selection selections[] = {
	/* Topology. */
	{ "zone hints, all hinted", "a", .endpoints = { "R z=a", "R z=b", "R z=b", "R z=a" },
	  .cluster = "03", .in_local = "" },
	{ "externalTrafficPolicy Local: topology for the cluster set only", "a", .local = true,
	  .endpoints = { "R z=a", "R z=b", "Rh z=b", "R z=a" }, .cluster = "03", .in_local = "2" },
	{ "internalTrafficPolicy Local: topology ignored", "a", .no_cluster = true, .local = true,
	  .endpoints = { "R z=a", "Rh z=b", "R z=b", "Rh z=a" }, .cluster = "", .in_local = "13" },
	{ "node without labels", NULL, .endpoints = { "R z=a", "R z=b" }, .cluster = "01" },
	{ "empty zone", "", .endpoints = { "R z=a", "R z=b" }, .cluster = "01" },
	{ "node in another zone", "c", .endpoints = { "R z=a", "R z=b" }, .cluster = "01" },
	{ "hints of endpoints that are not ready do not count", "a",
	  .endpoints = { "R z=a", "u", "R z=b", "u z=a" }, .cluster = "0" },
	{ "only endpoints that are not ready in the own zone", "a",
	  .endpoints = { "u z=a", "R z=b", "R z=b" }, .cluster = "12" },
	{ "one ready endpoint without a hint", "a", .endpoints = { "R z=a", "R", "R z=b" },
	  .cluster = "012" },
	{ "several zones a hint", "c", .endpoints = { "R z=a,b,c", "R z=b,c", "R z=b,d" },
	  .cluster = "01" },
	{ "node hints", "a", .endpoints = { "R z=a n=here", "R z=a n=n2", "R z=b n=n3" },
	  .cluster = "0" },
	{ "node hints, one endpoint without: the zone decides", "a",
	  .endpoints = { "R z=a n=here", "R z=a", "R z=b n=n3" }, .cluster = "01" },
	{ "node and zone hints, both missing at one", "a",
	  .endpoints = { "R z=a n=here", "R", "R z=b n=n3" }, .cluster = "012" },
	{ "node hints without this node: the zone decides", "a",
	  .endpoints = { "R z=a n=n2", "R z=a n=n3", "R z=b n=n4" }, .cluster = "01" },
	{ "node hint at an endpoint that is not ready", "a",
	  .endpoints = { "u z=a n=here", "R z=a n=n2", "R z=b n=n3" }, .cluster = "1" },
	{ "topology and locality disagree", "a", .local = true,
	  .endpoints = { "Rh z=b", "R z=a", "R z=b", "Rh z=a" },
	  .cluster = "13", .in_local = "03" },
	{ "terminating endpoints ignore topology", "a", .endpoints = { "T z=b", "T z=a", "T" },
	  .cluster = "012" },
	/* Policies. */
	{ "internal Local, no endpoints", NULL, .no_cluster = true, .local = true, .cluster = "",
	  .in_local = "", .none = true },
	{ "internal Local, all remote", NULL, .no_cluster = true, .local = true,
	  .endpoints = { "R", "R" }, .cluster = "", .in_local = "" },
	{ "internal Local, all local", NULL, .no_cluster = true, .local = true,
	  .endpoints = { "Rh", "Rh" }, .cluster = "", .in_local = "01" },
	{ "internal Local, some local", NULL, .no_cluster = true, .local = true,
	  .endpoints = { "Rh", "R" }, .cluster = "", .in_local = "0" },
	{ "internal Local, only terminating here", NULL, .no_cluster = true, .local = true,
	  .endpoints = { "Th", "R" }, .cluster = "", .in_local = "0" },
	{ "internal Local, remote terminating only", NULL, .no_cluster = true, .local = true,
	  .endpoints = { "T" }, .cluster = "", .in_local = "" },
	{ "none ready", NULL, .endpoints = { "u", "uh" }, .cluster = "", .none = true },
	{ "a single one, not ready", NULL, .endpoints = { "u" }, .cluster = "", .none = true },
	{ "some ready", NULL, .endpoints = { "R", "u" }, .cluster = "0" },
	{ "all terminating", NULL, .endpoints = { "Th", "T" }, .cluster = "01" },
	{ "terminating and not serving", NULL, .endpoints = { "Dh", "D" }, .cluster = "",
	  .none = true },
	{ "ready elsewhere keeps terminating out", NULL, .endpoints = { "Th", "R" },
	  .cluster = "1" },
	{ "both Local, some local", NULL, .local = true, .endpoints = { "Rh", "R" },
	  .cluster = "01", .in_local = "0" },
	{ "both Local, all remote", NULL, .local = true, .endpoints = { "R", "R" },
	  .cluster = "01", .in_local = "" },
	{ "both Local, remote and terminating", NULL, .local = true, .endpoints = { "R", "T" },
	  .cluster = "0", .in_local = "" },
	{ "both Local, all remote and terminating", NULL, .local = true, .endpoints = { "T", "T" },
	  .cluster = "01", .in_local = "" },
	{ "each set falls back alone", NULL, .local = true,
	  .endpoints = { "Rh", "R", "Th", "T" }, .cluster = "01", .in_local = "0" },
	{ "cluster: ready elsewhere; local: terminating here", NULL, .local = true,
	  .endpoints = { "uh", "Th", "R", "T", "Dh" }, .cluster = "2", .in_local = "1" },
	{ "nothing", NULL, .cluster = "", .none = true },
};

static void hints_add(text_vec *hints, char *list)
{
	for (char *h = strsep(&list, ","); h; h = strsep(&list, ","))
		texts_add(hints, h);
}

static void endpoint_spell(struct slice *s, const char *spec, size_t nth)
{
	own(free) char *copy = strdup(spec);
	char *rest = copy, *word = strsep(&rest, " ");
	char ip[] = "10.0.0.0";
	struct endpoint *e;

	ip[7] += nth;
	e = slice_endpoint_add(s, ip, strchr(word, 'h') ? "here" : "there");
	e->ready = *word == 'R' ? TRI_UNSET : TRI_FALSE;
	e->serving = *word == 'R' ? TRI_UNSET : *word == 'T' ? TRI_TRUE : TRI_FALSE;
	e->terminating = *word == 'T' || *word == 'D' ? TRI_TRUE : TRI_UNSET;
	for (char *hint = strsep(&rest, " "); hint; hint = strsep(&rest, " "))
		hints_add(*hint == 'z' ? &e->zone_hints : &e->node_hints, hint + 2);
}

static void members_spell(const plan_endpoint_vec *eps, bool local, char ret[static 8])
{
	vec_each(ep, eps)
		if (local ? ep->in_local : ep->in_cluster)
			*ret++ = '0' + (ep->addr.b[15]);
	*ret = '\0';
}

Test(endpoints, selection_follows_kube_proxy)
{
	for (size_t i = 0; i < sizeof(selections) / sizeof(*selections); i++) {
		const struct selection *t = &selections[i];
		own(world_done) struct world w;
		struct endpoint_here here = { "here", t->zone };
		struct endpoint_query q = { .family = FAMILY_V4, .port_name = "p",
					    .protocol = PROTO_TCP };
		struct slice_ref ref = { "default", "s", NULL };
		plan_endpoint_vec eps = { 0 };
		struct slice *s;
		char cluster[8], local[8];
		bool any;

		world_init(&w);
		s = world_slice(&w, "s-1", "s", FAMILY_V4);
		slice_port_add(s, "p", 80);
		for (size_t k = 0; k < 6 && t->endpoints[k]; k++)
			endpoint_spell(s, t->endpoints[k], k);
		ref.slice = s;
		q.slices = &ref;
		q.n_slices = 1;
		cr_assert_eq(endpoints_join(&q, &here, &eps), 0);
		any = endpoints_categorize(&eps, &here, !t->no_cluster, t->local);

		members_spell(&eps, false, cluster);
		members_spell(&eps, true, local);
		cr_expect_str_eq(cluster, t->cluster, "%s: cluster set %s", t->name, cluster);
		cr_expect_str_eq(local, t->in_local ? t->in_local : "", "%s: local set %s",
				 t->name, local);
		cr_expect_eq(any, !t->none, "%s", t->name);
		vec_done(&eps);
	}
}

/* --- join ------------------------------------------------------------------------ */

static struct service *plain_service(struct world *w)
{
	struct service *s;

	world_init(w);
	s = world_service(w, "web", "10.96.0.1");
	service_port_add(s, "http", 80);
	return s;
}

Test(endpoints, slices_join_by_label_and_namespace)
{
	own(world_done) struct world w;
	struct slice *s;
	struct object *o;

	plain_service(&w);
	s = world_slice(&w, "any-name", "web", FAMILY_V4);
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.1", NULL);
	s = world_slice(&w, "web", NULL, FAMILY_V4);		/* no label */
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.2", NULL);
	s = world_slice(&w, "web-2", "webb", FAMILY_V4);	/* another service */
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.3", NULL);

	o = object_new(KIND_SLICE);				/* another namespace */
	o->meta->name = strdup("x");
	o->meta->namespace = strdup("other");
	labels_set(&o->meta->labels, LABEL_SERVICE_NAME, "web");
	slice_port_add(&o->u.slice, "http", 8080);
	slice_endpoint_add(&o->u.slice, "10.1.0.4", NULL);
	cr_assert_eq(snapshot_put(&w.snap, o), 0);

	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n > 10.1.0.1:8080 C\n");
}

Test(endpoints, slices_of_other_kinds_are_ignored)
{
	own(world_done) struct world w;
	struct slice *s;

	plain_service(&w);
	s = world_slice(&w, "a", "web", FAMILY_V6);		/* not the service's family */
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "fd00::1", NULL);
	s = world_slice(&w, "b", "web", FAMILY_V4);
	s->fqdn = true;
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.2", NULL);
	s = world_slice(&w, "c", "web", FAMILY_V4);
	cr_assert_eq(labels_set(&s->meta.labels, LABEL_HEADLESS, ""), 0);
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.3", NULL);
	s = world_slice(&w, "d", "web", FAMILY_V4);		/* addresses that make no sense */
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "fd00::2", NULL);
	slice_endpoint_add(s, "nonsense", NULL);
	texts_done(&slice_endpoint_add(s, "10.1.0.9", NULL)->addresses);

	world_expect(&w, "web/http TCP IPv4\n 10.96.0.1:80 cluster\n");
}

Test(endpoints, ports_join_by_name_and_protocol)
{
	own(world_done) struct world w;
	struct service *svc;
	struct slice *s;

	world_init(&w);
	svc = world_service(&w, "dns", "10.96.0.10");
	service_port_add(svc, "dns", 53)->protocol = PROTO_UDP;
	service_port_add(svc, "dns-tcp", 53);
	service_port_add(svc, "off", 99);
	s = world_slice(&w, "dns-1", "dns", FAMILY_V4);
	slice_port_add(s, "dns", 5353)->protocol = PROTO_UDP;
	slice_port_add(s, "dns-tcp", 5354);
	slice_port_add(s, "dns-tcp", 5355)->protocol = PROTO_UDP;
	slice_port_add(s, "off", 0);
	slice_port_add(s, NULL, 5356);
	slice_endpoint_add(s, "10.1.0.1", NULL);

	world_expect(&w, "dns/dns UDP IPv4 any\n 10.96.0.10:53 cluster\n > 10.1.0.1:5353 C\n"
			 "dns/dns-tcp TCP IPv4 any\n 10.96.0.10:53 cluster\n > 10.1.0.1:5354 C\n"
			 "dns/off TCP IPv4\n 10.96.0.10:99 cluster\n");
}

Test(endpoints, an_empty_port_name_matches_an_empty_one)
{
	own(world_done) struct world w;
	struct service *svc;
	struct slice *s;

	world_init(&w);
	svc = world_service(&w, "web", "10.96.0.1");
	service_port_add(svc, "", 80);
	s = world_slice(&w, "web-1", "web", FAMILY_V4);
	slice_port_add(s, "", 8080);
	slice_endpoint_add(s, "10.1.0.1", NULL);

	world_expect(&w, "web/ TCP IPv4 any\n 10.96.0.1:80 cluster\n > 10.1.0.1:8080 C\n");
}

Test(endpoints, several_slices_are_one_set_with_each_its_port)
{
	own(world_done) struct world w;
	struct slice *s;

	plain_service(&w);
	s = world_slice(&w, "a", "web", FAMILY_V4);
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.9", NULL);
	slice_endpoint_add(s, "10.1.0.1", NULL);
	s = world_slice(&w, "b", "web", FAMILY_V4);
	slice_port_add(s, "http", 9090);
	slice_endpoint_add(s, "10.1.0.1", NULL);
	slice_endpoint_add(s, "10.1.0.01", NULL);		/* the same, spelt badly */

	world_expect(&w, "web/http TCP IPv4 any\n 10.96.0.1:80 cluster\n > 10.1.0.1:8080 C\n"
			 " > 10.1.0.1:9090 C\n > 10.1.0.9:8080 C\n");
}

Test(endpoints, of_two_equal_endpoints_the_one_that_stays_wins)
{
	own(world_done) struct world w;
	struct endpoint *e;
	struct slice *s;

	plain_service(&w)->internal_policy = POLICY_LOCAL;
	s = world_slice(&w, "a", "web", FAMILY_V4);
	slice_port_add(s, "http", 8080);
	/* A dying pod, whose address was given to another one. */
	e = slice_endpoint_add(s, "10.1.0.1", "there");
	e->terminating = TRI_TRUE;
	e->ready = TRI_FALSE;
	slice_endpoint_add(s, "10.1.0.2", "here");		/* the first wins */
	s = world_slice(&w, "b", "web", FAMILY_V4);
	slice_port_add(s, "http", 8080);
	slice_endpoint_add(s, "10.1.0.1", "here");
	slice_endpoint_add(s, "10.1.0.2", "there");

	world_expect(&w, "web/http TCP IPv4 any int-local\n 10.96.0.1:80 cluster\n"
			 " > 10.1.0.1:8080 L\n > 10.1.0.2:8080 L\n");
}
