/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice detach: programs off devices; with the last device everything leaves the kernel.
 * A store that cannot be read must not keep anybody from that.
 */
#include <stdio.h>
#include <string.h>

#include "cli/attachments.h"
#include "cli/cli.h"
#include "cli/say.h"
#include "daemon/reconcile.h"

struct detach_opts {
	bool all;
};

static int begin(const char *instance, struct store **ret, struct err *reterr)
{
	own(store_close) struct store *store = NULL;
	int r = store_open(instance, &store, reterr);

	if (!r)
		r = store_begin(store, reterr);
	if (!r)
		*ret = TAKE(store);
	return r;
}

/* lo comes and goes with uplinks. */
static bool any_left(const attachment_vec *all)
{
	vec_each(a, all) {
		if (strcmp(a->name, "lo"))
			return true;
	}
	return false;
}

/* @store may be NULL. */
static int remove_all(struct store *store, struct datapath *dp, struct err *reterr)
{
	int r = datapath_detach_all(dp, reterr);

	if (!r && store)
		r = reconcile_release(store, reterr);
	if (!r && store)
		r = store_commit(store, reterr);
	return r;
}

static int detach_all(struct store *store, struct datapath *dp)
{
	own(attachments_done) attachment_vec all = { 0 };
	struct err e = { 0 };

	if (datapath_attachments(dp, &all, &e))
		say_warning("%s", e.text);
	e = (struct err){ 0 };
	if (remove_all(store, dp, &e))
		return say_failure(&e);
	vec_each(a, &all)
		printf("%s: detached\n", a->name);
	return EXIT_SUCCESS;
}

static bool is_attached(const attachment_vec *all, const char *name)
{
	vec_each(a, all) {
		if (!strcmp(a->name, name))
			return true;
	}
	return false;
}

/* All names before anything is done; says each that is not there. */
static int names_check(struct datapath *dp, int argc, char **argv)
{
	own(attachments_done) attachment_vec all = { 0 };
	struct err e = { 0 };
	int status = EXIT_SUCCESS;

	if (datapath_attachments(dp, &all, &e))
		return say_failure(&e);
	for (int i = 0; i < argc; i++) {
		if (is_attached(&all, argv[i]))
			continue;
		say_error("%s is not attached", argv[i]);
		status = EXIT_FAILURE;
	}
	return status;
}

static int detach_names(struct datapath *dp, int argc, char **argv)
{
	int status = EXIT_SUCCESS;

	for (int i = 0; i < argc; i++) {
		struct err e = { 0 };

		if (datapath_detach(dp, argv[i], &e))
			status = say_failure(&e);
		else
			printf("%s: detached\n", argv[i]);
	}
	return status;
}

/* What is left serves on, with other facts perhaps; or nothing is left. */
static int settle(struct store *store, struct datapath *dp, struct err *reterr)
{
	own(attachments_done) attachment_vec left = { 0 };
	int r = datapath_attachments(dp, &left, reterr);

	if (r)
		return r;
	if (!any_left(&left))
		return remove_all(store, dp, reterr);
	return store ? reconcile(store, dp, NULL, NULL, NULL, reterr) : 0;
}

static int cmd_detach(const struct cmd_context *ctx, int argc, char **argv)
{
	own(store_close) struct store *store = NULL;
	own(datapath_close) struct datapath *dp = NULL;
	const struct detach_opts *o = ctx->opts;
	struct err e = { 0 }, store_e = { 0 };
	int r, status;

	if (o->all == (argc > 0))
		return say_usage(ctx, "name devices, or --all");

	r = o->all ? datapath_open_to_detach(ctx->instance, &dp, &e) :
		     datapath_open(ctx->instance, false, &dp, &e);
	if (r == -ENOENT) {
		say_error("nothing is attached");
		return o->all ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	if (r)
		return say_failure(&e);
	if (begin(ctx->instance, &store, &store_e))
		say_warning("going on without the state: %s", store_e.text);
	if (o->all)
		return detach_all(store, dp);

	if (store && reconcile_check(store, ctx->instance, &e))
		return say_failure(&e);
	status = names_check(dp, argc, argv);
	if (status)
		return status;
	status = detach_names(dp, argc, argv);
	if (settle(store, dp, &e))
		return say_failure(&e);
	return status;
}

static const struct option_row detach_options[] = {
	{ .name = "all", .help = "every device, and all maps with their flows and counters",
	  OPTION_FLAG(struct detach_opts, all) },
	{ 0 },
};

const struct command command_detach = {
	.name = "detach",
	.args = "DEV... | --all",
	.summary = "take the programs off devices",
	.details = "With the last device the maps go too, and nothing of sluice is left in the\n"
		   "kernel. What was applied stays stored.\n",
	.options = detach_options,
	.opts_size = sizeof(struct detach_opts),
	.run = cmd_detach,
};
