/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The database of an instance: opening, transactions, statements, failures. */
#include <string.h>
#include <time.h>

#include "store/db.h"

#define BUSY_MS 10000
#define RETRY_NS 20000000

static const char *const statement_sql[STATEMENT_COUNT] = {
	[STATEMENT_LOAD] = "SELECT kind, namespace, name, uid, created, json FROM objects",
	[STATEMENT_READ] = "SELECT uid, created, json FROM objects "
			   "WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[STATEMENT_PUT] = "INSERT INTO objects(kind, namespace, name, uid, json, created) "
			  "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET "
			  "uid = ?4, json = ?5, created = ?6",
	[STATEMENT_DEL] = "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[STATEMENT_FACT_READ] = "SELECT value FROM facts WHERE key = ?1",
	[STATEMENT_FACT_PUT] = "INSERT INTO facts(key, value) VALUES(?1, ?2) "
			       "ON CONFLICT DO UPDATE SET value = ?2",
	[STATEMENT_FACT_DEL] = "DELETE FROM facts WHERE key = ?1",
};

int db_exec(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

int db_fail(struct store *s, int rc, const char *doing, struct err *reterr)
{
	switch (rc & 0xff) {	/* extended codes have the plain one in their low byte */
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(reterr, EBUSY, "another sluice command is busy with instance %s",
			       s->instance);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(reterr, EUCLEAN, "%s: damaged (%s): restore it from a backup, or "
			       "move it away and apply your manifests again", s->path,
			       sqlite3_errmsg(s->db));
	case SQLITE_NOMEM:
		return err_nomem(reterr);
	case SQLITE_FULL:
		return err_set(reterr, ENOSPC, "cannot %s %s: the disk is full", doing, s->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(reterr, EACCES, "cannot %s %s: not writable", doing, s->path);
	default:
		return err_set(reterr, EIO, "cannot %s %s: %s", doing, s->path,
			       sqlite3_errmsg(s->db));
	}
}

sqlite3_stmt *db_statement(struct store *s, enum statement which, struct err *reterr)
{
	sqlite3_stmt **st = &s->statements[which];
	int rc = SQLITE_OK;

	if (!*st)
		rc = sqlite3_prepare_v3(s->db, statement_sql[which], -1,
					SQLITE_PREPARE_PERSISTENT, st, NULL);
	if (rc != SQLITE_OK)
		db_fail(s, rc, "use", reterr);
	return rc == SQLITE_OK ? *st : NULL;
}

void db_end(sqlite3_stmt *st)
{
	if (!st)
		return;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
}

int db_bind_texts(sqlite3_stmt *st, const char *const *texts, int n)
{
	int rc = SQLITE_OK;

	for (int i = 0; rc == SQLITE_OK && i < n; i++)
		rc = sqlite3_bind_text(st, i + 1, texts[i], -1, SQLITE_STATIC);
	return rc;
}

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

int store_open(const char *instance, struct store **ret, struct err *reterr)
{
	own(store_close) struct store *s = calloc(1, sizeof(*s));
	int rc, r;

	if (!s)
		return err_nomem(reterr);
	s->instance = strdup(instance);
	if (!s->instance)
		return err_nomem(reterr);
	r = store_path_make(instance, &s->path, reterr);
	if (r < 0)
		return r;

	rc = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = exec_patiently(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
	if (rc != SQLITE_OK)
		return db_fail(s, rc, "open", reterr);
	r = db_check_schema(s, reterr);
	if (r < 0)
		return r;
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
