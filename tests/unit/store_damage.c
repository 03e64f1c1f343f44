/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What is wrong with a store: its name, its place, its file, what is in that. */
#include "store_sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/db.h"

TestSuite(store_damage, .init = given_state_dir, .fini = remove_state_dir, .timeout = 300);

static void expect_unopened(const char *instance, const char *want)
{
	struct store *s = NULL;
	struct err e = { 0 };

	cr_assert_lt(store_open(instance, &s, &e), 0);
	cr_assert_null(s);
	expect_text("error", e.text, want);
}

Test(store_damage, instance_names_are_checked)
{
	static const char *const bad[] = { "", ".a", "-a", "_a", "a/b", "..", "a b", "ä", "a\n",
					   "a23456789012345678901234567890123" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct store *s = NULL;
		struct err e = { 0 };

		cr_assert_eq(store_open(bad[i], &s, &e), -EINVAL, "\"%s\"", bad[i]);
		cr_assert(!strncmp(e.text, "instance name \"", 15) && !strchr(e.text, '\n'), "%s",
			  e.text);
	}
	expect_unopened("a/b", "instance name \"a/b\": must be 1 to 32 letters, digits, '.', '_' "
			       "or '-', the first "
			       "a letter or digit");
	store_close(must_open("0.A_b-c"));
	store_close(must_open("a2345678901234567890123456789012"));
}

Test(store_damage, a_relative_state_directory_is_refused)
{
	setenv("SLUICE_STATE_DIR", "var/lib", 1);
	expect_unopened("a", "SLUICE_STATE_DIR=\"var/lib\": must be an absolute path");
	setenv("SLUICE_STATE_DIR", state_dir, 1);
}

static void write_state(const char *instance, const void *bytes, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", state_dir, instance);
	cr_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
	strcat(path, "/state.db");
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

Test(store_damage, a_damaged_file_is_named_with_a_way_out)
{
	char want[256], noise[4096];

	memset(noise, 'x', sizeof(noise));
	write_state("a", noise, sizeof(noise));
	snprintf(want, sizeof(want),
		 "%s/a/state.db: damaged (file is not a database): restore it from a backup, or "
		 "move it away and apply your manifests again",
		 state_dir);
	expect_unopened("a", want);
}

Test(store_damage, damage_within_the_file_is_found_when_it_is_read)
{
	struct store *s = must_open("a");
	struct snapshot snap = { 0 };
	struct err e = { 0 };
	char noise[8192], head[128];

	must_begin(s);
	for (int i = 0; i < 40; i++) {
		char name[8];

		snprintf(name, sizeof(name), "s%d", i);
		save_service(s, name);
	}
	must_commit(s);
	store_close(s);		/* the log is folded in */

	/* The header stays, the pages behind it do not. */
	snprintf(head, sizeof(head), "%s/a/state.db", state_dir);
	int fd = open(head, O_WRONLY);

	memset(noise, 0xa5, sizeof(noise));
	cr_assert_eq(pwrite(fd, noise, sizeof(noise), 4096), (ssize_t)sizeof(noise));
	close(fd);
	if (store_open("a", &s, &e) == 0) {
		cr_assert_eq(store_load(s, &snap, &e), -EUCLEAN);
		cr_assert_eq(snap.objects.n, 0);
		store_close(s);
	}
	cr_assert(strstr(e.text, "state.db: damaged ("), "%s", e.text);
}

Test(store_damage, a_damaged_object_is_named)
{
	struct store *s = must_open("a");
	struct snapshot snap = { 0 };
	struct err e = { 0 };

	must_begin(s);
	save_service(s, "web");
	must_commit(s);
	store_close(s);
	run_sql("UPDATE objects SET json = '{'");
	s = must_open("a");
	cr_assert_eq(store_load(s, &snap, &e), -EUCLEAN);
	cr_assert(strstr(e.text, "state.db: the stored Service default/web is damaged ("), "%s",
		  e.text);
	store_close(s);
}

Test(store_damage, a_file_of_a_newer_version_is_refused)
{
	char want[256];

	store_close(must_open("a"));
	run_sql("PRAGMA user_version = 99");
	snprintf(want, sizeof(want),
		 "%s/a/state.db: written by a newer sluice (schema 99, this one knows 2): run "
		 "that "
		 "version, or move the file away and apply your manifests again",
		 state_dir);
	expect_unopened("a", want);
}
