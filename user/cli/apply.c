/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice apply: manifests → objects → store and maps, all or nothing.
 */
#include "cli/caveats.h"
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/files.h"
#include "cli/say.h"
#include "cli/session.h"
#include "daemon/settings.h"

struct apply_opts {
	option_list files;
	const char *namespace;
	int dry_run;
	bool strict;
};

/* What is stored becomes what is stored with @objects applied to it. */
static int apply_objects(struct session *s, const object_vec *objects,
			 cluster_change_vec *changes, struct err *reterr)
{
	own(snapshot_done) struct snapshot before = { 0 }, after = { 0 };
	struct cluster_config cfg;
	int r;

	r = settings_load(s->store, &cfg, reterr);
	if (!r)
		r = store_load(s->store, &before, reterr);
	if (!r)
		r = store_load(s->store, &after, reterr);
	if (!r)
		r = cluster_apply(&after, &cfg, objects->at, objects->n, changes, reterr);
	if (!r)
		r = store_save(s->store, &before, &after, reterr);
	return r;
}

static int apply(const struct cmd_context *ctx, const struct apply_opts *o,
		 cluster_change_vec *changes, struct err *reterr)
{
	own(objects_done) object_vec objects = { 0 };
	own(session_done) struct session s = { 0 };
	int r;

	r = files_load(&o->files, o->namespace, o->strict, &objects, reterr);
	if (!r)
		r = session_begin(&s, ctx, o->dry_run ? SESSION_NO_MAPS : SESSION_MAPS, reterr);
	if (!r)
		r = apply_objects(&s, &objects, changes, reterr);
	if (!r && !o->dry_run)
		r = session_end(&s, NULL, reterr);
	if (!r)
		caveats_tell(&objects, say_warning_text, NULL);
	return r;
}

static int cmd_apply(const struct cmd_context *ctx, int argc, char **argv)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	const struct apply_opts *o = ctx->opts;
	struct err e = { 0 };

	if (argc)
		return say_usage(ctx, "unexpected \"%s\": files are named with -f", argv[0]);
	if (!o->files.n)
		return say_usage(ctx, "-f is missing");
	if (apply(ctx, o, &changes, &e))
		return say_failure(&e);
	changes_print_applied(stdout, &changes, o->dry_run);
	return EXIT_SUCCESS;
}

static const struct option_row apply_options[] = {
	{ .letter = 'f', .name = "filename", .arg = "FILE", .help = FILES_HELP "; repeatable",
	  OPTION_LIST(struct apply_opts, files) },
	{ .letter = 'n', .name = "namespace", .arg = "NS",
	  .help = "for objects that name none (default \"default\")",
	  OPTION_TEXT(struct apply_opts, namespace) },
	{ .name = "dry-run", .help = "check everything, change nothing (client, server or none)",
	  OPTION_DRY_RUN(struct apply_opts, dry_run) },
	{ .name = "strict", .help = "an object of an unknown kind is an error, not a warning",
	  OPTION_FLAG(struct apply_opts, strict) },
	{ 0 },
};

const struct command command_apply = {
	.name = "apply",
	.args = "-f FILE...",
	.summary = "create or change Services and what stands behind them",
	.details = "All or nothing: an error, which names file, line and field, changes nothing.\n"
		   "Of an object that is not valid, the line is where it begins.\n"
		   "Fields that are not known are ignored, so a misspelt one is not noticed.\n"
		   "Works before anything is attached, too.\n",
	.options = apply_options,
	.opts_size = sizeof(struct apply_opts),
	.run = cmd_apply,
};
