/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The open database: statements, and how failures become sentences. */
#include "store/db.h"

/* TERMS_AT_ONCE of them. OR FAIL: all or nothing is the transaction's affair, not each statement's. */
#define ROW "(?,?,?,?)"
#define ROWS_4 ROW "," ROW "," ROW "," ROW
#define ROWS_16 ROWS_4 "," ROWS_4 "," ROWS_4 "," ROWS_4
#define ROWS_32 ROWS_16 "," ROWS_16

static const char *const statement_sql[STATEMENT_COUNT] = {
	[STATEMENT_LOAD] = "SELECT kind, namespace, name, uid, created, json FROM objects",
	[STATEMENT_LOAD_KINDS] = "SELECT kind, namespace, name, uid, created, json FROM objects "
				 "WHERE kind IN (?1, ?2, ?3, ?4, ?5)",
	[STATEMENT_READ] = "SELECT kind, namespace, name, uid, created, json FROM objects "
			   "WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[STATEMENT_FIND] = "SELECT kind, namespace, name FROM terms WHERE term = ?1 LIMIT ?2",
	[STATEMENT_INSERT] = "INSERT INTO objects(kind, namespace, name, uid, json, created) "
			     "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[STATEMENT_UPDATE] = "UPDATE objects SET uid = ?4, json = ?5, created = ?6 "
			     "WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[STATEMENT_DEL] = "DELETE FROM objects WHERE kind = ?1 AND namespace = ?2 AND name = ?3",
	[STATEMENT_TERM_PUT] = "INSERT INTO terms(term, kind, namespace, name) "
			       "VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
	[STATEMENT_TERMS_PUT] = "INSERT OR FAIL INTO terms(term, kind, namespace, name) "
				"VALUES " ROWS_32 " ON CONFLICT DO NOTHING",
	[STATEMENT_TERM_DEL] = "DELETE FROM terms WHERE term = ?1 AND kind = ?2 AND "
			       "namespace = ?3 AND name = ?4",
	[STATEMENT_FACT_READ] = "SELECT value FROM facts WHERE key = ?1",
	[STATEMENT_FACT_PUT] = "INSERT INTO facts(key, value) VALUES(?1, ?2) "
			       "ON CONFLICT DO UPDATE SET value = ?2",
	[STATEMENT_FACT_DEL] = "DELETE FROM facts WHERE key = ?1",
	[STATEMENT_VERSION] = "PRAGMA data_version",
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
