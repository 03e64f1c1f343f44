/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What lasts: objects and facts, through closing, killing, waiting and damage. */
#include "cluster_sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cluster/equal.h"
#include "store/db.h"
#include "store/term.h"

static char state_dir[64];

static void given_state_dir(void)
{
	strcpy(state_dir, "/tmp/sluice-store-XXXXXX");
	cr_assert(mkdtemp(state_dir));
	cr_assert_eq(setenv("SLUICE_STATE_DIR", state_dir, 1), 0);
}

static void remove_state_dir(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", state_dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(store, .init = given_state_dir, .fini = remove_state_dir, .timeout = 30);

static struct store *must_open(const char *instance)
{
	struct store *s = NULL;
	struct err e = { 0 };

	cr_assert_eq(store_open(instance, &s, &e), 0, "%s", e.text);
	return s;
}

static void must_begin(struct store *s)
{
	struct err e = { 0 };

	cr_assert_eq(store_begin(s, &e), 0, "%s", e.text);
}

static void must_commit(struct store *s)
{
	struct err e = { 0 };

	cr_assert_eq(store_commit(s, &e), 0, "%s", e.text);
}

static struct snapshot must_load(struct store *s)
{
	struct snapshot snap = { 0 };
	struct err e = { 0 };

	cr_assert_eq(store_load(s, &snap, &e), 0, "%s", e.text);
	return snap;
}

static void must_save(struct store *s, const struct snapshot *before, struct snapshot *after)
{
	struct err e = { 0 };

	cr_assert_eq(store_save(s, before, after, &e), 0, "%s", e.text);
}

static void save_service(struct store *s, const char *name)
{
	own(snapshot_done) struct snapshot before = must_load(s);
	own(sandbox_done) struct sandbox w = sandbox_new();

	w.snap = must_load(s);
	EXPECT_APPLIED(&w, SERVICE(name));
	must_save(s, &before, &w.snap);
}

static size_t n_stored(struct store *s)
{
	own(snapshot_done) struct snapshot snap = must_load(s);

	return snap.objects.n;
}

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
	int ready[2];
	struct store *s;
	char byte;
	pid_t pid;

	store_close(must_open("a"));
	cr_assert_eq(pipe(ready), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (!pid) {
		s = must_open("a");
		must_begin(s);
		save_service(s, "first");
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		usleep(300000);
		must_commit(s);
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	s = must_open("a");
	cr_assert_eq(n_stored(s), 0, "a reader does not wait");
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

/* --- what is wrong ------------------------------------------------------------ */

static void expect_unopened(const char *instance, const char *want)
{
	struct store *s = NULL;
	struct err e = { 0 };

	cr_assert_lt(store_open(instance, &s, &e), 0);
	cr_assert_null(s);
	expect_text("error", e.text, want);
}

Test(store, instance_names_are_checked)
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

Test(store, a_relative_state_directory_is_refused)
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

Test(store, a_damaged_file_is_named_with_a_way_out)
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

static void run_sql(const char *sql)
{
	struct store *s = must_open("a");

	cr_assert_eq(db_exec(s, sql), SQLITE_OK);
	store_close(s);
}

Test(store, damage_within_the_file_is_found_when_it_is_read)
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

Test(store, a_damaged_object_is_named)
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

/* --- terms ---------------------------------------------------------------------- */

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

Test(store, terms_lead_to_what_bears_them_and_go_with_it)
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

Test(store, a_file_of_version_1_gets_its_terms)
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

Test(store, a_file_of_a_newer_version_is_refused)
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
