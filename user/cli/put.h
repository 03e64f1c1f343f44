/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The objects of files on their way into the store: what apply, create and diff have in common.
 */
#pragma once

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/scope.h"
#include "cluster/cluster.h"
#include "model/selector.h"

/* In a command's options. */
struct put_opts {
	option_list files;
	const char *namespace;
	const char *labels;
	bool prune;
	bool all;			/* --prune means everything, though no directory is named */
	bool strict;
};

#define PUT_ROWS(type_, field)                                                     \
	FILES_ROW(type_, field.files),                                             \
	FILES_NAMESPACE_ROW(type_, field.namespace),                               \
	SELECTOR_ROW(type_, field.labels, "only the objects with these labels")

#define PRUNE_ROWS(type_, field, help_)                                            \
	{ .name = "prune", .help = help_, OPTION_FLAG(type_, field.prune) },       \
	{ .name = "all", .help = "with --prune: everything, though no directory is named", \
	  OPTION_FLAG(type_, field.all) }

struct put {
	const struct put_opts *opts;
	bool create;			/* what is there already is refused */
	struct selector selector;
	object_vec objects;		/* broken ones, too, */
	struct faults faults;		/* and what is wrong with the files */
	text_vec caveats;		/* what they ask for in vain, for people */
	/* What came of it. */
	cluster_change_vec applied;
	cluster_change_vec pruned;
	text_vec lacks;			/* what was accepted and does not work yet, for people */
};

void put_done(struct put *p);
DEFINE_OWN_DONE(struct put, put_done)

/* 0, or EXIT_USAGE and has said why. @argc, @argv: the operands, of which there are none. */
int put_check(const struct cmd_context *ctx, const struct put_opts *o, int argc, char **argv);

/*
 * Reads the files; warnings go to standard error. What is wrong with them is not told before
 * put_change() has looked at the rest, if there is any. The rest of *@p is the caller's to set.
 */
int put_load(struct put *p, struct err *reterr);

/* Warnings about what was put, on standard error. */
void put_tell(const struct put *p);

/* A session_change_fn of a struct put. */
int put_change(void *put, const struct cluster_config *cfg, struct snapshot *snap,
	       struct err *reterr);
