/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A change of what is stored, from its begin to the maps: what attach, apply, delete
 * and sync have in common. Without an end nothing is changed.
 */
#pragma once

#include "cli/cli.h"
#include "cluster/cluster.h"
#include "daemon/reconcile.h"

/*
 * What get, stats and status read; nothing is made for them. -ENOENT if there is no such
 * instance; the one called "default" is always there, if empty. *@ret_dp stays NULL if nothing is
 * attached; @ret_dp NULL: the maps do not matter.
 */
int session_read(const struct cmd_context *ctx, struct store **ret, struct datapath **ret_dp,
		 struct err *reterr);

struct session {
	struct store_change change;		/* what session_change() did, if @changed */
	bool changed;
	const char *instance;
	struct store *store;		/* in a transaction, unless @dry */
	struct datapath *dp;		/* NULL: nothing is attached */
	bool dry;
};

enum session_maps {
	SESSION_DRY,		/* reads what is stored, makes nothing, keeps nothing */
	SESSION_DRY_MAPS,	/* the same, and looks at the maps, if there are any */
	SESSION_OLD,		/* as the next one, but makes no instance: -ENOENT if there is none
				 * of this name; of "default", a dry one that is empty */
	SESSION_MAPS,		/* the maps, if there are any */
	SESSION_NEW_MAPS,	/* made if there are none */
};

/* Waits for its turn among the writers of the instance. */
int session_begin(struct session *s, const struct cmd_context *ctx, enum session_maps maps,
		  struct err *reterr);

/*
 * Lets @change change what is stored; a failure of it leaves all as it was. In a dry session
 * nobody but @change sees the outcome. What @change notes in @arg begins anew with each call.
 * @objects: see change_make(). Once a session.
 */
typedef int session_change_fn(void *arg, const struct cluster_config *cfg, struct snapshot *snap,
			      struct err *reterr);
int session_change(struct session *s, session_change_fn *change, void *arg,
		   const object_vec *objects, struct err *reterr);

/*
 * Writes what the store says to the maps, then commits: both or, on failure, neither.
 * Warnings go to standard error. *@ret_writes may be NULL. A dry session has nothing to end.
 */
int session_end(struct session *s, size_t *ret_writes, struct err *reterr);

/* Rolls back what has no end yet. */
void session_done(struct session *s);
DEFINE_OWN_DONE(struct session, session_done)
