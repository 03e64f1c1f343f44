/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Reading makes nothing. */
#include <criterion/criterion.h>

#include <string.h>

#include "cli/session.h"
#include "store_sandbox.h"

/* It is empty, or this fails. */
static void remove_empty_state_dir(void)
{
	cr_expect_eq(rmdir(state_dir), 0);
}

TestSuite(cli_session, .init = given_state_dir, .fini = remove_empty_state_dir);

Test(cli_session, an_instance_that_is_not_there_is_no_empty_one)
{
	const struct cmd_context ctx = { .instance = "nutypo" };
	own(store_close) struct store *store = NULL;
	struct err e = { 0 };

	cr_expect_eq(session_read(&ctx, &store, NULL, &e), -ENOENT);
	cr_expect_str_eq(e.text, "there is no instance \"nutypo\"");
}

Test(cli_session, the_default_instance_is_there_if_empty)
{
	const struct cmd_context ctx = { .instance = "default" };
	own(store_close) struct store *store = NULL;
	own(snapshot_done) struct snapshot snap = { 0 };
	struct err e = { 0 };
	size_t n;

	cr_assert_eq(session_read(&ctx, &store, NULL, &e), 0, "%s", e.text);
	cr_expect(strstr(store_path(store), "/default/state.db"));
	cr_assert_eq(store_load(store, &snap, &e), 0, "%s", e.text);
	snapshot_kind(&snap, KIND_SERVICE, &n);
	cr_expect_eq(n, 0);
}
