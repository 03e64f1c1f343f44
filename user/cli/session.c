/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/session.h"

#include <string.h>

#include "cli/say.h"

#define INSTANCE_DEFAULT "default"

/* *@ret stays NULL if nothing is attached. */
static int maps_look(const char *instance, struct datapath **ret, struct err *reterr)
{
	struct err e = { 0 };
	int r = datapath_open(instance, false, ret, &e);

	if (r && r != -ENOENT)
		return err_set(reterr, e.code, "%s", e.text);
	return 0;
}

int session_read(const struct cmd_context *ctx, struct store **ret, struct datapath **ret_dp,
		 struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	own(store_close) struct store *store = NULL;
	bool exists;
	int r;

	r = store_open_reader(ctx->instance, &exists, &store, reterr);
	if (!r && ret_dp)
		r = maps_look(ctx->instance, &dp, reterr);
	if (r)
		return r;
	if (!exists && !dp && strcmp(ctx->instance, INSTANCE_DEFAULT) != 0)
		return err_set(reterr, ENOENT, "there is no instance \"%s\"", ctx->instance);
	*ret = TAKE(store);
	if (ret_dp)
		*ret_dp = TAKE(dp);
	return 0;
}

static int maps_find(const struct session *s, struct datapath **ret, struct err *reterr)
{
	int r = maps_look(s->instance, ret, reterr);

	return r || !*ret ? r : reconcile_check(s->store, s->instance, reterr);
}

static int maps_open(const struct session *s, enum session_maps maps, struct datapath **ret,
		     struct err *reterr)
{
	switch (maps) {
	case SESSION_NO_MAPS:
		return 0;
	case SESSION_MAPS:
		return maps_find(s, ret, reterr);
	case SESSION_NEW_MAPS:
		/* No check: the namespace that the maps are bound to may be gone. */
		return datapath_open(s->instance, true, ret, reterr);
	}
	return 0;
}

int session_begin(struct session *s, const struct cmd_context *ctx, enum session_maps maps,
		  struct err *reterr)
{
	own(session_done) struct session new = { .instance = ctx->instance };
	int r;

	r = store_open(ctx->instance, &new.store, reterr);
	if (!r)
		r = store_begin(new.store, reterr);
	if (!r)
		r = maps_open(&new, maps, &new.dp, reterr);
	if (r)
		return r;
	*s = new;
	new = (struct session){ 0 };
	return 0;
}

/* The maps are ahead of a store that would not commit. */
static void session_take_back(struct session *s)
{
	struct err e = { 0 };
	int r;

	store_rollback(s->store);
	r = store_begin(s->store, &e);
	if (!r)
		r = reconcile(s->store, s->dp, NULL, NULL, NULL, &e);
	if (r)
		say_error("the maps hold a change that was not stored; run sluice sync: %s", e.text);
}

int session_change(struct session *s, change_fn *fn, void *arg, const object_vec *objects,
		   struct err *reterr)
{
	int r = change_make(s->store, fn, arg, objects, &s->change, reterr);

	s->changed = !r;
	return r;
}

int session_end(struct session *s, size_t *ret_writes, struct err *reterr)
{
	int r = s->changed ?
		reconcile_change(s->store, s->dp, &s->change, say_warning_text, NULL, ret_writes,
				 reterr) :
		reconcile(s->store, s->dp, say_warning_text, NULL, ret_writes, reterr);

	if (!r)
		r = store_commit(s->store, reterr);
	if (r && s->dp)
		session_take_back(s);
	return r;
}

void session_done(struct session *s)
{
	store_change_done(&s->change);
	datapath_close(s->dp);
	store_close(s->store);
	*s = (struct session){ 0 };
}
