/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The settings of an instance: built in, set, and still there when the store is opened again. */
#include <criterion/criterion.h>

#include <string.h>

#include "daemon/settings.h"
#include "store_sandbox.h"

TestSuite(settings, .init = given_state_dir, .fini = remove_state_dir, .timeout = 300);

static void expect_settings(struct store *s, const char *const want[SETTING_COUNT])
{
	struct cluster_config cfg;
	struct err e = { 0 };

	cr_assert_eq(settings_load(s, &cfg, &e), 0, "%s", e.text);
	for (enum cluster_setting i = 0; i < SETTING_COUNT; i++) {
		own(free) char *text = cluster_config_text(&cfg, i);

		cr_expect_str_eq(text, want[i]);
	}
}

Test(settings, last)
{
	own(store_close) struct store *s = must_open("default");
	struct cluster_config cfg;
	struct err e = { 0 };

	expect_settings(s, (const char *const[]){ "10.96.0.0/12,fd00:10:96::/112", "30000-32767",
						  "none", "on", "primary", "on", "off", "devices" });
	cr_assert_eq(settings_load(s, &cfg, &e), 0);
	cr_assert_eq(cluster_config_set(&cfg, SETTING_LB_POOL, "192.0.2.0/28,2001:db8::/120", &e), 0);
	cr_assert_eq(cluster_config_set(&cfg, SETTING_NODE_PORTS, "20000-20999", &e), 0);
	cr_assert_eq(store_begin(s, &e), 0);
	cr_assert_eq(settings_save(s, &cfg, SETTING_LB_POOL, &e), 0, "%s", e.text);
	cr_assert_eq(settings_save(s, &cfg, SETTING_NODE_PORTS, &e), 0, "%s", e.text);
	cr_assert_eq(store_commit(s, &e), 0);
	store_close(TAKE(s));
	s = must_open("default");
	expect_settings(s, (const char *const[]){ "10.96.0.0/12,fd00:10:96::/112", "20000-20999",
						  "192.0.2.0/28,2001:db8::/120", "on", "primary",
						  "on", "off", "devices" });
}

/* What nobody set is not kept: a range that is only a default is nobody's word. */
Test(settings, remember_which_service_cidrs_were_given)
{
	own(store_close) struct store *s = must_open("default");
	struct cluster_config cfg;
	struct err e = { 0 };

	cr_assert_eq(settings_load(s, &cfg, &e), 0);
	cr_expect(!cfg.service_cidr_given[FAMILY_V4] && !cfg.service_cidr_given[FAMILY_V6]);
	cr_assert_eq(cluster_config_set(&cfg, SETTING_SERVICE_CIDR, "10.96.0.0/12", &e), 0);
	cr_assert_eq(store_begin(s, &e), 0);
	cr_assert_eq(settings_save(s, &cfg, SETTING_SERVICE_CIDR, &e), 0, "%s", e.text);
	cr_assert_eq(store_commit(s, &e), 0);
	cr_assert_eq(settings_load(s, &cfg, &e), 0);
	cr_expect(cfg.service_cidr_given[FAMILY_V4]);
	cr_expect(!cfg.service_cidr_given[FAMILY_V6]);
	expect_settings(s, (const char *const[]){ "10.96.0.0/12,fd00:10:96::/112", "30000-32767",
						  "none", "on", "primary", "on", "off", "devices" });
}

Test(settings, that_are_damaged_are_an_error)
{
	own(store_close) struct store *s = must_open("default");
	struct cluster_config cfg;
	struct err e = { 0 };

	cr_assert_eq(store_begin(s, &e), 0);
	cr_assert_eq(store_set_fact(s, "lb-pool", "what", &e), 0);
	cr_expect_eq(settings_load(s, &cfg, &e), -EINVAL);
	cr_expect_str_eq(e.text, "the stored lb-pool: \"what\" is not a CIDR like 192.0.2.0/24 or 2001:db8::/64");
}
