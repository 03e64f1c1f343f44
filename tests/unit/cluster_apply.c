/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Applying again, changing types, families; what is kept, what is refused, what is told. */
#include "cluster_sandbox.h"

#include <string.h>

#include "base/shared.h"

#define INVALID "The Service \"web\" is invalid: "

static const char *ip_of(const struct sandbox *w, const char *name, size_t i)
{
	const struct service *s = service_of(w, name);

	return i < s->cluster_ips.n ? s->cluster_ips.at[i] : "(none)";
}

static void expect_change(const struct sandbox *w, enum change want)
{
	cr_assert_eq(w->changes.n, 1);
	cr_assert_eq(w->changes.at[0].change, want);
}

static struct object *copy_of(const struct sandbox *w, const char *name)
{
	struct object *o = object_copy(snapshot_find(&w->snap, KIND_SERVICE, "default", name));

	cr_assert(o);
	return o;
}

static bool v6(const char *ip)
{
	return strchr(ip, ':');
}

/* --- again -------------------------------------------------------------------- */

Test(cluster_apply, again_changes_nothing_and_says_so)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *before;

	for (int i = 0; i < 2; i++) {
		EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER,
					   .external_local = true, .selector = "app=web",
					   .policy = IPFP_PREFER_DUAL));
		expect_change(&w, i ? CHANGE_NONE : CHANGE_CREATED);
		if (!i)
			before = w.snap.objects.at[0];
	}
	cr_assert_eq(w.snap.objects.at[0], before, "the object itself stays");
}

Test(cluster_apply, keeps_what_was_allocated_when_something_else_changes)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	uint16_t port, health;
	char ip[ADDR_TEXT_MAX];

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER, .external_local = true));
	port = service_of(&w, "web")->ports.at[0].node_port;
	health = service_of(&w, "web")->health_check_node_port;
	strcpy(ip, ip_of(&w, "web", 0));

	EXPECT_APPLIED(&w,
		       SERVICE("web", .type = SERVICE_LOAD_BALANCER, .external_local = true,
			       .ports = { { "new", 0, 81 }, { "web", 0, 80, .target = 8080 } }));
	expect_change(&w, CHANGE_CONFIGURED);
	cr_assert_eq(service_of(&w, "web")->ports.at[1].node_port, port);
	cr_assert_neq(service_of(&w, "web")->ports.at[0].node_port, port);
	cr_assert_eq(service_of(&w, "web")->health_check_node_port, health);
	expect_text("address", ip_of(&w, "web", 0), ip);
}

Test(cluster_apply, keeps_the_node_port_of_a_renumbered_port_by_its_name)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	uint16_t port;

	EXPECT_APPLIED(&w,
		       SERVICE("web", .type = SERVICE_NODE_PORT, .ports = { { "http", 0, 80 } }));
	port = service_of(&w, "web")->ports.at[0].node_port;
	EXPECT_APPLIED(
		&w, SERVICE("web", .type = SERVICE_NODE_PORT, .ports = { { "http", 0, 8080 } }));
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, port);
}

Test(cluster_apply, own_output_again_is_unchanged)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_NODE_PORT, .policy = IPFP_REQUIRE_DUAL));
	EXPECT_APPLIED(&w, copy_of(&w, "web"));
	expect_change(&w, CHANGE_NONE);
}

Test(cluster_apply, uid_and_creation_time_survive_and_do_not_come_from_manifests)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *o = SERVICE("web");

	o->meta->uid = strdup("from-elsewhere");
	o->meta->created = 7;
	EXPECT_APPLIED(&w, o);
	cr_assert_null(service_of(&w, "web")->meta.uid);
	cr_assert_eq(service_of(&w, "web")->meta.created, 0);

	service_of(&w, "web")->meta.uid = strdup("ours");
	service_of(&w, "web")->meta.created = 42;
	EXPECT_APPLIED(&w, SERVICE("web", .labels = "a=b"));
	expect_text("uid", service_of(&w, "web")->meta.uid, "ours");
	cr_assert_eq(service_of(&w, "web")->meta.created, 42);
}

Test(cluster_apply, is_all_or_nothing)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	size_t changes;

	EXPECT_APPLIED(&w, SERVICE("a"));
	changes = w.changes.n;
	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.ports[0].nodePort: Invalid value: 1: provided port is not in the valid "
		"range. The range of valid ports is 30000-32767",
		SERVICE("b"), POD("p", .ips = { "10.0.0.1" }),
		SERVICE("web", .type = SERVICE_NODE_PORT,
			.ports = { { .port = 80, .node_port = 1 } }));
	cr_assert_eq(changes, 1);
	cr_assert_eq(w.changes.n, 0);
	cr_assert_null(snapshot_find(&w.snap, KIND_SERVICE, "default", "b"));
}

static struct object *placed(struct object *o, unsigned int line)
{
	o->file = shared_new("a.yaml");
	o->line = line;
	return o;
}

Test(cluster_apply, the_same_object_twice_names_both_places)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_REFUSED(&w,
		       "b.yaml:1: Service \"web\" in namespace \"default\" is given twice, first "
		       "at a.yaml:9",
		       SERVICE("web", .file = "a.yaml", .line = 9), SERVICE("x"),
		       SERVICE("web", .file = "b.yaml", .line = 1));
	EXPECT_REFUSED(&w, "the input: Node \"n\" is given twice, first at the input",
		       make_node("n", NULL), make_node("n", "z"));
	EXPECT_REFUSED(&w,
		       "a.yaml:3: Node \"n\" is given twice, first at a.yaml:1\n"
		       "a.yaml:5: Service \"web\" in namespace \"default\" is given twice, first "
		       "at a.yaml:2\n"
		       "a.yaml:6: Node \"n\" is given twice, first at a.yaml:1",
		       placed(make_node("n", NULL), 1), placed(SERVICE("web"), 2),
		       placed(make_node("n", NULL), 3), placed(SERVICE("api"), 4),
		       placed(SERVICE("web"), 5), placed(make_node("n", NULL), 6));
	EXPECT_APPLIED(&w, SERVICE("web"), SERVICE("web", .namespace = "other"));
}

Test(cluster_apply, an_invalid_object_is_refused_with_its_place)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	cr_assert_lt(sandbox_apply(&w, SERVICE("Web", .file = "web.yaml", .line = 3), NULL), 0);
	cr_assert(!strncmp(w.err.text,
			   "web.yaml:3: The Service \"Web\" is invalid: metadata.name: ", 55),
		  "%s", w.err.text);
	cr_assert_eq(w.snap.objects.n, 0);
}

Test(cluster_apply, changes_are_told_in_the_order_given)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, make_node("n", NULL), SERVICE("z"), POD("p"), SERVICE("a"));
	cr_assert_eq(w.changes.n, 4);
	cr_assert_eq(w.changes.at[0].kind, KIND_NODE);
	expect_text("name", w.changes.at[1].name, "z");
	cr_assert_eq(w.changes.at[2].kind, KIND_POD);
	expect_text("name", w.changes.at[3].name, "a");
	EXPECT_APPLIED(&w, POD("p", .not_ready = true));
	expect_change(&w, CHANGE_CONFIGURED);
	EXPECT_APPLIED(&w, POD("p", .not_ready = true));
	expect_change(&w, CHANGE_NONE);
}

/* --- what may not change ------------------------------------------------------ */

Test(cluster_immutable, cluster_ip)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.1" }));
	EXPECT_REFUSED(&w,
		       INVALID "spec.clusterIPs[0]: Invalid value: []string{\"10.96.0.2\"}: may "
			       "not change once set",
		       SERVICE("web", .ips = { "10.96.0.2" }));
	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.clusterIPs[0]: Invalid value: []string{\"None\"}: may not change once set",
		SERVICE("web", .headless = true));
}

Test(cluster_immutable, headless)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .headless = true, .selector = "app=web"));
	EXPECT_REFUSED(&w,
		       INVALID "spec.clusterIPs[0]: Invalid value: []string{\"10.96.0.2\"}: may "
			       "not change once set",
		       SERVICE("web", .ips = { "10.96.0.2" }, .selector = "app=web"));
	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"));
	cr_assert(service_of(&w, "web")->headless, "not said is kept");
}

Test(cluster_apply, names_every_object_that_is_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(objects_done) object_vec many = { 0 };
	unsigned int left = 0;
	size_t named = 0;

	EXPECT_REFUSED(&w,
		       "a.yaml:1: The Service \"a\" is invalid: spec.loadBalancerClass: Forbidden: may "
		       "only be used when `type` is 'LoadBalancer'\n"
		       "a.yaml:9: The Service \"B\" is invalid:\n"
		       "* metadata.name: Invalid value: \"B\": a lowercase RFC 1123 label must consist "
		       "of lower case alphanumeric characters or '-', and must start and end with an "
		       "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
		       "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
		       "* spec.trafficDistribution: Unsupported value: \"Far\": supported values: "
		       "\"PreferClose\", \"PreferSameNode\", \"PreferSameZone\"",
		       SERVICE("a", .lb_class = "x/y", .file = "a.yaml", .line = 1),
		       SERVICE("good"),
		       SERVICE("B", .distribution = "Far", .file = "a.yaml", .line = 9));

	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "a%d", i);
		cr_assert_eq(vec_push(&many, SERVICE(name, .distribution = "Far")), 0);
	}
	w.err = (struct err){ 0 };
	cr_assert_eq(cluster_apply(&w.snap, &w.cfg, many.at, many.n, &w.changes, &w.err), -EINVAL);
	cr_assert_eq(sscanf(strrchr(w.err.text, '\n'), "\nand %u more", &left), 1, "%s",
		     w.err.text);
	for (const char *at = w.err.text; (at = strstr(at, "The Service")); at++)
		named++;
	cr_assert_eq(named + left, 200u);
}

/* All that cannot be had, beside what is wrong and what was known to be. */
Test(cluster_apply, names_everything_that_is_taken)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(faults_done) struct faults known = { 0 };
	own(objects_done) object_vec objects = { 0 };
	struct cluster_input in = { .faults = &known };
	struct object *broken = placed(SERVICE("broken", .type = SERVICE_NODE_PORT,
					       .ports = { { .port = 80, .node_port = 30004 } }), 12);
	struct object *refused = placed(SERVICE("refused", .distribution = "Far",
						.type = SERVICE_NODE_PORT,
						.ports = { { .port = 80, .node_port = 30004 } }), 30);
	struct object *rows[] = {
		placed(SERVICE("a", .ips = { "10.96.0.1" }, .type = SERVICE_NODE_PORT,
			       .ports = { { .name = "x", .port = 80, .node_port = 30001 },
					  { .name = "y", .port = 81, .node_port = 30002 },
					  { .name = "z", .port = 82, .node_port = 80 } }), 1),
		placed(SERVICE("b", .ips = { "192.0.2.1" }, .type = SERVICE_LOAD_BALANCER,
			       .external_local = true, .health_port = 30001), 9),
		broken,
		placed(SERVICE("c", .type = SERVICE_NODE_PORT,
			       .ports = { { .port = 80, .node_port = 30002 } }), 20),
		refused,
		placed(SERVICE("d", .type = SERVICE_NODE_PORT,
			       .ports = { { .port = 80, .node_port = 30004 } }), 40),
	};

	EXPECT_APPLIED(&w, SERVICE("old", .ips = { "10.96.0.1" }, .type = SERVICE_NODE_PORT,
				   .ports = { { .port = 80, .node_port = 30001 } }));
	broken->broken = true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(vec_push(&objects, rows[i]), 0);
	cr_assert_eq(faults_add(&known, 0, 14, "a.yaml:14: known"), 0);
	in.objects = objects.at;
	in.n = objects.n;
	cr_assert_eq(cluster_apply_input(&w.snap, &w.cfg, &in, &w.changes, &w.err), -EINVAL);
	expect_text("error", w.err.text,
		    "a.yaml:1: The Service \"a\" is invalid:\n"
		    "* spec.clusterIPs: Invalid value: []string{\"10.96.0.1\"}: failed to allocate "
		    "IP 10.96.0.1: provided IP is already allocated\n"
		    "* spec.ports[0].nodePort: Invalid value: 30001: provided port is already "
		    "allocated\n"
		    "* spec.ports[2].nodePort: Invalid value: 80: provided port is not in the valid "
		    "range. The range of valid ports is 30000-32767\n"
		    "a.yaml:9: The Service \"b\" is invalid:\n"
		    "* spec.clusterIPs: Invalid value: []string{\"192.0.2.1\"}: failed to allocate "
		    "IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range "
		    "of valid IPs is 10.96.0.0/12\n"
		    "* spec.healthCheckNodePort: Invalid value: 30001: provided port is already "
		    "allocated\n"
		    "a.yaml:14: known\n"
		    "a.yaml:20: The Service \"c\" is invalid: spec.ports[0].nodePort: Invalid value: "
		    "30002: provided port is already allocated\n"
		    "a.yaml:30: The Service \"refused\" is invalid: spec.trafficDistribution: "
		    "Unsupported value: \"Far\": supported values: \"PreferClose\", "
		    "\"PreferSameNode\", \"PreferSameZone\"");
	cr_expect_eq(w.snap.objects.n, 1u);
	cr_expect_eq(known.n, 1u);
}

Test(cluster_immutable, secondary_cluster_ip)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.1", "fd00:10:96::1" },
				   .policy = IPFP_REQUIRE_DUAL));
	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.clusterIPs[1]: Invalid value: []string{\"10.96.0.1\", \"fd00:10:96::2\"}: "
		"may not change once set",
		SERVICE("web", .ips = { "10.96.0.1", "fd00:10:96::2" }));
}

Test(cluster_immutable, primary_family)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.1" }));
	EXPECT_REFUSED(&w,
		       "The Service \"web\" is invalid:\n"
		       "* spec.ipFamilies[0]: Invalid value: \"IPv6\": may not change once set\n"
		       "* spec.clusterIPs[0]: Invalid value: \"10.96.0.1\": expected an IPv6 value "
		       "as indicated by `ipFamilies[0]`",
		       SERVICE("web", .families = { FAMILY_V6 }, .n_families = 1));
}

Test(cluster_immutable, class_and_health_check_port)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER, .lb_class = "a.b/c",
				   .external_local = true, .health_port = 31000));
	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.loadBalancerClass: Invalid value: \"x.y/z\": may not change once set",
		SERVICE("web", .type = SERVICE_LOAD_BALANCER, .lb_class = "x.y/z"));
	EXPECT_REFUSED(&w,
		       INVALID
		       "spec.loadBalancerClass: Invalid value: null: may not change once set",
		       SERVICE("web", .type = SERVICE_LOAD_BALANCER));
	EXPECT_REFUSED(
		&w, INVALID "spec.healthCheckNodePort: Forbidden: field is immutable",
		SERVICE("web", .type = SERVICE_LOAD_BALANCER, .lb_class = "a.b/c",
			.external_local = true, .health_port = 31001));
}

/* --- types -------------------------------------------------------------------- */

Test(cluster_type, node_port_to_cluster_ip_and_back)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	char ip[ADDR_TEXT_MAX];

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_NODE_PORT));
	strcpy(ip, ip_of(&w, "web", 0));
	EXPECT_APPLIED(&w, SERVICE("web"));
	expect_change(&w, CHANGE_CONFIGURED);
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 0);
	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_NODE_PORT));
	cr_assert_neq(service_of(&w, "web")->ports.at[0].node_port, 0);
	expect_text("address", ip_of(&w, "web", 0), ip);
}

/* kubectl edit: everything is in the text, only the type was changed. */
Test(cluster_type, edited_output_drops_what_the_new_type_has_not)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *o;

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER, .external_local = true,
				   .lb_class = "a.b/c", .no_lb_node_ports = true,
				   .ports = { { .port = 80, .node_port = 30080 } }));
	o = copy_of(&w, "web");
	cr_assert_eq(vec_push(&o->u.service.lb_ingress,
			      (struct lb_ingress){ .ip = strdup("192.0.2.1") }),
		     0);
	EXPECT_APPLIED(&w, o);
	o = copy_of(&w, "web");
	o->u.service.type = SERVICE_CLUSTER_IP;
	EXPECT_APPLIED(&w, o);
	cr_assert_eq(service_of(&w, "web")->ports.at[0].node_port, 0);
	cr_assert_eq(service_of(&w, "web")->health_check_node_port, 0);
	cr_assert_eq(service_of(&w, "web")->external_policy, POLICY_UNSET);
	cr_assert_null(service_of(&w, "web")->lb_class);
	cr_assert_eq(service_of(&w, "web")->lb_ingress.n, 0);

	o = copy_of(&w, "web");
	o->u.service.type = SERVICE_EXTERNAL_NAME;
	o->u.service.external_name = strdup("example.org");
	EXPECT_APPLIED(&w, o);
	cr_assert_eq(service_of(&w, "web")->cluster_ips.n, 0);
	cr_assert_eq(service_of(&w, "web")->ip_families.n, 0);
	cr_assert_eq(service_of(&w, "web")->ip_family_policy, IPFP_UNSET);
}

Test(cluster_type, a_void_field_that_was_changed_too_is_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_NODE_PORT));
	cr_assert_lt(
		sandbox_apply(&w, SERVICE("web", .ports = { { .port = 80, .node_port = 30001 } }),
			      NULL),
		0);
}

Test(cluster_type, external_name_releases_and_takes_a_new_address)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.9" }));
	EXPECT_APPLIED(&w, SERVICE("web", .external_name = "example.org"),
		       SERVICE("b", .ips = { "10.96.0.9" }));
	cr_assert_eq(service_of(&w, "web")->cluster_ips.n, 0);
	EXPECT_APPLIED(&w, SERVICE("web", .families = { FAMILY_V6 }, .n_families = 1));
	cr_assert(v6(ip_of(&w, "web", 0)), "after ExternalName even the family may change");
}

Test(cluster_type, health_check_port_comes_and_goes_with_local)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER));
	cr_assert_eq(service_of(&w, "web")->health_check_node_port, 0);
	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER, .external_local = true));
	cr_assert_neq(service_of(&w, "web")->health_check_node_port, 0);
	EXPECT_APPLIED(&w, SERVICE("web", .type = SERVICE_LOAD_BALANCER));
	cr_assert_eq(service_of(&w, "web")->health_check_node_port, 0);
}

/* --- families ----------------------------------------------------------------- */

static void expect_families(const struct sandbox *w, const char *want)
{
	const struct service *s = service_of(w, "web");
	char got[16] = "";

	vec_each(f, &s->ip_families)
		strcat(got, *f == FAMILY_V4 ? "4" : "6");
	expect_text("families", got, want);
	if (s->headless)
		return;
	cr_assert_eq(s->cluster_ips.n, s->ip_families.n);
	for (size_t i = 0; i < s->cluster_ips.n; i++)
		cr_assert_eq(v6(s->cluster_ips.at[i]), s->ip_families.at[i] == FAMILY_V6);
}

Test(cluster_family, defaults)
{
	static const struct {
		struct service_spec spec;
		const char *families;
		enum ip_family_policy policy;
	} cases[] = {
		{ { 0 }, "4", IPFP_SINGLE },
		{ { .policy = IPFP_SINGLE }, "4", IPFP_SINGLE },
		{ { .policy = IPFP_PREFER_DUAL }, "46", IPFP_PREFER_DUAL },
		{ { .policy = IPFP_REQUIRE_DUAL }, "46", IPFP_REQUIRE_DUAL },
		{ { .families = { FAMILY_V6 }, .n_families = 1 }, "6", IPFP_SINGLE },
		{ { .ips = { "fd00:10:96::7" } }, "6", IPFP_SINGLE },
		{ { .ips = { "fd00:10:96::7" }, .policy = IPFP_PREFER_DUAL },
		  "64",
		  IPFP_PREFER_DUAL },
		{ { .families = { FAMILY_V6 }, .n_families = 1, .policy = IPFP_REQUIRE_DUAL },
		  "64",
		  IPFP_REQUIRE_DUAL },
		{ { .families = { FAMILY_V6, FAMILY_V4 }, .n_families = 2,
		    .policy = IPFP_PREFER_DUAL },
		  "64",
		  IPFP_PREFER_DUAL },
		{ { .ips = { "10.96.0.7", "fd00:10:96::7" }, .policy = IPFP_REQUIRE_DUAL },
		  "46",
		  IPFP_REQUIRE_DUAL },
		{ { .headless = true, .selector = "a=b" }, "4", IPFP_SINGLE },
		{ { .headless = true }, "46", IPFP_REQUIRE_DUAL },
		{ { .headless = true, .policy = IPFP_SINGLE }, "4", IPFP_SINGLE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		own(sandbox_done) struct sandbox w = sandbox_new();
		struct service_spec spec = cases[i].spec;

		spec.name = "web";
		EXPECT_APPLIED(&w, make_service(&spec));
		expect_families(&w, cases[i].families);
		cr_assert_eq(service_of(&w, "web")->ip_family_policy, cases[i].policy, "case %zu",
			     i);
		EXPECT_APPLIED(&w, make_service(&spec));
		expect_change(&w, CHANGE_NONE);
	}
}

Test(cluster_family, mismatches_are_refused)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_REFUSED(
		&w,
		INVALID
		"spec.clusterIPs[0]: Invalid value: \"10.96.0.7\": expected an IPv6 value as "
		"indicated by `ipFamilies[0]`",
		SERVICE("web", .ips = { "10.96.0.7" }, .families = { FAMILY_V6 },
			.n_families = 1));
	EXPECT_REFUSED(
		&w,
		INVALID "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be "
			"RequireDualStack or PreferDualStack when multiple `clusterIPs` are "
			"specified",
		SERVICE("web", .ips = { "10.96.0.7", "fd00:10:96::7" }, .policy = IPFP_SINGLE));
	EXPECT_REFUSED(&w,
		       INVALID "spec.ipFamilyPolicy: Invalid value: \"SingleStack\": must be "
			       "RequireDualStack or PreferDualStack when multiple `ipFamilies` "
			       "are specified",
		       SERVICE("web", .families = { FAMILY_V4, FAMILY_V6 }, .n_families = 2,
			       .policy = IPFP_SINGLE));
}

Test(cluster_family, second_is_added_and_removed)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	char first[ADDR_TEXT_MAX], second[ADDR_TEXT_MAX];

	EXPECT_APPLIED(&w, SERVICE("web"));
	strcpy(first, ip_of(&w, "web", 0));
	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_PREFER_DUAL));
	expect_families(&w, "46");
	expect_text("first", ip_of(&w, "web", 0), first);
	strcpy(second, ip_of(&w, "web", 1));

	EXPECT_APPLIED(&w, SERVICE("web"));
	expect_change(&w, CHANGE_NONE);
	EXPECT_APPLIED(&w, SERVICE("web", .ips = { first }));
	expect_text("second, though only the first was said", ip_of(&w, "web", 1), second);

	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_SINGLE));
	expect_families(&w, "4");
	expect_text("first", ip_of(&w, "web", 0), first);
	EXPECT_APPLIED(&w, SERVICE("b", .ips = { second }));
}

/* A cluster of one family gave it one; that there are two now is no reason to get another. */
Test(cluster_family, preferring_two_adds_none_later)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct service *s;

	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_PREFER_DUAL));
	s = service_of(&w, "web");
	free(s->cluster_ips.at[--s->cluster_ips.n]);
	s->ip_families.n = 1;
	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_PREFER_DUAL));
	expect_families(&w, "4");
	EXPECT_APPLIED(&w, SERVICE("web", .labels = "a=b"));
	expect_families(&w, "4");
	/* Asked for by a family or an address, it is added; and so by the policy that requires it. */
	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_PREFER_DUAL,
				   .families = { FAMILY_V4, FAMILY_V6 }, .n_families = 2));
	expect_families(&w, "46");
	s = service_of(&w, "web");
	free(s->cluster_ips.at[--s->cluster_ips.n]);
	s->ip_families.n = 1;
	EXPECT_APPLIED(&w, SERVICE("web", .policy = IPFP_REQUIRE_DUAL));
	expect_families(&w, "46");
}

#define SVC "{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}], "

/* Who patches one of the two fields leaves the other as it is in the store. */
Test(cluster_ip_fields, the_field_that_is_left_out_is_kept)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SVC "clusterIP: 10.96.0.7}}");
	sandbox_apply_text(&w, SVC "clusterIPs: [10.96.0.7]}}");
	cr_assert_eq(w.changes.at[0].change, CHANGE_NONE);
	sandbox_apply_text(&w, SVC "clusterIP: '', clusterIPs: []}}");
	cr_assert_eq(w.changes.at[0].change, CHANGE_NONE);
	expect_text("address", ip_of(&w, "web", 0), "10.96.0.7");
}

/* --- delete ------------------------------------------------------------------- */

Test(cluster_delete, takes_the_generated_slices_along)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), POD("p", .ips = { "10.0.0.1" }),
		       make_slice("by-hand", "web", NULL));
	cr_assert_eq(n_slices(&w), 2);
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "web"), 0);
	expect_change(&w, CHANGE_DELETED);
	cr_assert_eq(n_slices(&w), 1);
	expect_text("slice", slice_at(&w, 0)->meta.name, "by-hand");
}

Test(cluster_delete, of_what_is_not_there)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct cluster_ref refs[] = { { KIND_SERVICE, "default", "a" },
				      { KIND_SERVICE, "default", "web" },
				      { KIND_SERVICE, "default", "a" } };

	EXPECT_APPLIED(&w, SERVICE("a"));
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "web"), -ENOENT);
	expect_text("error", w.err.text, "services \"web\" not found");
	cr_assert_eq(sandbox_delete(&w, KIND_SLICE, "x"), -ENOENT);
	expect_text("error", w.err.text, "endpointslices.discovery.k8s.io \"x\" not found");

	w.err = (struct err){ 0 };
	cr_assert_eq(cluster_delete(&w.snap, &w.cfg, refs, 3, false, &w.changes, &w.err), -ENOENT);
	cr_assert_eq(w.snap.objects.n, 1);
	cr_assert_eq(cluster_delete(&w.snap, &w.cfg, refs, 3, true, &w.changes, &w.err), 0);
	expect_change(&w, CHANGE_DELETED);
	cr_assert_eq(w.snap.objects.n, 0);
}
