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

/*
 * A row to be written or removed. They are collected and sorted first: terms are hashes, and
 * rows of a table that come in its order are far cheaper than those that come in none.
 */
struct term_row {
	uint64_t term;
	const struct object *o;
	uint32_t seq;		/* of those with the same term, that of the objects */
	bool gone;
};

typedef VEC(struct term_row) term_row_vec;

static void term_rows_done(term_row_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(term_row_vec, term_rows_done)

static int term_push(term_row_vec *rows, uint64_t term, const struct object *o, bool gone)
{
	return vec_push(rows, (struct term_row){ term, o, (uint32_t)rows->n, gone });
}

/* From the terms of @old to those of @now, which are the same object; one of them may be NULL. */
static int terms_move(term_row_vec *rows, const struct object *old, const struct object *now,
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
			r = term_push(rows, side < 0 ? have.at[h] : want.at[w], old ? old : now,
				      side < 0);
		h += side <= 0;
		w += side >= 0;
	}
	return r ? err_nomem(reterr) : 0;
}

static int term_row_cmp(const void *a, const void *b)
{
	const struct term_row *x = a, *y = b;

	if (x->term != y->term)
		return x->term < y->term ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

/* Binds the parameters of one row from @first on. */
static int bind_term(sqlite3_stmt *st, int first, const struct term_row *row)
{
	int rc = sqlite3_bind_int64(st, first, (sqlite3_int64)row->term);

	return rc == SQLITE_OK ? bind_key(st, first + 1, row->o) : rc;
}

/* The rows from @row on, as many as one run of @how writes. */
static int terms_run(struct store *s, enum statement how, const struct term_row *row, size_t n,
		     struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, how, reterr);
	int rc = SQLITE_OK;

	if (!st)
		return -EIO;
	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		rc = bind_term(st, 1 + (int)i * 4, &row[i]);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

/* How many rows from @first on, @max at most, are all to be written. */
static size_t terms_new(const term_row_vec *rows, size_t first, size_t max)
{
	size_t n = 0;

	while (n < max && first + n < rows->n && !rows->at[first + n].gone)
		n++;
	return n;
}

static int terms_write(struct store *s, term_row_vec *rows, struct err *reterr)
{
	size_t n;
	int r = 0;

	if (rows->n)
		qsort(rows->at, rows->n, sizeof(*rows->at), term_row_cmp);
	for (size_t i = 0; !r && i < rows->n; i += n) {
		const struct term_row *row = &rows->at[i];

		n = terms_new(rows, i, TERMS_AT_ONCE);
		if (n == TERMS_AT_ONCE) {
			r = terms_run(s, STATEMENT_TERMS_PUT, row, n, reterr);
			continue;
		}
		n = 1;
		r = terms_run(s, row->gone ? STATEMENT_TERM_DEL : STATEMENT_TERM_PUT, row, n,
			      reterr);
	}
	return r;
}

int store_index(struct store *s, const struct object *o, struct err *reterr)
{
	own(term_rows_done) term_row_vec rows = { 0 };

	return terms_move(&rows, NULL, o, reterr) ?: terms_write(s, &rows, reterr);
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

static int give_identity(struct store *s, struct object *o, struct err *reterr)
{
	char uid[UUID_TEXT_MAX];

	if (uuid_make(&s->uuids, uid) < 0)
		return err_sys(reterr, errno, "cannot get random bytes");
	return object_set_identity(o, o->meta->uid ? o->meta->uid : uid,
				   o->meta->created ? o->meta->created : time(NULL)) < 0 ?
	       err_nomem(reterr) : 0;
}

static int save_new(struct store *s, struct object *o, term_row_vec *terms, struct err *reterr)
{
	return give_identity(s, o, reterr)
	    ?: row_put(s, STATEMENT_INSERT, o, reterr)
	    ?: terms_move(terms, NULL, o, reterr);
}

/* Uid and creation time stay what they were. */
static int save_changed(struct store *s, const struct object *before, struct object *o,
			term_row_vec *terms, struct err *reterr)
{
	if (object_set_identity(o, before->meta->uid, before->meta->created) < 0)
		return err_nomem(reterr);
	return row_put(s, STATEMENT_UPDATE, o, reterr)
	    ?: terms_move(terms, before, o, reterr);
}

static int save_gone(struct store *s, const struct object *o, term_row_vec *terms,
		     struct err *reterr)
{
	return row_del(s, o, reterr)
	    ?: terms_move(terms, o, NULL, reterr);
}

/* What is being saved. */
struct save {
	struct store *store;
	term_row_vec terms;
	size_t writes;
};

static int save_kind(struct save *sv, const struct snapshot *before, const struct snapshot *after,
		     enum kind kind, struct err *reterr)
{
	size_t n_old, n_now, i = 0, j = 0;
	struct object **old = snapshot_kind(before, kind, &n_old);
	struct object **now = snapshot_kind(after, kind, &n_now);
	int r = 0;

	while (!r && (i < n_old || j < n_now)) {
		int side = i == n_old ? 1 : j == n_now ? -1 : object_cmp(old[i], now[j]);
		bool same = !side && object_equal(old[i], now[j]);

		if (side < 0)
			r = save_gone(sv->store, old[i], &sv->terms, reterr);
		else if (side > 0)
			r = save_new(sv->store, now[j], &sv->terms, reterr);
		else if (!same)
			r = save_changed(sv->store, old[i], now[j], &sv->terms, reterr);
		sv->writes += !same;
		i += side <= 0;
		j += side >= 0;
	}
	return r;
}

static void save_done(struct save *sv)
{
	term_rows_done(&sv->terms);
}
DEFINE_OWN_DONE(struct save, save_done)

int store_save(struct store *s, const struct snapshot *before, struct snapshot *after,
	       struct err *reterr)
{
	/* By name, as the table has them: each row that is new to it comes behind the last. */
	static const enum kind order[] = {
		KIND_SLICE, KIND_ENDPOINTS, KIND_NODE, KIND_POD, KIND_SERVICE,
	};
	own(save_done) struct save sv = { .store = s };
	int r = 0;

	_Static_assert(sizeof(order) / sizeof(*order) == KIND_COUNT, "each kind once");
	for (size_t i = 0; !r && i < KIND_COUNT; i++)
		r = save_kind(&sv, before, after, order[i], reterr);
	if (!r && sv.writes)
		r = terms_write(s, &sv.terms, reterr) ?: generation_renew(s, reterr);
	return r;
}
