/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects of files on their way into the store: what apply, create and diff have in common.
 */
#pragma once

#include "cli/files.h"
#include "cluster/cluster.h"
#include "model/selector.h"

/* In a command's options. */
struct put_opts {
	option_list files;
	const char *namespace;
	const char *labels;
	bool prune;
	bool strict;
};

struct put {
	const struct put_opts *opts;
	bool create;			/* what is there already is refused */
	struct selector selector;
	object_vec objects;
	/* What came of it. */
	cluster_change_vec applied;
	cluster_change_vec pruned;
};

void put_done(struct put *p);
DEFINE_OWN_DONE(struct put, put_done)

/* Reads the files; warnings go to standard error. The rest of *@p is the caller's to set. */
int put_load(struct put *p, struct err *reterr);

/* A session_change_fn of a struct put. */
int put_change(void *put, const struct cluster_config *cfg, struct snapshot *snap,
	       struct err *reterr);
