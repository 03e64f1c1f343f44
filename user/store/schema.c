/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The layout of the file, with its version in user_version. A later version adds a step that
 * brings the one before it up to date.
 */
#include <stdlib.h>

#include "store/db.h"

#define SCHEMA_VERSION 2

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

/* What leads to an object: see term.h. */
static const char schema_v2[] =
	"CREATE TABLE terms("
	"	term INTEGER NOT NULL,"
	"	kind TEXT NOT NULL,"
	"	namespace TEXT NOT NULL,"
	"	name TEXT NOT NULL,"
	"	PRIMARY KEY(term, kind, namespace, name)) WITHOUT ROWID;"
	"PRAGMA user_version = 2;";

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

/* The objects that version 1 stored have no terms yet. */
static int index_all(struct store *s, struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	int r = store_load(s, &snap, reterr);

	vec_each(o, &snap.objects)
		if (!r)
			r = store_index(s, *o, reterr);
	return r;
}

/* Another command may do the same at this moment: look again with the lock held. */
static int bring_up(struct store *s, struct err *reterr)
{
	int version = 0;
	int rc = db_exec(s, "BEGIN IMMEDIATE");
	int r = 0;

	if (rc == SQLITE_OK)
		rc = read_version(s, &version);
	if (rc == SQLITE_OK && version < 1)
		rc = db_exec(s, schema_v1);
	if (rc == SQLITE_OK && version < 2)
		rc = db_exec(s, schema_v2);
	if (rc == SQLITE_OK && version < SCHEMA_VERSION)
		r = index_all(s, reterr);
	if (rc == SQLITE_OK && !r)
		rc = db_exec(s, "COMMIT");
	if (rc != SQLITE_OK)
		r = db_fail(s, rc, "open", reterr);
	return r;
}

int db_check_schema(struct store *s, struct err *reterr)
{
	int version = 0;
	int rc = read_version(s, &version);
	int r = 0;

	if (rc != SQLITE_OK)
		return db_fail(s, rc, "open", reterr);
	if (version < SCHEMA_VERSION)
		r = bring_up(s, reterr);
	if (r || version <= SCHEMA_VERSION)
		return r;
	return err_set(reterr, EPROTO, "%s: written by a newer sluice (schema %d, this one knows "
		       "%d): run that version, or move the file away and apply your manifests "
		       "again", s->path, version, SCHEMA_VERSION);
}
