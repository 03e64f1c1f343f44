/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/session.h"

#include <string.h>

#include "cli/say.h"
#include "daemon/settings.h"

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

static int no_instance(const char *instance, struct err *reterr)
{
	return err_set(reterr, ENOENT, "there is no instance \"%s\"", instance);
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
		return no_instance(ctx->instance, reterr);
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
	case SESSION_DRY:
		return 0;
	case SESSION_DRY_MAPS:
	case SESSION_OLD:
	case SESSION_MAPS:
		return maps_find(s, ret, reterr);
	case SESSION_NEW_MAPS:
		/* No check: the namespace that the maps are bound to may be gone. */
		return datapath_open(s->instance, true, ret, reterr);
	}
	return 0;
}

/* Without a transaction: others go on. */
static int store_open_dry(const char *instance, struct store **ret, struct err *reterr)
{
	bool exists;

	return store_open_reader(instance, &exists, ret, reterr);
}

/* Whether there is anything of the instance yet. */
static int instance_look(const char *instance, bool *ret, struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	own(store_close) struct store *store = NULL;
	bool exists = false;
	int r = store_open_reader(instance, &exists, &store, reterr);

	if (!r && !exists)
		r = maps_look(instance, &dp, reterr);
	if (r)
		return r;
	*ret = exists || dp;
	return *ret || !strcmp(instance, INSTANCE_DEFAULT) ? 0 : no_instance(instance, reterr);
}

static int store_open_begin(const char *instance, struct store **ret, struct err *reterr)
{
	int r = store_open(instance, ret, reterr);

	return r ?: store_begin(*ret, reterr);
}

int session_begin(struct session *s, const struct cmd_context *ctx, enum session_maps maps,
		  struct err *reterr)
{
	own(session_done) struct session new = {
		.instance = ctx->instance,
		.dry = maps == SESSION_DRY || maps == SESSION_DRY_MAPS,
	};
	bool there = true;
	int r = 0;

	if (maps == SESSION_OLD)
		r = instance_look(ctx->instance, &there, reterr);
	new.dry |= !there;
	if (r)
		return r;
	if (new.dry)
		r = store_open_dry(ctx->instance, &new.store, reterr);
	else
		r = store_open_begin(ctx->instance, &new.store, reterr);
	if (!r)
		r = maps_open(&new, maps, &new.dp, reterr);
	if (r)
		return r;
	*s = new;
	new = (struct session){ 0 };
	return 0;
}

/* What the maps would hold is made for its errors and warnings. */
static int session_try(struct session *s, struct snapshot *snap, struct err *reterr)
{
	own(node_view_done) struct node_view view = { 0 };

	return node_view_make(s->store, s->dp, snap, say_warning_text, NULL, &view, reterr);
}

/* A change that nobody sees, on everything: the image is made of what comes of it. */
static int session_change_dry(struct session *s, session_change_fn *change, void *arg,
			      struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	struct cluster_config cfg;

	return settings_load(s->store, &cfg, reterr)
	    ?: store_load(s->store, &snap, reterr)
	    ?: change(arg, &cfg, &snap, reterr)
	    ?: session_try(s, &snap, reterr);
}

struct changing {
	session_change_fn *change;
	void *arg;
	struct cluster_config cfg;
};

/* A change_fn. */
static int change_call(void *arg, struct snapshot *snap, struct err *reterr)
{
	const struct changing *c = arg;

	return c->change(c->arg, &c->cfg, snap, reterr);
}

int session_change(struct session *s, session_change_fn *change, void *arg,
		   const object_vec *objects, struct err *reterr)
{
	struct changing c = { .change = change, .arg = arg };
	int r;

	if (s->dry)
		return session_change_dry(s, change, arg, reterr);
	r = settings_load(s->store, &c.cfg, reterr);
	if (r)
		return r;
	r = change_make(s->store, change_call, &c, objects, &s->change, reterr);
	s->changed = !r;
	return r;
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

int session_end(struct session *s, size_t *ret_writes, struct err *reterr)
{
	int r;

	if (s->dry)
		return 0;
	r = s->changed ? reconcile_change(s->store, s->dp, &s->change, say_warning_text, NULL,
					  ret_writes, reterr) :
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
