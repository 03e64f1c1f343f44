/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* EndpointSlices that a cluster's controllers made, imported beside what they made them of. */
#include "cluster_sandbox.h"

#include <string.h>

#include "cluster/prune.h"
#include "manifest/manifest.h"

#define SERVICE_TEXT(name)                                                         \
	"{apiVersion: v1, kind: Service, metadata: {name: " name "}, "              \
	"spec: {selector: {app: " name "}, ports: [{port: 80, targetPort: 8080}]}}\n---\n"
#define SLICE_TEXT(name, service, address, port)                                    \
	"{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: " name ", "         \
	"labels: {kubernetes.io/service-name: " service ", "                        \
	"endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io}}, "           \
	"addressType: IPv4, ports: [{name: '', port: " port "}], "                  \
	"endpoints: [{addresses: [" address "], nodeName: n1}]}\n---\n"
#define POD_TEXT(name, app, address)                                                \
	"{apiVersion: v1, kind: Pod, metadata: {name: " name ", labels: {app: " app "}}, "      \
	"status: {podIP: " address ", conditions: [{type: Ready, status: 'True'}]}}\n---\n"

#define WEB_SLICE SLICE_TEXT("web-abc12", "web", "10.0.0.9", "8080")

static void expect_changes(const struct sandbox *w, enum change want)
{
	vec_each(c, &w->changes)
		cr_expect_eq(c->change, want, "%s %s: %d", kind_infos[c->kind].kind, c->name,
			     c->change);
}

static void expect_one_slice(const struct sandbox *w, const char *name, const char *manager)
{
	cr_assert_eq(n_slices(w), 1, "%zu slices", n_slices(w));
	expect_text("name", slice_at(w, 0)->meta.name, name);
	expect_text("manager", labels_find(&slice_at(w, 0)->meta.labels, LABEL_MANAGED_BY), manager);
}

Test(cluster_adopt, without_pods_a_clusters_slices_are_used_and_alone)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT("web"));
	cr_assert_eq(n_slices(&w), 1, "the placeholder");
	for (int i = 0; i < 2; i++) {
		sandbox_apply_text(&w, SERVICE_TEXT("web") WEB_SLICE
				   POD_TEXT("other", "db", "10.0.0.7"));
		expect_one_slice(&w, "web-abc12", KUBE_SLICE_MANAGER);
		cr_assert(endpoint_of(&w, "10.0.0.9"));
	}
	expect_changes(&w, CHANGE_NONE);
}

Test(cluster_adopt, pods_take_their_place_under_their_names)
{
	static const char all[] = SERVICE_TEXT("web") WEB_SLICE POD_TEXT("p", "web", "10.0.0.1");
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, all);
	expect_changes(&w, CHANGE_CREATED);
	expect_one_slice(&w, "web-abc12", SLUICE_SLICE_MANAGER);
	cr_assert(endpoint_of(&w, "10.0.0.1"));
	cr_assert_not(endpoint_of(&w, "10.0.0.9"), "no dead backend");
	for (int i = 0; i < 2; i++) {
		sandbox_apply_text(&w, all);
		expect_changes(&w, CHANGE_NONE);
		expect_one_slice(&w, "web-abc12", SLUICE_SLICE_MANAGER);
	}
}

Test(cluster_adopt, in_any_order)
{
	static const char *const parts[] = { SERVICE_TEXT("web"), WEB_SLICE,
					     POD_TEXT("p", "web", "10.0.0.1") };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (size_t o = 0; o < 6; o++) {
		own(sandbox_done) struct sandbox w = sandbox_new();

		for (size_t i = 0; i < 3; i++)
			sandbox_apply_text(&w, parts[orders[o][i]]);
		cr_expect_eq(n_slices(&w), 1, "order %zu", o);
		cr_expect(endpoint_of(&w, "10.0.0.1"), "order %zu", o);
		cr_expect_not(endpoint_of(&w, "10.0.0.9"), "order %zu", o);
	}
}

Test(cluster_adopt, when_the_last_pod_goes_nothing_comes_back)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT("web") WEB_SLICE POD_TEXT("p", "web", "10.0.0.9")
			   POD_TEXT("q", "web", "10.0.0.1"));
	cr_assert_eq(sandbox_delete(&w, KIND_POD, "p"), 0);
	cr_assert_not(endpoint_of(&w, "10.0.0.9"));
	cr_assert(endpoint_of(&w, "10.0.0.1"));
	cr_assert_eq(sandbox_delete(&w, KIND_POD, "q"), 0);
	cr_assert_eq(n_slices(&w), 1);
	cr_assert_eq(slice_at(&w, 0)->endpoints.n, 0);

	/* Given again without Pods, it is used again. */
	sandbox_apply_text(&w, WEB_SLICE);
	expect_one_slice(&w, "web-abc12", KUBE_SLICE_MANAGER);
	cr_assert(endpoint_of(&w, "10.0.0.9"));
}

Test(cluster_adopt, what_is_one_too_many_goes)
{
	static const char both[] = WEB_SLICE SLICE_TEXT("web-abc13", "web", "10.0.0.8", "8080")
				   SLICE_TEXT("web-abc14", "web", "10.0.0.7", "9999");
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT("web"));
	sandbox_apply_text(&w, both);
	cr_assert_eq(n_slices(&w), 3);
	sandbox_apply_text(&w, POD_TEXT("p", "web", "10.0.0.1"));
	expect_one_slice(&w, "web-abc12", SLUICE_SLICE_MANAGER);
	sandbox_apply_text(&w, both);
	expect_changes(&w, CHANGE_NONE);
	expect_one_slice(&w, "web-abc12", SLUICE_SLICE_MANAGER);
}

Test(cluster_adopt, those_of_a_service_with_pods_and_of_nobody_else)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT("web") SERVICE_TEXT("db") WEB_SLICE
			   SLICE_TEXT("db-abc12", "db", "10.0.0.20", "8080")
			   SLICE_TEXT("gone-abc12", "gone", "10.0.0.30", "8080")
			   POD_TEXT("p", "web", "10.0.0.1"));
	cr_assert_eq(n_slices(&w), 3);
	cr_assert(endpoint_of(&w, "10.0.0.20"), "nothing is known of its Pods");
	cr_assert(endpoint_of(&w, "10.0.0.30"), "of no Service here");
	cr_assert_not(endpoint_of(&w, "10.0.0.9"));
}

Test(cluster_adopt, a_slice_by_hand_stays_beside_the_pods)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), make_slice("hand", "web", NULL),
		       POD("p", .ips = { "10.0.0.1" }));
	cr_assert_eq(n_slices(&w), 2);
	cr_assert(snapshot_find(&w.snap, KIND_SLICE, "default", "hand"));
}

Test(cluster_adopt, more_than_a_hundred_pods_keep_the_names_that_there_are)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(objects_done) object_vec pods = { 0 };
	char name[16], ip[16];

	sandbox_apply_text(&w, SERVICE_TEXT("web") WEB_SLICE);
	for (unsigned int i = 0; i < 150; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		snprintf(ip, sizeof(ip), "10.0.1.%u", i + 1);
		cr_assert_eq(vec_push(&pods, POD(name, .ips = { ip })), 0);
	}
	cr_assert_eq(cluster_apply(&w.snap, &w.cfg, pods.at, pods.n, &w.changes, &w.err), 0);
	cr_assert_eq(n_slices(&w), 2);
	cr_assert(snapshot_find(&w.snap, KIND_SLICE, "default", "web-abc12"));
	snprintf(name, sizeof(name), "%s", slice_at(&w, 1)->meta.name);
	cr_assert_eq(cluster_sync_slices(&w.snap, &w.err), 0);
	cr_assert_eq(n_slices(&w), 2);
	expect_text("the other one", slice_at(&w, 1)->meta.name, name);
}

Test(cluster_adopt, prune_keeps_what_the_files_name)
{
	static const char all[] = SERVICE_TEXT("web") WEB_SLICE POD_TEXT("p", "web", "10.0.0.1");
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(objects_done) object_vec files = { 0 };
	const struct cluster_prune everything = { 0 };

	sandbox_apply_text(&w, all);
	cr_assert_eq(manifest_parse("m", all, strlen(all), NULL, &files, &w.err), 0);
	vec_each(o, &files)
		cr_assert_eq(object_default(*o, &w.err), 0);
	cluster_changes_done(&w.changes);
	cr_assert_eq(cluster_prune(&w.snap, &w.cfg, &everything, files.at, files.n, &w.changes,
				   &w.err), 0);
	cr_assert_eq(w.changes.n, 0);
	cr_assert_eq(w.snap.objects.n, 3);
}

Test(cluster_adopt, mirrored_ones_when_the_endpoints_are_there)
{
	static const char service[] =
		"{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 1}]}}\n---\n";
	static const char mirrored[] =
		"{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: db-abc12, labels: "
		"{kubernetes.io/service-name: db, endpointslice.kubernetes.io/managed-by: "
		"endpointslicemirroring-controller.k8s.io}}, addressType: IPv4, ports: [{name: '', "
		"port: 5432}], endpoints: [{addresses: [192.0.2.9]}]}\n---\n";
	static const char endpoints[] =
		"{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: [{ip: "
		"192.0.2.1}], ports: [{port: 5432}]}]}\n---\n";
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, service);
	sandbox_apply_text(&w, mirrored);
	expect_one_slice(&w, "db-abc12", KUBE_MIRROR_MANAGER);
	sandbox_apply_text(&w, endpoints);
	expect_one_slice(&w, "db-abc12", SLUICE_MIRROR_MANAGER);
	cr_assert(endpoint_of(&w, "192.0.2.1"));
	cr_assert_not(endpoint_of(&w, "192.0.2.9"));
	sandbox_apply_text(&w, mirrored);
	expect_changes(&w, CHANGE_NONE);
}
