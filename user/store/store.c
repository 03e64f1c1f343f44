/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The store of an instance: opening, transactions. */
#include <string.h>
#include <time.h>

#include "store/db.h"

#define BUSY_MS 10000
#define RETRY_NS 20000000

static time_t monotonic_sec(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/*
 * SQLite does not wait, whatever the timeout, where it switches to WAL or recovers the log
 * while another process does the same.
 */
static int exec_patiently(struct store *s, const char *sql)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	time_t end = monotonic_sec() + BUSY_MS / 1000;
	int rc = db_exec(s, sql);

	while (rc == SQLITE_BUSY && monotonic_sec() < end) {
		nanosleep(&pause, NULL);
		rc = db_exec(s, sql);
	}
	return rc;
}

static int store_new(const char *instance, struct store **ret, struct err *reterr)
{
	own(store_close) struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_nomem(reterr);
	s->instance = strdup(instance);
	if (!s->instance)
		return err_nomem(reterr);
	*ret = TAKE(s);
	return 0;
}

static int db_open(struct store *s, const char *file, struct err *reterr)
{
	/* One thread: no lock of its own around every call. */
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	int rc = sqlite3_open_v2(file, &s->db, flags, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = exec_patiently(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
	if (rc != SQLITE_OK)
		return db_fail(s, rc, "open", reterr);
	return db_check_schema(s, reterr);
}

int store_open(const char *instance, struct store **ret, struct err *reterr)
{
	own(store_close) struct store *s = NULL;
	int r;

	r = store_new(instance, &s, reterr);
	if (!r)
		r = store_path_make(instance, &s->path, reterr);
	if (!r)
		r = db_open(s, s->path, reterr);
	if (!r)
		*ret = TAKE(s);
	return r;
}

int store_open_reader(const char *instance, bool *ret_exists, struct store **ret,
		      struct err *reterr)
{
	own(store_close) struct store *s = NULL;
	bool exists = false;
	int r;

	r = store_new(instance, &s, reterr);
	if (!r)
		r = store_path_find(instance, &s->path, reterr);
	if (!r) {
		exists = access(s->path, R_OK | W_OK) == 0;
		/* Not to be seen is not absent. */
		if (!exists && errno != ENOENT && errno != ENOTDIR)
			r = store_path_cannot("open", s->path, reterr);
	}
	if (!r)
		r = db_open(s, exists ? s->path : ":memory:", reterr);
	if (r)
		return r;
	*ret_exists = exists;
	*ret = TAKE(s);
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	/* An open transaction is rolled back. */
	sqlite3_close(s->db);
	free(s->instance);
	free(s->path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

int store_begin(struct store *s, struct err *reterr)
{
	int rc = db_exec(s, "BEGIN IMMEDIATE");

	return rc == SQLITE_OK ? 0 : db_fail(s, rc, "write", reterr);
}

int store_commit(struct store *s, struct err *reterr)
{
	int rc = db_exec(s, "COMMIT");

	return rc == SQLITE_OK ? 0 : db_fail(s, rc, "write", reterr);
}

void store_rollback(struct store *s)
{
	/* A failed write may have ended the transaction by itself. */
	if (!sqlite3_get_autocommit(s->db))
		db_exec(s, "ROLLBACK");
}

int store_version(struct store *s, int64_t *ret, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_VERSION, reterr);
	int rc;

	if (!st)
		return -EIO;
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		return db_fail(s, rc, "read", reterr);
	*ret = sqlite3_column_int64(st, 0);
	return 0;
}

bool store_is_current(struct store *s)
{
	int moved = 0;

	return sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	       !moved;
}
