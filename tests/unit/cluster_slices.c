/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Selector + Pods (+ Nodes) → EndpointSlices. */
#include "cluster_sandbox.h"

#include <string.h>

static void expect_tri(enum tristate got, bool want, const char *what)
{
	cr_assert_eq(got, want ? TRI_TRUE : TRI_FALSE, "%s is not %s", what,
		     want ? "true" : "false");
}

Test(cluster_slices, conditions_follow_readiness_deletion_and_publish_not_ready)
{
	static const struct {
		bool pod_ready, deleting, publish;
		bool ready, serving, terminating;
	} cases[] = {
		{ true, false, false, true, true, false },
		{ false, false, false, false, false, false },
		{ true, true, false, false, true, true },
		{ false, true, false, false, false, true },
		{ true, false, true, true, true, false },
		{ false, false, true, true, false, false },
		{ true, true, true, true, true, true },
		{ false, true, true, true, false, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		own(sandbox_done) struct sandbox w = sandbox_new();
		struct endpoint *e;

		EXPECT_APPLIED(&w,
			       SERVICE("web", .selector = "app=web",
				       .publish_not_ready = cases[i].publish),
			       POD("p", .ips = { "10.0.0.1" }, .not_ready = !cases[i].pod_ready,
				   .deleting = cases[i].deleting));
		e = endpoint_of(&w, "10.0.0.1");
		cr_assert(e);
		expect_tri(e->ready, cases[i].ready, "ready");
		expect_tri(e->serving, cases[i].serving, "serving");
		expect_tri(e->terminating, cases[i].terminating, "terminating");
	}
}

Test(cluster_slices, are_made_for_selectors_only)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("none"), SERVICE("ext", .external_name = "example.org"),
		       POD("p", .ips = { "10.0.0.1" }));
	cr_assert_eq(n_slices(&w), 0);
	EXPECT_APPLIED(&w, SERVICE("all", .selector = ""),
		       POD("q", .labels = "x=y", .ips = { "10.0.0.2" }));
	cr_assert_eq(n_slices(&w), 1);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n, 2, "the empty selector takes all");
}

Test(cluster_slices, hold_the_pods_that_match_and_live)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web,tier=front"),
		       POD("yes", .labels = "app=web,tier=front,x=y", .ips = { "10.0.0.1" }),
		       POD("half", .labels = "app=web", .ips = { "10.0.0.2" }),
		       POD("other-ns", .namespace = "other", .labels = "app=web,tier=front",
			   .ips = { "10.0.0.3" }),
		       POD("done", .labels = "app=web,tier=front", .ips = { "10.0.0.4" },
			   .finished = true),
		       POD("pending", .labels = "app=web,tier=front"),
		       POD("v6-only", .labels = "app=web,tier=front", .ips = { "fd00::1" }));
	cr_assert_eq(n_slices(&w), 1);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n, 1);
	cr_assert(endpoint_of(&w, "10.0.0.1"));
}

Test(cluster_slices, say_what_kubernetes_says)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct slice *s;
	struct endpoint *e;

	EXPECT_APPLIED(&w, make_node("n1", "z1"),
		       SERVICE("web", .selector = "app=web",
			       .labels = "team=a," LABEL_MANAGED_BY "=me",
			       .ports = { { "http", 0, 80, .target = 8080 } }),
		       POD("p", .ips = { "10.0.0.1" }, .node = "n1", .hostname = "h",
			   .subdomain = "web"),
		       POD("q", .ips = { "10.0.0.2" }, .node = "n2", .hostname = "h",
			   .subdomain = "db"));
	cr_assert_eq(n_slices(&w), 1);
	s = slice_at(&w, 0);
	cr_assert(!strncmp(s->meta.name, "web-", 4) && strlen(s->meta.name) == 9, "%s",
		  s->meta.name);
	cr_assert_eq(s->meta.labels.n, 3);
	expect_text("service", labels_find(&s->meta.labels, LABEL_SERVICE_NAME), "web");
	expect_text("manager", labels_find(&s->meta.labels, LABEL_MANAGED_BY),
		    SLUICE_SLICE_MANAGER);
	expect_text("label", labels_find(&s->meta.labels, "team"), "a");
	cr_assert_eq(s->ports.n, 1);
	expect_text("port", s->ports.at[0].name, "http");
	cr_assert_eq(s->ports.at[0].port, 8080);

	e = endpoint_of(&w, "10.0.0.1");
	expect_text("node", e->node_name, "n1");
	expect_text("zone", e->zone, "z1");
	expect_text("hostname", e->hostname, "h");
	expect_text("target", e->target_name, "p");
	e = endpoint_of(&w, "10.0.0.2");
	expect_text("node without an object", e->node_name, "n2");
	cr_assert_null(e->zone);
	cr_assert_null(e->hostname, "another service's subdomain");
}

Test(cluster_slices, follow_the_families)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .policy = IPFP_REQUIRE_DUAL),
		       POD("p", .ips = { "10.0.0.1", "fd00::1" }), POD("q", .ips = { "fd00::2" }));
	cr_assert_eq(n_slices(&w), 2);
	for (size_t i = 0; i < 2; i++) {
		struct slice *s = slice_at(&w, i);

		cr_assert_eq(s->endpoints.n, s->family == FAMILY_V4 ? 1 : 2);
	}
	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .policy = IPFP_SINGLE));
	cr_assert_eq(n_slices(&w), 1);
	cr_assert_eq(slice_at(&w, 0)->family, FAMILY_V4);
}

Test(cluster_slices, an_empty_one_a_family_stands_for_no_endpoints)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .policy = IPFP_PREFER_DUAL));
	cr_assert_eq(n_slices(&w), 2);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n + slice_at(&w, 1)->endpoints.n, 0);
	cr_assert_neq(slice_at(&w, 0)->family, slice_at(&w, 1)->family);
}

Test(cluster_slices, named_ports_are_looked_up_pod_by_pod)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	bool seen[3] = { false };

	EXPECT_APPLIED(
		&w,
		SERVICE("web", .selector = "app=web",
			.ports = { { "a", PROTO_TCP, 80, .target_name = "http" },
				   { "b", PROTO_UDP, 81, .target = 9000 } }),
		POD("p", .ips = { "10.0.0.1" }, .ports = { { "http", PROTO_TCP, 8080 } }),
		POD("q", .ips = { "10.0.0.2" }, .ports = { { "http", PROTO_TCP, 9090 } }),
		POD("p2", .ips = { "10.0.0.3" },
		    .ports = { { "http", PROTO_UDP, 1 }, { "http", PROTO_TCP, 8080 } }),
		POD("udp", .ips = { "10.0.0.4" }, .ports = { { "http", PROTO_UDP, 8080 } }));
	cr_assert_eq(n_slices(&w), 3);
	for (size_t i = 0; i < 3; i++) {
		struct slice *s = slice_at(&w, i);
		uint16_t first = s->ports.at[0].port;

		seen[0] |= first == 8080 && s->endpoints.n == 2 && s->ports.n == 2;
		seen[1] |= first == 9090 && s->endpoints.n == 1 && s->ports.n == 2;
		seen[2] |= first == 9000 && s->endpoints.n == 1 && s->ports.n == 1;
	}
	cr_assert(seen[0] && seen[1] && seen[2]);
}

Test(cluster_slices, a_named_port_may_be_a_sidecars_but_no_other_init_containers)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w,
		"{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, "
		"ports: [{port: 80, targetPort: http}]}}\n---\n"
		"{apiVersion: v1, kind: Pod, metadata: {name: p, labels: {app: web}}, spec: {"
		"initContainers: [{name: i, ports: [{name: http, containerPort: 1111}]}, {name: s, "
		"restartPolicy: Always, ports: [{name: http, containerPort: 2222}]}], containers: "
		"[{name: c, ports: [{name: other, containerPort: 3333}]}]}, status: {podIP: 10.0.0.1}}\n"
		"---\n"
		"{apiVersion: v1, kind: Pod, metadata: {name: q, labels: {app: web}}, spec: {"
		"initContainers: [{name: s, restartPolicy: Always, ports: [{name: http, containerPort: "
		"2222}]}], containers: [{name: c, ports: [{name: http, containerPort: 4444}]}]}, "
		"status: {podIP: 10.0.0.2}}\n");
	cr_assert_eq(n_slices(&w), 2);
	for (size_t i = 0; i < 2; i++) {
		const struct slice *s = slice_at(&w, i);
		bool of_p = !strcmp(s->endpoints.at[0].addresses.at[0], "10.0.0.1");

		cr_expect_eq(s->ports.at[0].port, of_p ? 2222 : 4444, "containers come first");
	}
}

Test(cluster_slices, headless_without_ports_is_labelled_and_has_none)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .headless = true, .selector = "app=web"),
		       POD("p", .ips = { "10.0.0.1" }));
	cr_assert_eq(slice_at(&w, 0)->ports.n, 0);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n, 1);
	expect_text("label", labels_find(&slice_at(&w, 0)->meta.labels, LABEL_HEADLESS), "");
}

Test(cluster_slices, two_pods_of_one_address_are_two_endpoints)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct slice *s;

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), POD("b", .ips = { "192.0.2.1" }),
		       POD("a", .ips = { "192.0.2.1" }), POD("c", .ips = { "10.0.0.9" }));
	s = slice_at(&w, 0);
	cr_assert_eq(s->endpoints.n, 3);
	expect_text("sorted by address", s->endpoints.at[0].target_name, "c");
	expect_text("then name", s->endpoints.at[1].target_name, "a");
	expect_text("then name", s->endpoints.at[2].target_name, "b");
}

Test(cluster_slices, hold_a_hundred_endpoints_at_most)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(objects_done) object_vec pods = { 0 };
	char name[16], ip[16];
	size_t sizes[4] = { 0 };

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"));
	for (unsigned int i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		snprintf(ip, sizeof(ip), "10.0.0.%u", i + 1);
		cr_assert_eq(vec_push(&pods, POD(name, .ips = { ip })), 0);
	}
	cr_assert_eq(cluster_apply(&w.snap, &w.cfg, pods.at, pods.n, &w.changes, &w.err), 0);
	cr_assert_eq(n_slices(&w), 3);
	for (size_t i = 0; i < 3; i++)
		sizes[slice_at(&w, i)->endpoints.n == 100 ? 0 : 1] += slice_at(&w, i)->endpoints.n;
	cr_assert_eq(sizes[0], 200);
	cr_assert_eq(sizes[1], 50);
	for (unsigned int i = 1; i <= 250; i++) {
		snprintf(ip, sizeof(ip), "10.0.0.%u", i);
		cr_assert(endpoint_of(&w, ip));
	}
}

Test(cluster_slices, sync_without_a_change_touches_nothing)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *before[8];

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .policy = IPFP_PREFER_DUAL),
		       POD("p", .ips = { "10.0.0.1", "fd00::1" }),
		       SERVICE("b", .selector = "no=pods"));
	cr_assert_eq(w.snap.objects.n, 6);
	memcpy(before, w.snap.objects.at, 6 * sizeof(*before));
	cr_assert_eq(cluster_sync_slices(&w.snap, &w.err), 0);
	cr_assert_eq(w.snap.objects.n, 6);
	cr_assert_eq(memcmp(before, w.snap.objects.at, 6 * sizeof(*before)), 0);
}

Test(cluster_slices, a_changed_one_keeps_name_and_uid)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	char name[64];

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), POD("p", .ips = { "10.0.0.1" }));
	snprintf(name, sizeof(name), "%s", slice_at(&w, 0)->meta.name);
	slice_at(&w, 0)->meta.uid = strdup("u");
	slice_at(&w, 0)->meta.created = 5;
	EXPECT_APPLIED(&w, POD("p", .ips = { "10.0.0.1" }, .not_ready = true),
		       POD("q", .ips = { "10.0.0.2" }));
	cr_assert_eq(n_slices(&w), 1);
	expect_text("name", slice_at(&w, 0)->meta.name, name);
	expect_text("uid", slice_at(&w, 0)->meta.uid, "u");
	cr_assert_eq(slice_at(&w, 0)->meta.created, 5);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n, 2);
}

Test(cluster_slices, of_the_user_are_never_touched)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	char name[64];

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), make_slice("s1", "web", NULL),
		       make_slice("s2", "web", "another-controller.example.org"),
		       make_slice("s3", "gone", "me"));
	cr_assert_eq(n_slices(&w), 4);
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "web"), 0);
	cr_assert_eq(n_slices(&w), 3);

	/* Even one that has the name that ours would get. */
	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"));
	snprintf(name, sizeof(name), "%s", slice_at(&w, 3)->meta.name);
	EXPECT_APPLIED(&w, make_slice(name, "web", "me"));
	cr_assert_eq(n_slices(&w), 5);
	expect_text(
		"manager",
		labels_find(&snapshot_find(&w.snap, KIND_SLICE, "default", name)->meta->labels,
			    LABEL_MANAGED_BY),
		"me");
}

Test(cluster_slices, hints_follow_traffic_distribution)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, make_node("n1", "z1"),
		       SERVICE("web", .selector = "app=web", .distribution = "PreferSameNode"),
		       POD("p", .ips = { "10.0.0.1" }, .node = "n1"),
		       POD("q", .ips = { "10.0.0.2" }, .node = "n1", .not_ready = true));
	expect_text("zone", endpoint_of(&w, "10.0.0.1")->zone_hints.at[0], "z1");
	expect_text("node", endpoint_of(&w, "10.0.0.1")->node_hints.at[0], "n1");
	cr_assert_eq(endpoint_of(&w, "10.0.0.2")->zone_hints.n, 0, "only ready ones have hints");
	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .distribution = "PreferClose"));
	cr_assert_eq(endpoint_of(&w, "10.0.0.1")->node_hints.n, 0);
	cr_assert_eq(endpoint_of(&w, "10.0.0.1")->zone_hints.n, 1);
	cr_assert_eq(sandbox_delete(&w, KIND_NODE, "n1"), 0);
	cr_assert_eq(endpoint_of(&w, "10.0.0.1")->zone_hints.n, 0);
}

Test(cluster_slices, a_slice_keeps_its_address_type)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *six = make_slice("by-hand", "web", NULL);

	six->u.slice.family = FAMILY_V6;
	EXPECT_APPLIED(&w, make_slice("by-hand", "web", NULL));
	EXPECT_REFUSED(&w, "The EndpointSlice \"by-hand\" is invalid: addressType: Invalid value: "
			   "\"IPv6\": field is immutable", six);
}
