/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unit/cluster_sandbox.h"

#include <string.h>

#include "cluster/prune.h"

/* What is stored before each prune: three of the user's, and a slice that was made for one. */
static struct sandbox given(void)
{
	struct sandbox w = sandbox_new();

	EXPECT_APPLIED(&w, SERVICE("web", .selector = "app=web", .labels = "team=a"),
		       SERVICE("web", .namespace = "prod", .labels = "team=a"),
		       POD("p", .labels = "app=web", .ips = { "10.1.0.1" }), make_node("n1", NULL),
		       make_slice("hand", "other", NULL));
	return w;
}

/* @keep may be NULL. The names that were pruned, in their order. */
static void expect_pruned(struct sandbox *w, const struct cluster_prune *p, struct object *keep,
			  const char *names)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	own(object_free) struct object *kept = keep;
	char got[256] = "";

	if (keep && !keep->meta->namespace)
		keep->meta->namespace = strdup("default");
	cr_assert_eq(cluster_prune(&w->snap, &w->cfg, p, &keep, keep ? 1 : 0, &changes, &w->err),
		     0, "%s", w->err.text);
	vec_each(c, &changes) {
		size_t n = strlen(got);

		cr_expect_eq(c->change, CHANGE_DELETED);
		snprintf(got + n, sizeof(got) - n, "%s%s/%s", n ? " " : "", c->namespace, c->name);
		cr_expect_null(snapshot_find(&w->snap, c->kind, c->namespace, c->name));
	}
	expect_text("pruned", got, names);
}

Test(cluster_prune, all_but_what_is_kept)
{
	own(sandbox_done) struct sandbox w = given();
	const struct cluster_prune all = { 0 };

	expect_pruned(&w, &all, SERVICE("web"), "prod/web default/hand default/p /n1");
	cr_expect_eq(n_slices(&w), 1, "what was made for the Service that stays");
	expect_pruned(&w, &all, NULL, "default/web");
	cr_expect_eq(w.snap.objects.n, 0);
}

Test(cluster_prune, one_namespace)
{
	own(sandbox_done) struct sandbox w = given();
	const struct cluster_prune prod = { .namespace = "prod" };

	expect_pruned(&w, &prod, SERVICE("web"), "prod/web");
	expect_pruned(&w, &prod, NULL, "");
}

Test(cluster_prune, some_labels)
{
	own(sandbox_done) struct sandbox w = given();
	own(selector_done) struct selector s = { 0 };
	const struct cluster_prune team = { .selector = &s };

	cr_assert_eq(selector_parse("team=a", &s, NULL), 0);
	expect_pruned(&w, &team, SERVICE("web"), "prod/web");
}

Test(cluster_prune, of_the_same_name_but_another_kind_is_not_kept)
{
	own(sandbox_done) struct sandbox w = given();
	const struct cluster_prune team = { .namespace = "default" };

	expect_pruned(&w, &team, SERVICE("p"), "default/web default/hand default/p");
}
