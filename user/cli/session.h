/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A change of what is stored, from its begin to the maps: what attach, apply, delete
 * and sync have in common. Without an end nothing is changed.
 */
#pragma once

#include "cli/cli.h"
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
	struct store *store;		/* in a transaction */
	struct datapath *dp;		/* NULL: nothing is attached */
};

enum session_maps {
	SESSION_NO_MAPS,	/* to try something on the store alone */
	SESSION_MAPS,		/* if there are any */
	SESSION_NEW_MAPS,	/* made if there are none */
};

/* Waits for its turn among the writers of the instance. */
int session_begin(struct session *s, const struct cmd_context *ctx, enum session_maps maps,
		  struct err *reterr);

/* Changes what is stored: see change_make(). Once a session. */
int session_change(struct session *s, change_fn *fn, void *arg, const object_vec *objects,
		   struct err *reterr);

/*
 * Writes what the store says to the maps, then commits: both or, on failure, neither.
 * Warnings go to standard error. *@ret_writes may be NULL.
 */
int session_end(struct session *s, size_t *ret_writes, struct err *reterr);

/* Rolls back what has no end yet. */
void session_done(struct session *s);
DEFINE_OWN_DONE(struct session, session_done)
