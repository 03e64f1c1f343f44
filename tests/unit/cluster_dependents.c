/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What goes with a Service, and what stays. */
#include "cluster_sandbox.h"

#include <string.h>

#define SERVICE_TEXT                                                               \
	"{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{port: 1}]}}\n---\n"
#define ENDPOINTS_TEXT                                                              \
	"{apiVersion: v1, kind: Endpoints, metadata: {name: db}, subsets: [{addresses: "        \
	"[{ip: 192.0.2.1}], ports: [{port: 5432}]}]}\n---\n"

static bool has(const struct sandbox *w, enum kind kind, const char *name)
{
	return snapshot_find(&w->snap, kind, "default", name);
}

/* A slice by hand for the Service "db", owned by up to two. */
static struct object *owned_slice(const char *name, const char *kind, const char *also)
{
	struct object *o = make_slice(name, "db", NULL);

	cr_assert_eq(owner_add(o->meta, &(struct owner){ "v1", (char *)kind, "db", "u" }), 0);
	if (also)
		cr_assert_eq(owner_add(o->meta, &(struct owner){ "v1", "Service", (char *)also }),
			     0);
	return o;
}

Test(cluster_dependents, endpoints_and_their_mirror_go_with_the_service)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT ENDPOINTS_TEXT);
	cr_assert_eq(n_slices(&w), 1);
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "db"), 0);
	cr_assert_eq(w.changes.n, 1, "only what was named is told");
	cr_assert_eq(w.snap.objects.n, 0);
}

Test(cluster_dependents, slices_by_hand_stay_unless_they_are_owned)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT ENDPOINTS_TEXT);
	EXPECT_APPLIED(&w, SERVICE("other"), make_slice("hand", "db", NULL),
		       owned_slice("of-service", "Service", NULL),
		       owned_slice("of-endpoints", "Endpoints", NULL),
		       owned_slice("of-a-stranger", "Deployment", NULL),
		       owned_slice("of-two", "Service", "other"));
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "db"), 0);
	cr_assert_eq(n_slices(&w), 3);
	cr_assert(has(&w, KIND_SLICE, "hand"));
	cr_assert(has(&w, KIND_SLICE, "of-a-stranger"));
	cr_assert(has(&w, KIND_SLICE, "of-two"), "one of its owners is still there");
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "other"), 0);
	cr_assert_not(has(&w, KIND_SLICE, "of-two"));
}

/* Another API's Service is not ours, and of kinds that are not stored nobody knows that they went. */
Test(cluster_dependents, owners_that_are_not_known_stay)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *knative = make_slice("knative", "db", NULL);
	struct object *shared = owned_slice("shared", "Service", NULL);

	cr_assert_eq(owner_add(knative->meta, &(struct owner){ "serving.knative.dev/v1", "Service",
							       "db", "u" }), 0);
	cr_assert_eq(owner_add(shared->meta, &(struct owner){ "example.com/v1", "Mesh", "m", "u" }),
		     0);
	sandbox_apply_text(&w, SERVICE_TEXT);
	EXPECT_APPLIED(&w, knative, shared);
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "db"), 0);
	cr_assert(has(&w, KIND_SLICE, "knative"));
	cr_assert(has(&w, KIND_SLICE, "shared"));
}

Test(cluster_dependents, endpoints_alone_take_their_mirror_along)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	sandbox_apply_text(&w, SERVICE_TEXT ENDPOINTS_TEXT);
	EXPECT_APPLIED(&w, owned_slice("of-endpoints", "Endpoints", NULL),
		       owned_slice("of-service", "Service", NULL));
	cr_assert_eq(sandbox_delete(&w, KIND_ENDPOINTS, "db"), 0);
	cr_assert_eq(n_slices(&w), 1);
	cr_assert(has(&w, KIND_SLICE, "of-service"));
	cr_assert(has(&w, KIND_SERVICE, "db"));
}

Test(cluster_dependents, a_clusters_slices_go_with_its_service)
{
	own(sandbox_done) struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), SERVICE("db", .selector = "app=db"),
		       make_slice("web-1", "web", KUBE_SLICE_MANAGER),
		       make_slice("db-1", "db", KUBE_SLICE_MANAGER));
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "web"), 0);
	cr_assert_eq(n_slices(&w), 1);
	cr_assert(has(&w, KIND_SLICE, "db-1"));
}

Test(cluster_dependents, of_the_same_name_elsewhere_are_left_alone)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct object *elsewhere = owned_slice("of-service", "Service", NULL);

	free(elsewhere->meta->namespace);
	elsewhere->meta->namespace = strdup("other");
	sandbox_apply_text(&w, SERVICE_TEXT);
	EXPECT_APPLIED(&w, elsewhere);
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "db"), 0);
	cr_assert_eq(n_slices(&w), 1);
}

Test(cluster_dependents, generated_slices_tell_their_owner)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	const struct owner *o;

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), POD("p", .ips = { "10.0.0.1" }));
	cr_assert_eq(slice_at(&w, 0)->meta.owners.n, 1);
	o = slice_at(&w, 0)->meta.owners.at;
	expect_text("kind", o->kind, "Service");
	expect_text("name", o->name, "web");
	cr_assert_eq(o->controller, TRI_TRUE);
	sandbox_apply_text(&w, SERVICE_TEXT ENDPOINTS_TEXT);
	expect_text("kind", slice_at(&w, 0)->meta.owners.at[0].kind, "Endpoints");
}

Test(cluster_dependents, a_generated_slice_is_made_anew)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(free) char *name = NULL;

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web"), POD("p", .ips = { "10.0.0.1" }));
	name = strdup(slice_at(&w, 0)->meta.name);
	slice_at(&w, 0)->meta.uid = strdup("u");
	cr_assert_eq(sandbox_delete(&w, KIND_SLICE, name), 0);
	cr_assert_eq(n_slices(&w), 1);
	cr_assert(endpoint_of(&w, "10.0.0.1"));
	cr_assert_null(slice_at(&w, 0)->meta.uid, "another one");
}
