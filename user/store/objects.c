/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Objects in the database: the compact JSON of their manifest, and beside it what the store
 * itself gives, uid and creation time. The columns win over what the JSON says.
 */
#include <string.h>

#include "base/shared.h"
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

int object_set_identity(struct object *o, const char *uid, int64_t created)
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
	shared_free(TAKE(o->file));
	o->line = 0;
	return object_set_identity(o, column(st, 3), sqlite3_column_int64(st, 4)) < 0 ?
	       err_nomem(reterr) : 0;
}

static int by_name(const void *a, const void *b)
{
	return object_cmp(*(struct object *const *)a, *(struct object *const *)b);
}

static int load_rows(struct store *s, sqlite3_stmt *st, struct snapshot *ret, struct err *reterr)
{
	own(objects_done) object_vec objects = { 0 };
	int rc, r = 0;

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

int store_load(struct store *s, struct snapshot *ret, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_LOAD, reterr);

	return st ? load_rows(s, st, ret, reterr) : -EIO;
}

int store_load_kinds(struct store *s, const bool kinds[static KIND_COUNT], struct snapshot *ret,
		     struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_LOAD_KINDS, reterr);
	int rc = SQLITE_OK;

	_Static_assert(KIND_COUNT == 5, "the statement has a parameter for each kind");
	if (!st)
		return -EIO;
	/* What is not bound is NULL, which no row is. */
	for (int i = 0; rc == SQLITE_OK && i < KIND_COUNT; i++)
		if (kinds[i])
			rc = sqlite3_bind_text(st, i + 1, kind_infos[i].kind, -1, SQLITE_STATIC);
	return rc == SQLITE_OK ? load_rows(s, st, ret, reterr) : db_fail(s, rc, "read", reterr);
}

/* --- one object, or those that a term leads to ---------------------------------- */

int store_read(struct store *s, enum kind kind, const char *namespace, const char *name,
	       struct object **ret, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_READ, reterr);
	const char *key[] = { kind_infos[kind].kind, namespace, name };
	own(objects_done) object_vec objects = { 0 };
	int rc, r;

	if (!st)
		return -EIO;
	rc = db_bind_texts(st, key, 3);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	*ret = NULL;
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return db_fail(s, rc, "read", reterr);
	r = load_row(s, st, &objects, reterr);
	if (!r)
		*ret = TAKE(objects.at[0]);
	return r;
}

void object_keys_done(object_key_vec *keys)
{
	vec_each(k, keys) {
		free(k->namespace);
		free(k->name);
	}
	vec_done(keys);
}

static int key_push(sqlite3_stmt *st, object_key_vec *ret)
{
	struct object_key key = { .namespace = strdup(column(st, 1)),
				  .name = strdup(column(st, 2)) };

	while (key.kind < KIND_COUNT && strcmp(kind_infos[key.kind].kind, column(st, 0)))
		key.kind++;
	if (key.namespace && key.name && key.kind < KIND_COUNT && !vec_push(ret, key))
		return 0;
	free(key.namespace);
	free(key.name);
	return -ENOMEM;
}

int store_find(struct store *s, uint64_t term, size_t max, object_key_vec *ret,
	       struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_FIND, reterr);
	int rc;

	if (!st)
		return -EIO;
	rc = sqlite3_bind_int64(st, 1, (sqlite3_int64)term);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(st, 2, (sqlite3_int64)max);
	while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (key_push(st, ret) < 0)
			return err_nomem(reterr);
		rc = SQLITE_OK;
	}
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "read", reterr);
}
