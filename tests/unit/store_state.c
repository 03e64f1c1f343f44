/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What lasts: objects and facts, through closing, killing, waiting and damage. */
#include "store_sandbox.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cluster/equal.h"
#include "store/db.h"

TestSuite(store, .init = given_state_dir, .fini = remove_state_dir, .timeout = 300);

static void expect_same(const struct snapshot *a, const struct snapshot *b)
{
	cr_assert_eq(a->objects.n, b->objects.n);
	for (size_t i = 0; i < a->objects.n; i++) {
		const struct object *x = a->objects.at[i], *y = b->objects.at[i];

		cr_assert(object_equal(x, y), "%s/%s differs", kind_infos[x->kind].kind,
			  x->meta->name);
		expect_text("uid", y->meta->uid, x->meta->uid);
		cr_assert_eq(x->meta->created, y->meta->created);
	}
}

/* One of everything, with every field that has a use. */
static void apply_all(struct sandbox *w)
{
	EXPECT_APPLIED(w, make_node("n1", "z1"),
		       SERVICE("web", .type = SERVICE_LOAD_BALANCER, .policy = IPFP_PREFER_DUAL,
			       .selector = "app=web", .labels = "b=2,a=1", .external_local = true,
			       .distribution = "PreferSameNode", .lb_class = "a.b/c",
			       .publish_not_ready = true,
			       .ports = { { "a", PROTO_TCP, 80, .target_name = "http" },
					  { "b", PROTO_UDP, 81 } }),
		       SERVICE("plain"), SERVICE("all", .selector = ""),
		       SERVICE("headless", .headless = true, .selector = "app=web"),
		       SERVICE("ext", .external_name = "example.org"),
		       make_slice("by-hand", "plain", "me"),
		       POD("p", .ips = { "10.0.0.1", "fd00::1" }, .node = "n1", .hostname = "h",
			   .subdomain = "web",
			   .ports = { { "http", PROTO_TCP, 8080 }, { NULL, PROTO_SCTP, 9 } }),
		       POD("q", .ips = { "10.0.0.2" }, .not_ready = true, .deleting = true),
		       POD("r", .finished = true), SERVICE("web", .namespace = "other"));
}

/* --- objects ------------------------------------------------------------------ */

Test(store, brings_back_what_was_saved)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct snapshot empty = { 0 };
	struct store *s = must_open("a");

	apply_all(&w);
	must_begin(s);
	must_save(s, &empty, &w.snap);
	must_commit(s);
	for (int i = 0; i < 2; i++) {
		own(snapshot_done) struct snapshot snap = must_load(s);

		expect_same(&w.snap, &snap);
		store_close(s);
		s = must_open("a");
	}
	store_close(s);
}

Test(store, what_was_loaded_is_unchanged_when_applied_again)
{
	own(sandbox_done) struct sandbox w = sandbox_new();
	struct snapshot empty = { 0 };
	struct store *s = must_open("a");

	apply_all(&w);
	must_begin(s);
	must_save(s, &empty, &w.snap);
	snapshot_done(&w.snap);
	w.snap = must_load(s);
	apply_all(&w);
	vec_each(c, &w.changes)
		cr_assert_eq(c->change, CHANGE_NONE, "%s", c->name);
	store_close(s);
}

Test(store, gives_uid_and_creation_time_to_the_new_and_keeps_them)
{
	own(store_close) struct store *s = must_open("a");
	own(snapshot_done) struct snapshot first = { 0 }, then = { 0 };
	const char *uid;

	must_begin(s);
	save_service(s, "a");
	first = must_load(s);
	uid = first.objects.at[0]->meta->uid;
	cr_assert(strlen(uid) == 36 && uid[14] == '4' && strchr("89ab", uid[19]), "%s", uid);
	cr_assert_gt(first.objects.at[0]->meta->created, 1600000000);
	save_service(s, "b");
	then = must_load(s);
	cr_assert_eq(then.objects.n, 2);
	expect_text("uid", then.objects.at[0]->meta->uid, uid);
	cr_assert(strcmp(then.objects.at[1]->meta->uid, uid));
}

Test(store, removes_and_replaces)
{
	own(store_close) struct store *s = must_open("a");
	own(snapshot_done) struct snapshot before = { 0 };
	own(sandbox_done) struct sandbox w = sandbox_new();

	must_begin(s);
	save_service(s, "a");
	save_service(s, "b");
	before = must_load(s);
	w.snap = must_load(s);
	EXPECT_APPLIED(&w, SERVICE("b", .labels = "x=y"));
	cr_assert_eq(sandbox_delete(&w, KIND_SERVICE, "a"), 0);
	must_save(s, &before, &w.snap);
	must_commit(s);
	snapshot_done(&before);
	before = must_load(s);
	expect_same(&w.snap, &before);
}

Test(store, instances_are_apart)
{
	own(store_close) struct store *a = must_open("a"), *b = must_open("b");
	char want[128];

	must_begin(a);
	must_begin(b);
	save_service(a, "web");
	must_commit(a);
	cr_assert_eq(n_stored(b), 0);
	snprintf(want, sizeof(want), "%s/a/state.db", state_dir);
	expect_text("path", store_path(a), want);
}

Test(store, is_for_the_owner_alone)
{
	own(store_close) struct store *s = must_open("a");
	char dir[96];
	struct stat st;

	snprintf(dir, sizeof(dir), "%s/a", state_dir);
	cr_assert_eq(stat(dir, &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0700);
	cr_assert_eq(stat(store_path(s), &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
}

/* --- transactions ------------------------------------------------------------- */

Test(store, rollback_and_close_without_commit_leave_the_old_state)
{
	struct store *s = must_open("a");

	must_begin(s);
	save_service(s, "kept");
	must_commit(s);

	must_begin(s);
	save_service(s, "lost");
	cr_assert_eq(n_stored(s), 2, "inside: as changed so far");
	store_rollback(s);
	cr_assert_eq(n_stored(s), 1);

	must_begin(s);
	save_service(s, "lost");
	store_close(s);
	s = must_open("a");
	cr_assert_eq(n_stored(s), 1);
	store_rollback(s);	/* of nothing: harmless */
	store_close(s);
}

Test(store, a_kill_in_the_middle_leaves_the_old_state)
{
	struct store *s = must_open("a");
	int status;
	pid_t pid;

	must_begin(s);
	save_service(s, "kept");
	must_commit(s);
	store_close(s);		/* a connection must not be taken through fork() */

	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		s = must_open("a");
		must_begin(s);
		for (int i = 0; i < 50; i++) {
			char name[8];

			snprintf(name, sizeof(name), "s%d", i);
			save_service(s, name);
		}
		kill(getpid(), SIGKILL);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

	s = must_open("a");
	cr_assert_eq(n_stored(s), 1);
	must_begin(s);		/* the lock died with its holder */
	store_close(s);
}

Test(store, a_second_writer_waits_for_the_first)
{
	int ready[2], seen[2];
	struct store *s;
	char byte;
	pid_t pid;

	store_close(must_open("a"));
	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(pipe(seen), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		s = must_open("a");
		must_begin(s);
		save_service(s, "first");
		if (write(ready[1], "x", 1) != 1 || read(seen[0], &byte, 1) != 1)
			_exit(1);
		usleep(300000);		/* for the other one to begin to wait */
		must_commit(s);
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	s = must_open("a");
	cr_assert_eq(n_stored(s), 0, "a reader does not wait");
	cr_assert_eq(write(seen[1], "x", 1), 1);
	must_begin(s);
	cr_assert_eq(n_stored(s), 1, "the writer sees what the first one did");
	store_close(s);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(store, a_writer_that_waits_too_long_is_told_why)
{
	own(store_close) struct store *first = must_open("a"), *second = must_open("a");
	struct err e = { 0 };

	sqlite3_busy_timeout(second->db, 100);	/* not the ten seconds of store_open() */
	must_begin(first);
	cr_assert_eq(store_begin(second, &e), -EBUSY);
	expect_text("error", e.text, "another sluice command is busy with instance a");
}

Test(store, many_may_open_a_new_one_at_once)
{
	pid_t pids[8];
	int status;

	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct store *s = must_open("new");
			char name[8];

			snprintf(name, sizeof(name), "s%d", i);
			must_begin(s);
			save_service(s, name);
			must_commit(s);
			store_close(s);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++) {
		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		cr_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	}
	own(store_close) struct store *s = must_open("new");

	cr_assert_eq(n_stored(s), 8);
}

/* --- facts -------------------------------------------------------------------- */

Test(store, facts_last_until_deleted)
{
	struct store *s = must_open("a");
	struct err e = { 0 };
	char *value = NULL;

	cr_assert_eq(store_get_fact(s, "node", &value, &e), -ENOENT);
	cr_assert_eq(e.code, 0);
	cr_assert_eq(store_set_fact(s, "node", "n1", &e), 0);
	cr_assert_eq(store_set_fact(s, "node", "n2", &e), 0);
	cr_assert_eq(store_set_fact(s, "empty", "", &e), 0);
	store_close(s);

	s = must_open("a");
	cr_assert_eq(store_get_fact(s, "node", &value, &e), 0);
	expect_text("fact", value, "n2");
	free(value);
	cr_assert_eq(store_get_fact(s, "empty", &value, &e), 0);
	expect_text("fact", value, "");
	free(value);
	cr_assert_eq(store_set_fact(s, "node", NULL, &e), 0);
	cr_assert_eq(store_set_fact(s, "node", NULL, &e), 0, "absent is as good");
	cr_assert_eq(store_get_fact(s, "node", &value, &e), -ENOENT);
	must_begin(s);
	cr_assert_eq(store_set_fact(s, "undone", "x", &e), 0);
	store_rollback(s);
	cr_assert_eq(store_get_fact(s, "undone", &value, &e), -ENOENT);
	store_close(s);
}

/* --- generations --------------------------------------------------------------- */

Test(store, the_generation_changes_with_the_objects_only)
{
	own(store_close) struct store *s = must_open("a");
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(snapshot_done) struct snapshot none = { 0 }, same = { 0 };
	uint64_t at[3] = { 1, 1, 1 };
	struct err e = { 0 };

	must_begin(s);
	cr_assert_eq(store_generation(s, &at[0], &e), 0);
	cr_assert_eq(at[0], 0);
	EXPECT_APPLIED(&w, SERVICE("web"));
	must_save(s, &none, &w.snap);
	cr_assert_eq(store_generation(s, &at[1], &e), 0);
	cr_assert_neq(at[1], 0);
	same = must_load(s);
	must_save(s, &same, &w.snap);
	cr_assert_eq(store_generation(s, &at[2], &e), 0);
	cr_assert_eq(at[2], at[1]);
}

Test(store, what_is_stored_unseen_is_not_overwritten)
{
	own(store_close) struct store *s = must_open("a");
	own(sandbox_done) struct sandbox w = sandbox_new();
	own(snapshot_done) struct snapshot none = { 0 };
	struct err e = { 0 };

	must_begin(s);
	EXPECT_APPLIED(&w, SERVICE("web"));
	must_save(s, &none, &w.snap);
	cr_assert_eq(store_save(s, &none, &w.snap, &e), -EEXIST);
}
