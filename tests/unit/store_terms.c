/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Terms: which objects bear what another one asks for. */
#include "store_sandbox.h"

#include <string.h>

#include "store/db.h"
#include "store/term.h"

TestSuite(store_terms, .init = given_state_dir, .fini = remove_state_dir, .timeout = 300);

static size_t found(struct store *s, uint64_t term, const char *name)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	cr_assert_eq(store_find(s, term, 100, &keys, &e), 0, "%s", e.text);
	vec_each(k, &keys)
		n += !strcmp(k->name, name);
	cr_assert_eq(n, keys.n);
	return n;
}

static struct addr address(const char *text)
{
	struct addr a;

	cr_assert_eq(addr_parse(text, &a), 0);
	return a;
}

Test(store_terms, terms_lead_to_what_bears_them_and_go_with_it)
{
	own(store_close) struct store *s = must_open("a");
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(snapshot_done) struct snapshot none = { 0 }, one = { 0 }, two = { 0 };
	struct addr ip = address("10.96.0.80");

	must_begin(s);
	EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.80" }, .selector = "app=web"),
		       POD("web-0", .labels = "app=web,tier=front", .ips = { "10.244.0.1" }));
	must_save(s, &none, &w.snap);
	one = must_load(s);
	cr_assert_eq(found(s, term_cluster_ip(&ip), "web"), 1);
	cr_assert_eq(found(s, term_selector("default", "app", "web"), "web"), 1);
	cr_assert_eq(found(s, term_pod("default", "tier", "front"), "web-0"), 1);
	cr_assert_eq(found(s, term_pod("other", "tier", "front"), "web-0"), 0);
	cr_assert_eq(found(s, term_slice_of("default", "web"), slice_at(&w, 0)->meta.name), 1);

	EXPECT_APPLIED(&w, POD("web-0", .labels = "app=web", .ips = { "10.244.0.1" }));
	must_save(s, &one, &w.snap);
	two = must_load(s);
	cr_assert_eq(found(s, term_pod("default", "tier", "front"), "web-0"), 0);
	cr_assert_eq(found(s, term_pod("default", "app", "web"), "web-0"), 1);

	must_save(s, &two, &none);
	cr_assert_eq(found(s, term_cluster_ip(&ip), "web"), 0);
	cr_assert_eq(found(s, term_pod("default", "app", "web"), "web-0"), 0);
}

Test(store_terms, a_file_of_version_1_gets_its_terms)
{
	struct addr ip = address("10.96.0.80");

	{
		own(store_close) struct store *s = must_open("a");
		own(sandbox_done) struct sandbox w = sandbox_new();
		own(snapshot_done) struct snapshot none = { 0 };

		must_begin(s);
		EXPECT_APPLIED(&w, SERVICE("web", .ips = { "10.96.0.80" }));
		must_save(s, &none, &w.snap);
		must_commit(s);
	}
	run_sql("DROP TABLE terms; PRAGMA user_version = 1");
	own(store_close) struct store *s = must_open("a");

	cr_assert_eq(found(s, term_cluster_ip(&ip), "web"), 1);
}
