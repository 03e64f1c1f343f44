/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Objects in the database: the compact JSON of their manifest, and beside it what the store
 * itself gives, uid and creation time. The columns win over what the JSON says.
 */
#include <string.h>
#include <time.h>

#include "cluster/equal.h"
#include "manifest/manifest.h"
#include "store/db.h"

/* --- load --------------------------------------------------------------------- */

static const char *column(sqlite3_stmt *st, int i)
{
	const unsigned char *text = sqlite3_column_text(st, i);

	return text ? (const char *)text : "";
}

static int damaged(const struct store *s, sqlite3_stmt *st, const char *why, struct err *reterr)
{
	return err_set(reterr, EUCLEAN, "%s: the stored %s %s/%s is damaged (%s): restore the file "
		       "from a backup, or move it away and apply your manifests again", s->path,
		       column(st, 0), column(st, 1), column(st, 2), why);
}

static int set_identity(struct object *o, const char *uid, int64_t created)
{
	char *copy = strdup(uid);

	if (!copy)
		return -ENOMEM;
	free(o->meta->uid);
	o->meta->uid = copy;
	o->meta->created = created;
	return 0;
}

static bool is_row(const struct object *o, sqlite3_stmt *st)
{
	return o->meta->name && !strcmp(kind_infos[o->kind].kind, column(st, 0)) &&
	       !strcmp(o->meta->namespace, column(st, 1)) && !strcmp(o->meta->name, column(st, 2));
}

static int load_row(struct store *s, sqlite3_stmt *st, object_vec *objects, struct err *reterr)
{
	const struct manifest_options strict = { .strict = true };
	size_t n = objects->n;
	struct err why;
	struct object *o;
	int r = manifest_parse("state", column(st, 5), (size_t)sqlite3_column_bytes(st, 5),
			       &strict, objects, err_clear(&why));

	if (!r && objects->n != n + 1)
		r = err_set(&why, EINVAL, "not one object");
	/* A later version may have more defaults than the one that stored the object. */
	r = r ?: object_default(objects->at[n], &why);
	if (r == -ENOMEM)
		return err_nomem(reterr);
	if (r < 0)
		return damaged(s, st, why.text, reterr);
	o = objects->at[n];
	if (!is_row(o, st))
		return damaged(s, st, "it is another object", reterr);
	/* It was not read from a file that a message could name. */
	free(TAKE(o->file));
	o->line = 0;
	return set_identity(o, column(st, 3), sqlite3_column_int64(st, 4)) < 0 ?
	       err_nomem(reterr) : 0;
}

static int by_name(const void *a, const void *b)
{
	return object_cmp(*(struct object *const *)a, *(struct object *const *)b);
}

int store_load(struct store *s, struct snapshot *ret, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_LOAD, reterr);
	own(objects_done) object_vec objects = { 0 };
	int rc, r = 0;

	if (!st)
		return -EIO;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		r = load_row(s, st, &objects, reterr);
		if (r < 0)
			return r;
	}
	if (rc != SQLITE_DONE)
		return db_fail(s, rc, "read", reterr);
	/* The snapshot's order is by kind number, the table's by kind name. */
	if (objects.n)
		qsort(objects.at, objects.n, sizeof(*objects.at), by_name);
	ret->objects = objects;
	objects = (object_vec){ 0 };
	return 0;
}

/* --- save --------------------------------------------------------------------- */

static int bind_key(sqlite3_stmt *st, const struct object *o)
{
	const char *key[] = { kind_infos[o->kind].kind, o->meta->namespace, o->meta->name };

	return db_bind_texts(st, key, 3);
}

static int del(struct store *s, const struct object *o, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_DEL, reterr);
	int rc;

	if (!st)
		return -EIO;
	rc = bind_key(st, o);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

static int put(struct store *s, const struct object *o, const char *json, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_PUT, reterr);
	const char *texts[] = { kind_infos[o->kind].kind, o->meta->namespace, o->meta->name,
				o->meta->uid, json };
	int rc;

	if (!st)
		return -EIO;
	rc = db_bind_texts(st, texts, 5);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 6, o->meta->created);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

static int give_identity(struct object *o, struct err *reterr)
{
	char uid[UUID_TEXT_MAX];

	if (uuid_make(uid) < 0)
		return err_sys(reterr, errno, "cannot get random bytes");
	return set_identity(o, o->meta->uid ? o->meta->uid : uid,
			    o->meta->created ? o->meta->created : time(NULL)) < 0 ?
	       err_nomem(reterr) : 0;
}

static bool same_identity(const struct meta *a, const struct meta *b)
{
	return a->uid && b->uid && !strcmp(a->uid, b->uid) && a->created == b->created;
}

/* An object that is new to the store. */
static int save_new(struct store *s, struct object *o, struct err *reterr)
{
	own(free) char *json = NULL;
	int r = give_identity(o, reterr);

	if (r < 0)
		return r;
	json = manifest_json(o);
	return json ? put(s, o, json, reterr) : err_nomem(reterr);
}

/* One that is stored already: written only if its text changed. */
static int save_old(struct store *s, const struct object *before, struct object *o,
		    struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_READ, reterr);
	own(free) char *json = NULL;
	int rc;

	if (!st)
		return -EIO;
	/* Nearly all of them: comparing fields is a hundred times cheaper than making text. */
	if (object_equal(before, o) && same_identity(before->meta, o->meta))
		return 0;
	rc = bind_key(st, o);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_DONE)
		return save_new(s, o, reterr);
	if (rc != SQLITE_ROW)
		return db_fail(s, rc, "read", reterr);
	if (set_identity(o, column(st, 0), sqlite3_column_int64(st, 1)) < 0)
		return err_nomem(reterr);
	json = manifest_json(o);
	if (!json)
		return err_nomem(reterr);
	return strcmp(json, column(st, 2)) ? put(s, o, json, reterr) : 0;
}

int store_save(struct store *s, const struct snapshot *before, struct snapshot *after,
	       struct err *reterr)
{
	const object_vec *old = &before->objects;
	object_vec *now = &after->objects;
	size_t i = 0, j = 0;
	int r = 0;

	while (!r && (i < old->n || j < now->n)) {
		int side = i == old->n ? 1 : j == now->n ? -1 :
			   object_cmp(old->at[i], now->at[j]);

		r = side < 0 ? del(s, old->at[i], reterr) :
		    side > 0 ? save_new(s, now->at[j], reterr) :
			       save_old(s, old->at[i], now->at[j], reterr);
		i += side <= 0;
		j += side >= 0;
	}
	return r;
}
