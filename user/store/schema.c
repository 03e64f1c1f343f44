/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The layout of the file, with its version in user_version. A later version adds a step that
 * brings the one before it up to date.
 */
#include <stdlib.h>

#include "store/db.h"

#define SCHEMA_VERSION 1

static const char schema_v1[] =
	"CREATE TABLE objects("
	"	kind TEXT NOT NULL,"
	"	namespace TEXT NOT NULL,"
	"	name TEXT NOT NULL,"
	"	uid TEXT NOT NULL,"
	"	created INTEGER NOT NULL,"	/* seconds since 1970 */
	"	json TEXT NOT NULL,"
	"	PRIMARY KEY(kind, namespace, name)) WITHOUT ROWID;"
	"CREATE TABLE facts("
	"	key TEXT NOT NULL PRIMARY KEY,"
	"	value TEXT NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 1;";

static int read_version(struct store *s, int *ret)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*ret = sqlite3_column_int(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Another command may make the tables at the same moment: look again with the lock held. */
static int make_tables(struct store *s, int *version)
{
	int rc = db_exec(s, "BEGIN IMMEDIATE");

	if (rc == SQLITE_OK)
		rc = read_version(s, version);
	if (rc == SQLITE_OK && !*version)
		rc = db_exec(s, schema_v1);
	if (rc == SQLITE_OK)
		rc = db_exec(s, "COMMIT");
	if (rc == SQLITE_OK && !*version)
		*version = SCHEMA_VERSION;
	return rc;
}

int db_check_schema(struct store *s, struct err *reterr)
{
	int version = 0;
	int rc = read_version(s, &version);

	if (rc == SQLITE_OK && !version)
		rc = make_tables(s, &version);
	if (rc != SQLITE_OK)
		return db_fail(s, rc, "open", reterr);
	if (version == SCHEMA_VERSION)
		return 0;
	return err_set(reterr, EPROTO, "%s: written by a newer sluice (schema %d, this one knows "
		       "%d): run that version, or move the file away and apply your manifests "
		       "again", s->path, version, SCHEMA_VERSION);
}
