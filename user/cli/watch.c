/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Each time that the store has changed it is loaded anew and compared with what was there
 * before. Several changes at once, of one apply, are told together; of several between two
 * looks only the outcome is.
 */
#include "cli/watch.h"

#include <string.h>

#include "cli/session.h"
#include "cluster/equal.h"
#include "store/watch.h"

/* What is stored at one moment, and what of it is asked for. */
struct moment {
	struct snapshot snap;
	found_vec found;
};

static void moment_done(struct moment *m)
{
	found_done(&m->found);
	snapshot_done(&m->snap);
}
DEFINE_OWN_DONE(struct moment, moment_done)

static int moment_load(const struct watch *w, struct store *store, struct moment *ret,
		       struct err *reterr)
{
	int r = scope_load(store, w->resources, &ret->snap, reterr);

	return r ?: scope_find(w->scope, &ret->snap, w->resources, &ret->found, NULL, reterr);
}

/* --- one change --------------------------------------------------------------- */

static int tell_all(struct watch *w, const found_vec *these, const char *event,
		    struct err *reterr)
{
	int r;

	if (w->told && w->look.output == GET_YAML)
		puts("---");
	w->look.event = w->events ? event : NULL;
	r = get_print(stdout, these, &w->look, false, reterr);
	w->look.no_heads = true;
	w->told = true;
	return r;
}

static int tell(struct watch *w, struct object *o, const char *event, struct err *reterr)
{
	return tell_all(w, &(found_vec){ .at = &o, .n = 1 }, event, reterr);
}

/* One that was deleted and made again is another one. */
static bool is_same(const struct object *a, const struct object *b)
{
	return a->meta->uid && b->meta->uid && !strcmp(a->meta->uid, b->meta->uid) &&
	       object_equal(a, b);
}

/* Both are in the snapshot's order: one walk sees all. */
static int tell_changes(struct watch *w, const found_vec *before, const found_vec *after,
			struct err *reterr)
{
	size_t b = 0, a = 0;
	int r = 0;

	/* At the beginning, one table. JSON would be a List. */
	if (!w->told && !before->n && after->n && w->look.output != GET_JSON) {
		r = tell_all(w, after, "ADDED", reterr);
		a = after->n;
	}
	while (!r && (b < before->n || a < after->n)) {
		struct object *old = b < before->n ? before->at[b] : NULL;
		struct object *now = a < after->n ? after->at[a] : NULL;
		int side = !old ? 1 : !now ? -1 : object_cmp(old, now);

		if (side < 0)
			r = tell(w, old, "DELETED", reterr);
		else if (side > 0)
			r = tell(w, now, "ADDED", reterr);
		else if (!is_same(old, now))
			r = tell(w, now, "MODIFIED", reterr);
		b += side <= 0;
		a += side >= 0;
	}
	fflush(stdout);
	return r;
}

/* --- the loop ----------------------------------------------------------------- */

/* Compares with @m, which becomes what is there now. */
static int look_again(struct watch *w, struct store *store, struct moment *m, struct err *reterr)
{
	own(moment_done) struct moment now = { 0 }, old;
	int r = moment_load(w, store, &now, reterr);

	if (!r)
		r = tell_changes(w, &m->found, &now.found, reterr);
	old = *m;
	*m = now;
	now = (struct moment){ 0 };
	return r;
}

/*
 * The connection is kept, for its version tells cheaply whether there is anything new; but the
 * file may be another one by now, or be there only now.
 */
static int watch_store(struct watch *w, struct store_watch *sw, struct moment *m,
		       struct err *reterr)
{
	own(store_close) struct store *store = NULL;
	int64_t seen = 0, version = 0;
	bool exists;
	int r;

	r = store_open_reader(w->ctx->instance, &exists, &store, reterr);
	if (!r)
		r = store_version(store, &seen, reterr);
	if (!r)
		r = look_again(w, store, m, reterr);
	while (!r && exists) {
		r = store_watch_wait(sw, fileno(stdout), reterr);
		if (!r && !store_is_current(store))
			return 0;
		if (!r)
			r = store_version(store, &version, reterr);
		if (!r && version != seen)
			r = look_again(w, store, m, reterr);
		seen = version;
	}
	return r ?: store_watch_wait(sw, fileno(stdout), reterr);
}

int watch_run(struct watch *w, struct err *reterr)
{
	own(store_watch_close) struct store_watch *sw = NULL;
	own(moment_done) struct moment m = { 0 };
	struct table_widths widths = { 0 };
	int r = store_watch_open(w->ctx->instance, &sw, reterr);

	w->look.widths = &widths;
	while (!r)
		r = watch_store(w, sw, &m, reterr);
	return r == -EPIPE ? 0 : r;
}
