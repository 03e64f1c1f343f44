/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Writing what differs: rows of objects, the terms that lead to them, and the generation, by
 * which others know that what they made of the objects is still right.
 */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cluster/equal.h"
#include "manifest/manifest.h"
#include "store/db.h"
#include "store/term.h"

#define FACT_GENERATION "generation"

/* --- rows ----------------------------------------------------------------------- */

/* Binds kind, namespace and name from parameter @first on. */
static int bind_key(sqlite3_stmt *st, int first, const struct object *o)
{
	const char *key[] = { kind_infos[o->kind].kind, o->meta->namespace, o->meta->name };
	int rc = SQLITE_OK;

	for (int i = 0; rc == SQLITE_OK && i < 3; i++)
		rc = sqlite3_bind_text(st, first + i, key[i], -1, SQLITE_STATIC);
	return rc;
}

static int row_del(struct store *s, const struct object *o, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_DEL, reterr);
	int rc;

	if (!st)
		return -EIO;
	rc = bind_key(st, 1, o);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

static int row_put(struct store *s, enum statement how, const struct object *o,
		   struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, how, reterr);
	own(free) char *json = manifest_json(o);
	int rc;

	if (!st)
		return -EIO;
	if (!json)
		return err_nomem(reterr);
	rc = bind_key(st, 1, o);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 4, o->meta->uid, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(st, 5, json, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 6, o->meta->created);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return err_set(reterr, EEXIST, "%s %s/%s is there already",
			       kind_infos[o->kind].kind, o->meta->namespace, o->meta->name);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

/* --- terms ---------------------------------------------------------------------- */

static int term_write(struct store *s, enum statement how, uint64_t term, const struct object *o,
		      struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, how, reterr);
	int rc;

	if (!st)
		return -EIO;
	rc = sqlite3_bind_int64(st, 1, (sqlite3_int64)term);
	if (rc == SQLITE_OK)
		rc = bind_key(st, 2, o);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

/* From the terms of @old to those of @now, which are the same object; one of them may be NULL. */
static int terms_move(struct store *s, const struct object *old, const struct object *now,
		      struct err *reterr)
{
	own(terms_done) term_vec have = { 0 }, want = { 0 };
	size_t h = 0, w = 0;
	int r = 0;

	if ((old && object_terms(old, &have)) || (now && object_terms(now, &want)))
		return err_nomem(reterr);
	while (!r && (h < have.n || w < want.n)) {
		int side = h == have.n ? 1 : w == want.n ? -1 :
			   (have.at[h] > want.at[w]) - (have.at[h] < want.at[w]);

		if (side)
			r = term_write(s, side < 0 ? STATEMENT_TERM_DEL : STATEMENT_TERM_PUT,
				       side < 0 ? have.at[h] : want.at[w], old ? old : now,
				       reterr);
		h += side <= 0;
		w += side >= 0;
	}
	return r;
}

int store_index(struct store *s, const struct object *o, struct err *reterr)
{
	return terms_move(s, NULL, o, reterr);
}

/* --- the generation ------------------------------------------------------------- */

int store_generation(struct store *s, uint64_t *ret, struct err *reterr)
{
	own(free) char *text = NULL;
	struct err e = { 0 };
	int r = store_get_fact(s, FACT_GENERATION, &text, &e);

	if (r && r != -ENOENT)
		return err_set(reterr, e.code, "%s", e.text);
	*ret = text ? strtoull(text, NULL, 16) : 0;
	return 0;
}

/* Never one that was there before, also if the file is restored from a backup. */
static int generation_renew(struct store *s, struct err *reterr)
{
	char text[17];
	uint64_t v = 0;

	if (getrandom(&v, sizeof(v), 0) != sizeof(v))
		return err_sys(reterr, errno, "cannot get random bytes");
	snprintf(text, sizeof(text), "%016llx", (unsigned long long)(v | 1));
	return store_set_fact(s, FACT_GENERATION, text, reterr);
}

/* --- objects -------------------------------------------------------------------- */

static int give_identity(struct object *o, struct err *reterr)
{
	char uid[UUID_TEXT_MAX];

	if (uuid_make(uid) < 0)
		return err_sys(reterr, errno, "cannot get random bytes");
	return object_set_identity(o, o->meta->uid ? o->meta->uid : uid,
				   o->meta->created ? o->meta->created : time(NULL)) < 0 ?
	       err_nomem(reterr) : 0;
}

static int save_new(struct store *s, struct object *o, struct err *reterr)
{
	return give_identity(o, reterr)
	    ?: row_put(s, STATEMENT_INSERT, o, reterr)
	    ?: terms_move(s, NULL, o, reterr);
}

/* Uid and creation time stay what they were. */
static int save_changed(struct store *s, const struct object *before, struct object *o,
			struct err *reterr)
{
	if (object_set_identity(o, before->meta->uid, before->meta->created) < 0)
		return err_nomem(reterr);
	return row_put(s, STATEMENT_UPDATE, o, reterr)
	    ?: terms_move(s, before, o, reterr);
}

static int save_gone(struct store *s, const struct object *o, struct err *reterr)
{
	return row_del(s, o, reterr)
	    ?: terms_move(s, o, NULL, reterr);
}

int store_save(struct store *s, const struct snapshot *before, struct snapshot *after,
	       struct err *reterr)
{
	const object_vec *old = &before->objects;
	object_vec *now = &after->objects;
	size_t i = 0, j = 0;
	size_t writes = 0;
	int r = 0;

	while (!r && (i < old->n || j < now->n)) {
		int side = i == old->n ? 1 : j == now->n ? -1 :
			   object_cmp(old->at[i], now->at[j]);
		bool same = !side && object_equal(old->at[i], now->at[j]);

		if (side < 0)
			r = save_gone(s, old->at[i], reterr);
		else if (side > 0)
			r = save_new(s, now->at[j], reterr);
		else if (!same)
			r = save_changed(s, old->at[i], now->at[j], reterr);
		writes += !same;
		i += side <= 0;
		j += side >= 0;
	}
	return !r && writes ? generation_renew(s, reterr) : r;
}
