/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"
#include "model/snapshot.h"

static struct object *named(enum kind kind, const char *namespace, const char *name)
{
	struct object *o = object_new(kind);

	o->meta->namespace = strdup(namespace);
	o->meta->name = strdup(name);
	return o;
}

Test(object, copy_is_deep_and_complete)
{
	static const char text[] =
		"{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b, uid: u,\n"
		" generateName: g, labels: {l: v}, annotations: {n: v},\n"
		" creationTimestamp: 2020-01-01T00:00:00Z, deletionTimestamp: "
		"2020-01-02T00:00:00Z},\n"
		" spec: {type: LoadBalancer, clusterIPs: [1.1.1.1, '2::2'], ipFamilies: [IPv4, "
		"IPv6],\n"
		" ipFamilyPolicy: PreferDualStack, selector: {}, externalIPs: [1.2.3.4],\n"
		" ports: [{name: p, port: 1, nodePort: 2, targetPort: t, protocol: UDP, "
		"appProtocol: x}],\n"
		" loadBalancerSourceRanges: [1.0.0.0/8], loadBalancerClass: c, loadBalancerIP: "
		"9.9.9.9,\n"
		" externalName: e, externalTrafficPolicy: Local, internalTrafficPolicy: Local,\n"
		" healthCheckNodePort: 5, sessionAffinity: ClientIP, trafficDistribution: d,\n"
		" sessionAffinityConfig: {clientIP: {timeoutSeconds: 7}},\n"
		" publishNotReadyAddresses: true, allocateLoadBalancerNodePorts: false},\n"
		" status: {loadBalancer: {ingress: [{ip: 1.2.3.4, ipMode: Proxy}, {hostname: "
		"h}]}}}\n";
	own(objects_done) object_vec objects = { 0 };
	own(object_free) struct object *copy = NULL;
	own(free) char *a = NULL;
	own(free) char *b = NULL;
	struct err e = { 0 };

	cr_assert_eq(manifest_parse("t", text, strlen(text), NULL, &objects, &e), 0, "%s", e.text);
	copy = object_copy(objects.at[0]);
	cr_assert(copy);
	a = manifest_json(objects.at[0]);
	object_free(objects.at[0]);
	objects.n = 0;
	b = manifest_json(copy);
	cr_expect_str_eq(a, b);
	cr_expect_str_eq(copy->file, "t");
	cr_expect_eq(copy->line, 1u);
	cr_expect_eq(copy->meta, &copy->u.service.meta);
}

Test(object, order_is_kind_namespace_name)
{
	struct object *o[] = {
		named(KIND_SERVICE, "a", "z"), named(KIND_SERVICE, "b", "a"),
		named(KIND_SERVICE, "b", "b"), named(KIND_SLICE, "a", "a"),
		named(KIND_NODE, "", "a"),
	};

	for (size_t i = 0; i < 5; i++) {
		for (size_t j = 0; j < 5; j++) {
			int order = object_cmp(o[i], o[j]);

			cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
	for (size_t i = 0; i < 5; i++)
		object_free(o[i]);
}

Test(labels, set_find_match)
{
	label_vec labels = { 0 };
	label_vec selector = { 0 };

	cr_expect(labels_match(&selector, &labels), "an empty selector matches all");
	labels_set(&labels, "app", "web");
	labels_set(&labels, "tier", "back");
	labels_set(&labels, "tier", "front");
	cr_expect_eq(labels.n, 2u);
	cr_expect_str_eq(labels_find(&labels, "tier"), "front");
	cr_expect_null(labels_find(&labels, "none"));
	labels_set(&selector, "app", "web");
	cr_expect(labels_match(&selector, &labels));
	labels_set(&selector, "tier", "back");
	cr_expect_not(labels_match(&selector, &labels));
	labels_set(&selector, "tier", "front");
	labels_set(&selector, "zone", "");
	cr_expect_not(labels_match(&selector, &labels), "absent is not empty");
	labels_done(&labels);
	labels_done(&selector);
}

Test(snapshot, put_find_del_keep_the_order)
{
	own(snapshot_done) struct snapshot s = { 0 };
	char name[16];
	size_t n;

	/* 7 is coprime to 100: all names, in no order. */
	for (unsigned int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "s%02u", i * 7 % 100);
		cr_assert_eq(snapshot_put(&s, named(i % 3 ? KIND_SERVICE : KIND_POD, "n", name)),
			     0);
	}
	cr_expect_eq(s.objects.n, 100u);
	for (size_t i = 1; i < s.objects.n; i++)
		cr_expect_lt(object_cmp(s.objects.at[i - 1], s.objects.at[i]), 0);
	cr_expect_str_eq(snapshot_find(&s, KIND_POD, "n", "s21")->meta->name, "s21");
	cr_expect_null(snapshot_find(&s, KIND_POD, "n", "s22"));
	cr_expect_null(snapshot_find(&s, KIND_POD, "m", "s21"));
	cr_expect_eq(snapshot_kind(&s, KIND_POD, &n)[0]->kind, KIND_POD);
	cr_expect_eq(n, 34u);
	snapshot_kind(&s, KIND_SLICE, &n);
	cr_expect_eq(n, 0u);
	snapshot_kind(&s, KIND_NODE, &n);
	cr_expect_eq(n, 0u);
	cr_expect(snapshot_del(&s, KIND_POD, "n", "s21"));
	cr_expect_not(snapshot_del(&s, KIND_POD, "n", "s21"));
	cr_expect_eq(s.objects.n, 99u);
}

Test(snapshot, put_replaces_the_same_name)
{
	own(snapshot_done) struct snapshot s = { 0 };
	struct object *second = named(KIND_NODE, "", "a");

	cr_assert_eq(snapshot_put(&s, named(KIND_NODE, "", "a")), 0);
	cr_assert_eq(snapshot_put(&s, second), 0);
	cr_assert_eq(snapshot_put(&s, second), 0);
	cr_expect_eq(s.objects.n, 1u);
	cr_expect_eq(snapshot_find(&s, KIND_NODE, "", "a"), second);
}

Test(snapshot, empty_has_nothing)
{
	own(snapshot_done) struct snapshot s = { 0 };
	size_t n = 7;

	snapshot_kind(&s, KIND_SERVICE, &n);
	cr_expect_eq(n, 0u);
	cr_expect_null(snapshot_find(&s, KIND_SERVICE, "a", "b"));
}
