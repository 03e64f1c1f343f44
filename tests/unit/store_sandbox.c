/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "store_sandbox.h"

#include <stdlib.h>
#include <string.h>

#include "store/db.h"

char state_dir[64];

void given_state_dir(void)
{
	strcpy(state_dir, "/tmp/sluice-store-XXXXXX");
	cr_assert(mkdtemp(state_dir));
	cr_assert_eq(setenv("SLUICE_STATE_DIR", state_dir, 1), 0);
}

void remove_state_dir(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", state_dir);
	cr_assert_eq(system(command), 0);
}

struct store *must_open(const char *instance)
{
	struct store *s = NULL;
	struct err e = { 0 };

	cr_assert_eq(store_open(instance, &s, &e), 0, "%s", e.text);
	return s;
}

void must_begin(struct store *s)
{
	struct err e = { 0 };

	cr_assert_eq(store_begin(s, &e), 0, "%s", e.text);
}

void must_commit(struct store *s)
{
	struct err e = { 0 };

	cr_assert_eq(store_commit(s, &e), 0, "%s", e.text);
}

struct snapshot must_load(struct store *s)
{
	struct snapshot snap = { 0 };
	struct err e = { 0 };

	cr_assert_eq(store_load(s, &snap, &e), 0, "%s", e.text);
	return snap;
}

void must_save(struct store *s, const struct snapshot *before, struct snapshot *after)
{
	struct err e = { 0 };

	cr_assert_eq(store_save(s, before, after, &e), 0, "%s", e.text);
}

void save_service(struct store *s, const char *name)
{
	own(snapshot_done) struct snapshot before = must_load(s);
	own(sandbox_done) struct sandbox w = sandbox_new();

	w.snap = must_load(s);
	EXPECT_APPLIED(&w, SERVICE(name));
	must_save(s, &before, &w.snap);
}

size_t n_stored(struct store *s)
{
	own(snapshot_done) struct snapshot snap = must_load(s);

	return snap.objects.n;
}

void run_sql(const char *sql)
{
	struct store *s = must_open("a");

	cr_assert_eq(db_exec(s, sql), SQLITE_OK);
	store_close(s);
}
