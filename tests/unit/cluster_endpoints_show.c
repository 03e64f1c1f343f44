/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The Endpoints of Services with selectors. */
#include "cluster_sandbox.h"

#include <string.h>

#include "cluster/endpoints_show.h"

static struct endpoints *shown(struct sandbox *w, const char *name)
{
	struct object *o;

	cr_assert_eq(cluster_show_endpoints(&w->snap, &w->err), 0);
	o = snapshot_find(&w->snap, KIND_ENDPOINTS, "default", name);
	return o ? &o->u.endpoints : NULL;
}

static void expect_addresses(const endpoint_vec *list, const char *want)
{
	char got[256] = "";

	vec_each(e, list) {
		strcat(got, e == list->at ? "" : ",");
		strcat(got, e->addresses.at[0]);
	}
	expect_text("addresses", got, want);
}

Test(cluster_endpoints_show, ready_addresses_are_apart_from_others)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	const struct endpoints *e;

	EXPECT_APPLIED(&w, make_node("n1", "z"),
		       SERVICE("web", .selector = "app=web", .labels = "team=a"),
		       POD("b", .ips = { "10.0.0.10" }, .node = "n1", .hostname = "h",
			   .subdomain = "web"),
		       POD("a", .ips = { "10.0.0.2" }), POD("n", .ips = { "10.0.0.3" }, .not_ready = true),
		       POD("leaving", .ips = { "10.0.0.4" }, .deleting = true),
		       POD("over", .ips = { "10.0.0.5" }, .finished = true));
	e = shown(&w, "web");
	cr_assert(e);
	cr_assert_eq(e->subsets.n, 1);
	expect_addresses(&e->subsets.at[0].ready, "10.0.0.2,10.0.0.10");
	expect_addresses(&e->subsets.at[0].not_ready, "10.0.0.3");
	cr_assert_eq(e->subsets.at[0].ports.at[0].port, 80);
	expect_text("hostname", e->subsets.at[0].ready.at[1].hostname, "h");
	expect_text("node", e->subsets.at[0].ready.at[1].node_name, "n1");
	expect_text("target", e->subsets.at[0].ready.at[1].target_name, "b");
	expect_text("label", labels_find(&e->meta.labels, "team"), "a");
	expect_text("manager", labels_find(&e->meta.labels, "endpoints.kubernetes.io/managed-by"),
		    "endpoint-controller");
	cr_assert_not(labels_find(&e->meta.labels, LABEL_HEADLESS));
}

Test(cluster_endpoints_show, those_who_leave_are_published_if_asked_for)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .publish_not_ready = true),
		       POD("n", .ips = { "10.0.0.3" }, .not_ready = true),
		       POD("leaving", .ips = { "10.0.0.4" }, .deleting = true));
	expect_addresses(&shown(&w, "web")->subsets.at[0].ready, "10.0.0.3,10.0.0.4");
}

Test(cluster_endpoints_show, a_subset_for_each_set_of_ports)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	const struct endpoints *e;

	EXPECT_APPLIED(&w,
		       SERVICE("web", .selector = "app=web",
			       .ports = { { "a", PROTO_TCP, 80, .target_name = "http" } }),
		       POD("p", .ips = { "10.0.0.1" }, .ports = { { "http", PROTO_TCP, 9090 } }),
		       POD("q", .ips = { "10.0.0.2" }, .ports = { { "http", PROTO_TCP, 8080 } }),
		       POD("r", .ips = { "10.0.0.3" }, .ports = { { "http", PROTO_TCP, 9090 } }),
		       POD("none", .ips = { "10.0.0.4" }));
	e = shown(&w, "web");
	cr_assert_eq(e->subsets.n, 2);
	cr_assert_eq(e->subsets.at[0].ports.at[0].port, 8080);
	expect_addresses(&e->subsets.at[0].ready, "10.0.0.2");
	expect_addresses(&e->subsets.at[1].ready, "10.0.0.1,10.0.0.3");
}

Test(cluster_endpoints_show, headless_ones_are_labelled_and_may_have_no_port)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	const struct endpoints *e;

	EXPECT_APPLIED(&w, SERVICE("web", .headless = true, .selector = "app=web"),
		       POD("p", .ips = { "10.0.0.1" }));
	e = shown(&w, "web");
	expect_text("label", labels_find(&e->meta.labels, LABEL_HEADLESS), "");
	cr_assert_eq(e->subsets.n, 1);
	cr_assert_eq(e->subsets.at[0].ports.n, 0);
	expect_addresses(&e->subsets.at[0].ready, "10.0.0.1");
}

Test(cluster_endpoints_show, the_first_family_alone)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w,
		       SERVICE("web", .selector = "app=web", .policy = IPFP_REQUIRE_DUAL,
			       .families = { FAMILY_V6, FAMILY_V4 }, .n_families = 2),
		       POD("p", .ips = { "10.0.0.1", "fd00::1" }));
	expect_addresses(&shown(&w, "web")->subsets.at[0].ready, "fd00::1");
}

Test(cluster_endpoints_show, only_what_a_controller_would_make)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *hand = make_slice("hand", "web", NULL);
	struct endpoint e = { 0 };

	cr_assert_eq(texts_push(&e.addresses, "192.0.2.1"), 0);
	cr_assert_eq(vec_push(&hand->u.slice.endpoints, e), 0);
	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), SERVICE("none"),
		       SERVICE("ext", .external_name = "example.org", .selector = "app=web"), hand);
	cr_assert_eq(shown(&w, "web")->subsets.n, 0, "slices by hand are none of its");
	cr_assert_null(shown(&w, "none"));
	cr_assert_null(shown(&w, "ext"));
}

Test(cluster_endpoints_show, stored_ones_show_where_there_is_no_selector)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w,
		"{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: "
		"192.0.2.1}], ports: [{port: 5432}]}]}\n---\n"
		"{apiVersion: v1, kind: Endpoints, metadata: {name: web}, subsets: [{addresses: [{ip: "
		"192.0.2.2}], ports: [{port: 80}]}]}\n---\n"
		"{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {a: b}, "
		"ports: [{port: 80}]}}\n");
	expect_addresses(&shown(&w, "db")->subsets.at[0].ready, "192.0.2.1");
	cr_assert_eq(shown(&w, "web")->subsets.n, 0, "a controller would have replaced it");
}

Test(cluster_endpoints_show, have_an_identity_that_lasts)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(free) char *uid = NULL;

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"));
	service_of(&w, "web")->meta.uid = strdup("1a1c71ab-65c1-4a07-a5a5-a6ac3a4ef9c5");
	service_of(&w, "web")->meta.created = 7;
	uid = strdup(shown(&w, "web")->meta.uid);
	cr_assert_eq(strlen(uid), 36);
	expect_text("uid", shown(&w, "web")->meta.uid, uid);
	cr_assert_eq(shown(&w, "web")->meta.created, 7);
}

/* @n Pods of one port, or two: the second kind has a port of its own. */
static void add_pods(object_vec *pods, unsigned int first, unsigned int n, uint16_t port, bool ready)
{
	char name[16], ip[16];

	for (unsigned int i = first; i < first + n; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		snprintf(ip, sizeof(ip), "10.0.%u.%u", i / 250, i % 250 + 1);
		cr_assert_eq(vec_push(pods, POD(name, .ips = { ip }, .not_ready = !ready,
						.ports = { { "http", PROTO_TCP, port } })), 0);
	}
}

static const struct endpoints *shown_of_pods(struct sandbox *w, const object_vec *pods)
{
	EXPECT_APPLIED(w, SERVICE("web", .selector = "app=web",
				  .ports = { { "a", PROTO_TCP, 80, .target_name = "http" } }));
	cr_assert_eq(cluster_apply(&w->snap, &w->cfg, pods->at, pods->n, &w->changes, &w->err), 0);
	return shown(w, "web");
}

Test(cluster_endpoints_show, a_thousand_addresses_at_most)
{
	static const char over[] = "endpoints.kubernetes.io/over-capacity";
	own(sandbox_done) struct sandbox a = sandbox_new(), b = sandbox_new(), c = sandbox_new();
	own(objects_done) object_vec exact = { 0 }, late = { 0 }, many = { 0 };
	const struct endpoints *e;

	add_pods(&exact, 0, 1000, 8080, true);
	e = shown_of_pods(&a, &exact);
	cr_assert_eq(e->subsets.at[0].ready.n, 1000);
	cr_assert_not(labels_find(&e->meta.annotations, over));

	/* Ready ones first. */
	add_pods(&late, 0, 900, 8080, true);
	add_pods(&late, 900, 300, 8080, false);
	e = shown_of_pods(&b, &late);
	cr_assert_eq(e->subsets.at[0].ready.n, 900);
	cr_assert_eq(e->subsets.at[0].not_ready.n, 100);
	expect_text("annotation", labels_find(&e->meta.annotations, over), "truncated");

	/* From each subset in proportion. */
	add_pods(&many, 0, 900, 8080, true);
	add_pods(&many, 900, 300, 9090, true);
	add_pods(&many, 1200, 50, 9090, false);
	e = shown_of_pods(&c, &many);
	cr_assert_eq(e->subsets.at[0].ready.n, 750);
	cr_assert_eq(e->subsets.at[1].ready.n, 250);
	cr_assert_eq(e->subsets.at[1].not_ready.n, 0);
}
