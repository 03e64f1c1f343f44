/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice apply and sluice create: manifests → objects → store and maps, all or nothing. They
 * differ in what they do with objects that are there already.
 */
#include <malloc.h>

#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/put.h"
#include "cli/say.h"
#include "cli/session.h"

struct apply_opts {
	struct put_opts put;
	int dry_run;
};

static int put_run(struct put *p, const struct cmd_context *ctx, bool dry_run, struct err *reterr)
{
	own(session_done) struct session s = { 0 };
	bool dry;
	int r;

	r = put_load(p, reterr);
	/* With faults nothing is stored: nobody has to wait, and no state to come into being. */
	dry = dry_run || p->faults.n;
	if (!r)
		r = session_begin(&s, ctx, dry ? SESSION_DRY : SESSION_MAPS, reterr);
	if (!r)
		r = session_change(&s, put_change, p, p->opts->prune ? NULL : &p->objects,
				   reterr);
	/*
	 * There may be very many. What they and the change let go goes back before the tables come
	 * beside it: all of them, as what is between others' memory does not.
	 */
	objects_done(&p->objects);
	if (s.change.whole)
		malloc_trim(0);
	if (!r)
		r = session_end(&s, NULL, reterr);
	if (!r)
		put_tell(p);
	return r;
}

static int run(const struct cmd_context *ctx, int argc, char **argv, bool create)
{
	const struct apply_opts *o = ctx->opts;
	own(put_done) struct put p = { .opts = &o->put, .create = create };
	struct err e = { 0 };
	int status = put_check(ctx, &o->put, argc, argv);

	if (status)
		return status;
	if (put_run(&p, ctx, o->dry_run, &e))
		return say_failure(&e);
	changes_print_applied(stdout, &p.applied, o->dry_run);
	changes_print_pruned(stdout, &p.pruned, o->dry_run);
	return EXIT_SUCCESS;
}

static int cmd_apply(const struct cmd_context *ctx, int argc, char **argv)
{
	return run(ctx, argc, argv, false);
}

static int cmd_create(const struct cmd_context *ctx, int argc, char **argv)
{
	return run(ctx, argc, argv, true);
}

static const struct option_row apply_options[] = {
	PUT_ROWS(struct apply_opts, put),
	PRUNE_ROWS(struct apply_opts, put, "remove what is stored and not in the files; with -n, "
					   "-l: of that namespace, with these labels"),
	DRY_RUN_ROW(struct apply_opts, dry_run, "check everything, change nothing"),
	FILES_STRICT_ROW(struct apply_opts, put.strict),
	{ 0 },
};

const struct command command_apply = {
	.name = "apply",
	.args = "-f FILE...",
	.summary = "create or change Services and what stands behind them",
	.details = "All or nothing: an error, which names file, line and field, changes nothing.\n"
		   "What is wrong with all files is told in one run; of an object that is not valid,\n"
		   "the line is where it begins.\n"
		   "A field that is not known, a misspelt one perhaps, is a warning.\n"
		   "Works before anything is attached, too.\n",
	.options = apply_options,
	.opts_size = sizeof(struct apply_opts),
	.run = cmd_apply,
};

static const struct option_row create_options[] = {
	PUT_ROWS(struct apply_opts, put),
	DRY_RUN_ROW(struct apply_opts, dry_run, "check everything, change nothing"),
	FILES_STRICT_ROW(struct apply_opts, put.strict),
	{ 0 },
};

const struct command command_create = {
	.name = "create",
	.args = "-f FILE...",
	.summary = "as apply, but refuse objects that are there already",
	.details = "All or nothing: if one of the objects exists, none is created.\n",
	.options = create_options,
	.opts_size = sizeof(struct apply_opts),
	.run = cmd_create,
};
