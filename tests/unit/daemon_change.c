/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Changes worked out on a part of the objects, against the same changes with all objects in
 * sight: what is stored, what is refused and in which words, and what the tables come to hold.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <stdarg.h>
#include <string.h>

#include "base/hash.h"
#include "cluster/cluster.h"
#include "cluster/equal.h"
#include "daemon/change.h"
#include "daemon/settings.h"
#include "manifest/manifest.h"
#include "unit/plan_tables.h"

#define SERVICES 5
#define PODS 8
#define NODE "n0"

struct world {
	struct store *store;
	struct snapshot whole;		/* what must be stored */
	struct node_facts facts;
	struct tables tables;
	uint64_t dice;
	size_t parts;			/* changes that were worked out on a part */
	size_t parts_deleted;		/* those of them that deleted */
	size_t refused;
};

static unsigned int draw(struct world *w, unsigned int n)
{
	w->dice += 0x9e3779b97f4a7c15ull;
	return hash_mix(w->dice) % n;
}

/* --- objects at random ---------------------------------------------------------- */

static void parse(object_vec *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void parse(object_vec *to, const char *fmt, ...)
{
	const struct manifest_options opt = { .strict = true };
	struct err e = { 0 };
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	cr_assert_gt(vasprintf(&text, fmt, ap), 0);
	va_end(ap);
	cr_assert_eq(manifest_parse("test", text, strlen(text), &opt, to, &e), 0, "%s\n%s",
		     e.text, text);
	free(text);
}

/* Few values for everything that two Services can quarrel about. */
static void draw_service(struct world *w, object_vec *to)
{
	static const char *const selectors[] = {
		"selector: {app: a}, ", "selector: {app: b}, ", "selector: {app: a, tier: x}, ",
		"selector: {tier: y}, ", "selector: {}, ", "",
	};
	static const char *const externals[] = {
		"", "", "externalIPs: [203.0.113.1], ", "externalIPs: [203.0.113.1, 203.0.113.2], ",
		"externalIPs: [10.96.0.10], ", "externalIPs: [192.0.2.1], ",
	};
	unsigned int n = draw(w, SERVICES);
	unsigned int ip = draw(w, 6) ? n : draw(w, SERVICES);
	bool node_port = !draw(w, 3), balanced = !node_port && !draw(w, 20);
	char port[64] = "";

	if (node_port)
		snprintf(port, sizeof(port), "nodePort: %u, ", 30000 + draw(w, 4));
	parse(to, "{apiVersion: v1, kind: Service, metadata: {name: s%u%s}, spec: {type: %s, "
		  "clusterIP: 10.96.0.%u, %s%sports: [{name: p, %sport: %u, "
		  "targetPort: 8080}]}}", n,
	      draw(w, 60) ? "" : ", annotations: {service.kubernetes.io/topology-mode: Auto}",
	      node_port ? "NodePort" : balanced ? "LoadBalancer, allocateLoadBalancerNodePorts: false"
						: "ClusterIP", 10 + ip,
	      selectors[draw(w, 6)], externals[draw(w, 6)], port, 80 + draw(w, 2));
}

static void draw_pod(struct world *w, object_vec *to)
{
	static const char *const labels[] = {
		"{app: a}", "{app: b}", "{app: a, tier: x}", "{app: b, tier: y}", "{}",
	};
	unsigned int n = draw(w, PODS);

	parse(to, "{apiVersion: v1, kind: Pod, metadata: {name: p%u, labels: %s}, "
		  "spec: {nodeName: n%u}, status: {podIP: 10.244.0.%u, "
		  "conditions: [{type: Ready, status: \"%s\"}]}}", n, labels[draw(w, 5)],
	      draw(w, 3), 10 + n + PODS * draw(w, 2), draw(w, 4) ? "True" : "False");
}

/* Sometimes under the name of one that is generated. */
static void draw_slice(struct world *w, object_vec *to)
{
	static const char *const managers[] = {
		"", ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io",
		", endpointslice.kubernetes.io/managed-by: endpointslicemirroring-controller.k8s.io",
	};
	char name[256], owners[128] = "";
	size_t n;
	struct object **slices = snapshot_kind(&w->whole, KIND_SLICE, &n);

	snprintf(name, sizeof(name), "own-%u", draw(w, 3));
	if (n && !draw(w, 3))
		snprintf(name, sizeof(name), "%s", slices[draw(w, n)]->meta->name);
	if (!draw(w, 3))
		snprintf(owners, sizeof(owners), ", ownerReferences: [{kind: Service, name: s%u}, "
			 "{kind: Endpoints, name: s%u}]", draw(w, SERVICES), draw(w, SERVICES));
	parse(to, "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: %s, "
		  "labels: {kubernetes.io/service-name: s%u%s}%s}, addressType: IPv4, "
		  "ports: [{name: p, port: 8080}], endpoints: [{addresses: [10.245.0.%u]}]}",
	      name, draw(w, SERVICES), managers[draw(w, 3)], owners, 10 + draw(w, 4));
}

static void draw_node(struct world *w, object_vec *to)
{
	parse(to, "{apiVersion: v1, kind: Node, metadata: {name: n%u, "
		  "labels: {topology.kubernetes.io/zone: z%u}}, "
		  "status: {allocatable: {cpu: %u}}}", draw(w, 3), draw(w, 2), 1 + draw(w, 3));
}

static void draw_endpoints(struct world *w, object_vec *to)
{
	parse(to, "{apiVersion: v1, kind: Endpoints, metadata: {name: s%u}, subsets: [{addresses: "
		  "[{ip: 10.246.0.%u}], ports: [{name: p, port: 8080}]}]}", draw(w, SERVICES),
	      10 + draw(w, 4));
}

static void draw_object(struct world *w, object_vec *to)
{
	switch (draw(w, 13)) {
	case 0: case 1: case 2: case 3:
		return draw_service(w, to);
	case 4: case 5:
		return draw_slice(w, to);
	case 6:
		return draw_node(w, to);
	case 7:
		return draw_endpoints(w, to);
	default:
		return draw_pod(w, to);
	}
}

/* --- one change, both ways ------------------------------------------------------ */

struct work {
	struct store *store;
	const object_vec *objects;
	bool delete;
	cluster_change_vec changes;
};

static int work_do(void *arg, struct snapshot *snap, struct err *reterr)
{
	struct cluster_config cfg;
	struct work *k = arg;
	VEC(struct cluster_ref) refs = { 0 };
	int r = settings_load(k->store, &cfg, reterr);

	cr_assert_eq(r, 0);
	cluster_changes_done(&k->changes);
	if (!k->delete)
		return cluster_apply(snap, &cfg, k->objects->at, k->objects->n, &k->changes, reterr);
	vec_each(o, k->objects)
		cr_assert_eq(vec_push(&refs, (struct cluster_ref){
			(*o)->kind, (*o)->meta->namespace, (*o)->meta->name }), 0);
	r = cluster_delete(snap, &cfg, refs.at, refs.n, false, &k->changes, reterr);
	vec_done(&refs);
	return r;
}

static void snapshots_equal(const struct snapshot *a, const struct snapshot *b)
{
	cr_assert_eq(a->objects.n, b->objects.n);
	for (size_t i = 0; i < a->objects.n; i++) {
		own(free) char *is = manifest_json(a->objects.at[i]);
		own(free) char *must = manifest_json(b->objects.at[i]);

		cr_assert(object_equal(a->objects.at[i], b->objects.at[i]), "%s\nnot %s", is, must);
	}
}

static void image_of(const struct world *w, const struct snapshot *snap, struct image *ret)
{
	struct err e = { 0 };

	cr_assert_eq(image_make(snap, &w->facts, NULL, NULL, ret, &e), 0, "%s", e.text);
}

static void scope_add(struct layout_scope *scope, const struct image *img)
{
	vec_each(s, &img->services)
		if (!layout_scope_has(scope, s->id)) {
			cr_assert_eq(vec_push(&scope->ids, (struct layout_id){
				{ s->id[0], s->id[1] } }), 0);
			qsort(scope->ids.at, scope->ids.n, sizeof(*scope->ids.at), layout_id_cmp);
		}
}

/* As reconcile_change() has it, on tables in memory. */
static void tables_follow(struct world *w, const struct store_change *c,
			  const struct snapshot *stored)
{
	own(image_done) struct image before = { 0 }, after = { 0 }, all = { 0 };
	struct layout_scope scope = { 0 };

	image_of(w, stored, &all);
	if (c->whole) {
		tables_become(&w->tables, &all);
		return;
	}
	image_of(w, &c->before, &before);
	image_of(w, &c->after, &after);
	scope_add(&scope, &before);
	scope_add(&scope, &after);
	tables_become_part(&w->tables, &scope, &after, &all);
	vec_done(&scope.ids);
}

/* Of what is deleted, the name is all that counts. */
static void names_of(const object_vec *objects, object_vec *ret)
{
	vec_each(o, objects) {
		struct object *name = object_new((*o)->kind);

		cr_assert(name);
		name->meta->namespace = strdup((*o)->meta->namespace);
		name->meta->name = strdup((*o)->meta->name);
		cr_assert_eq(vec_push(ret, name), 0);
	}
}

static void change_both_ways(struct world *w, const object_vec *objects, bool delete)
{
	own(objects_done) object_vec names = { 0 };
	own(store_change_done) struct store_change c = { 0 };
	own(snapshot_done) struct snapshot stored = { 0 };
	struct work part = { w->store, objects, delete, { 0 } }, whole = part;
	struct err e = { 0 }, want = { 0 };
	int r, must;

	must = work_do(&whole, &w->whole, &want);
	cr_assert_eq(store_begin(w->store, &e), 0, "%s", e.text);
	if (delete)
		names_of(objects, &names);
	r = change_make(w->store, work_do, &part, delete ? &names : objects, &c, &e);
	cr_assert_eq(r, must, "%s, not %s", e.text, want.text);
	cr_assert_str_eq(e.text, want.text);
	w->refused += r != 0;
	if (r) {
		store_rollback(w->store);
	} else {
		w->parts += !c.whole;
		w->parts_deleted += delete && !c.whole;
		cr_assert_eq(part.changes.n, whole.changes.n);
		for (size_t i = 0; i < part.changes.n; i++)
			cr_assert_eq(part.changes.at[i].change, whole.changes.at[i].change);
		cr_assert_eq(store_load(w->store, &stored, &e), 0, "%s", e.text);
		tables_follow(w, &c, &stored);
		cr_assert_eq(store_commit(w->store, &e), 0, "%s", e.text);
		snapshots_equal(&stored, &w->whole);
	}
	cluster_changes_done(&part.changes);
	cluster_changes_done(&whole.changes);
}

/* --- the walk ------------------------------------------------------------------- */

static void step(struct world *w)
{
	own(objects_done) object_vec objects = { 0 };
	bool delete = w->whole.objects.n && !draw(w, 4);

	for (unsigned int i = 1 + draw(w, 2); i; i--) {
		if (!delete) {
			draw_object(w, &objects);
			continue;
		}
		cr_assert_eq(vec_push(&objects, object_copy(
			w->whole.objects.at[draw(w, w->whole.objects.n)])), 0);
	}
	change_both_ways(w, &objects, delete);
}

static void facts_add(struct world *w, const char *ip)
{
	struct addr a;

	cr_assert_eq(addr_parse(ip, &a), 0);
	cr_assert_eq(vec_push(&w->facts.addrs, a), 0);
}

/* Fewer addresses than there are who want one. */
static void pool_save(struct store *store)
{
	struct cluster_config cfg = cluster_config_builtin();
	struct err e = { 0 };

	cr_assert_eq(cluster_config_set(&cfg, SETTING_LB_POOL, "198.51.100.0/31", &e), 0, "%s", e.text);
	cr_assert_eq(settings_save(store, &cfg, SETTING_LB_POOL, &e), 0, "%s", e.text);
}

ParameterizedTestParameters(daemon_change, a_part_does_what_the_whole_would)
{
	static uint64_t seeds[] = { 1, 2, 3, 4 };

	return cr_make_param_array(uint64_t, seeds, sizeof(seeds) / sizeof(*seeds));
}

static void world_open(struct world *w, char dir[static 32], bool pools)
{
	struct err e = { 0 };

	snprintf(dir, 32, "/tmp/sluice-change-XXXXXX");
	cr_assert(mkdtemp(dir));
	cr_assert_eq(setenv("SLUICE_STATE_DIR", dir, 1), 0);
	cr_assert_eq(store_open("test", &w->store, &e), 0, "%s", e.text);
	cr_assert_eq(store_begin(w->store, &e), 0);
	cr_assert_eq(store_set_fact(w->store, "node", NODE, &e), 0);
	if (pools)
		pool_save(w->store);
	cr_assert_eq(store_commit(w->store, &e), 0);
	facts_add(w, "192.168.0.2");
	tables_init(&w->tables, 100, 1000, 1 << 15);
}

static void world_close(struct world *w, const char *dir)
{
	char command[64];

	store_close(w->store);
	snapshot_done(&w->whole);
	node_facts_done(&w->facts);
	tables_done(&w->tables);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	cr_assert_eq(system(command), 0);
}

ParameterizedTest(uint64_t *seed, daemon_change, a_part_does_what_the_whole_would)
{
	char dir[32];
	struct world w = { .dice = *seed, .facts = { .name = NODE } };

	world_open(&w, dir, *seed % 2);
	for (int i = 0; i < 60; i++)
		step(&w);
	cr_assert_gt(w.parts, 8);
	cr_assert_gt(w.parts_deleted, 1);
	cr_assert_gt(w.refused, 0);
	world_close(&w, dir);
}

static void change_balancer(struct world *w, const char *name, unsigned int n, bool delete)
{
	own(objects_done) object_vec objects = { 0 };

	parse(&objects, "{apiVersion: v1, kind: Service, metadata: {name: %s, namespace: default}, "
			"spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: false, "
			"clusterIP: 10.96.0.%u, "
			"ports: [{name: p, port: %u}]}, status: {loadBalancer: {ingress: "
			"[{ip: 198.51.100.80}]}}}", name, 100 + n, 80 + n);
	change_both_ways(w, &objects, delete);
}

/* One of those that share a VIP speaks for it: when it goes, another one must. */
Test(daemon_change, services_that_share_a_vip)
{
	char dir[32];
	struct world w = { .facts = { .name = NODE } };

	world_open(&w, dir, false);
	change_balancer(&w, "one", 1, false);
	change_balancer(&w, "two", 2, false);
	change_balancer(&w, "one", 1, true);
	change_balancer(&w, "one", 1, false);
	change_balancer(&w, "two", 2, true);
	cr_expect_eq(w.parts, 5, "%zu", w.parts);
	cr_expect_eq(w.refused, 0);
	world_close(&w, dir);
}

/* A slice that one Service owns and that is for another: both are in sight of a change. */
Test(daemon_change, a_slice_of_two_services)
{
	static const char text[] =
		"{apiVersion: v1, kind: List, items: ["
		"{apiVersion: v1, kind: Service, metadata: {name: s0, namespace: default}, "
		"spec: {clusterIP: 10.96.0.10, ports: [{name: p, port: 80}]}}, "
		"{apiVersion: v1, kind: Service, metadata: {name: s1, namespace: default}, "
		"spec: {clusterIP: 10.96.0.11, ports: [{name: p, port: 80}]}}, "
		"{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: own, "
		"namespace: default, labels: {kubernetes.io/service-name: s1}, "
		"ownerReferences: [{kind: Service, name: s0}]}, addressType: IPv4, "
		"ports: [{name: p, port: 8080}], endpoints: [{addresses: [10.245.0.10]}]}]}";
	own(objects_done) object_vec all = { 0 }, one = { 0 };
	char dir[32];
	struct world w = { .facts = { .name = NODE } };

	world_open(&w, dir, false);
	parse(&all, "%s", text);
	change_both_ways(&w, &all, false);
	cr_assert_eq(vec_push(&one, object_copy(all.at[0])), 0);
	change_both_ways(&w, &one, true);
	cr_expect_eq(w.parts, 2);
	cr_expect_eq(w.refused, 0);
	world_close(&w, dir);
}
