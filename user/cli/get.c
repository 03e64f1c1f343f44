/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice get: what is stored, as kubectl shows it.
 */
#include "cli/cli.h"
#include "cli/get_print.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/watch.h"

static const char *const get_outputs[] = {
	[GET_TABLE] = "", [GET_WIDE] = "wide", [GET_JSON] = "json",
	[GET_YAML] = "yaml", [GET_NAME] = "name", NULL,
};

struct get_opts {
	struct scope_opts scope;
	bool show_labels;
	bool no_headers;
	bool watch;
	bool watch_events;
	bool ignore_not_found;
	int output;
};

static bool is_of_several_kinds(const resource_vec *resources)
{
	vec_each(res, resources) {
		if (res->kind != resources->at[0].kind)
			return true;
	}
	return false;
}

static bool output_is_table(const struct get_opts *o)
{
	return o->output == GET_TABLE || o->output == GET_WIDE;
}

static struct get_look opts_look(const struct get_opts *o, const resource_vec *resources)
{
	return (struct get_look){
		.output = o->output,
		.with_namespace = o->scope.all_namespaces,
		.show_labels = o->show_labels,
		.no_heads = o->no_headers,
		.env = { .with_kind = is_of_several_kinds(resources) },
	};
}

static int print_found(const found_vec *found, const struct scope *scope,
		       const resource_vec *resources, const struct get_look *look,
		       struct err *reterr)
{
	/* One object by its name stands alone; everything else is a List. */
	bool list = resources->n != 1 || !resources->at[0].name || found->n != 1;

	if (found->n || look->output == GET_JSON || look->output == GET_YAML)
		return get_print(stdout, found, look, list, reterr);
	scope_say_none(scope, resources);
	return 0;
}

/* *@ret_missing: something that was asked for by name is not there, and that has been said. */
static int get(const struct cmd_context *ctx, const struct scope *scope,
	       const resource_vec *resources, bool *ret_missing, struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	own(store_close) struct store *store = NULL;
	own(found_done) found_vec found = { 0 };
	own(free) char *node = NULL;
	const struct get_opts *o = ctx->opts;
	struct get_look look = opts_look(o, resources);
	int r;

	r = session_read(ctx, &store, NULL, reterr);
	if (!r)
		r = store_load(store, &snap, reterr);
	if (!r)
		r = reconcile_node_name(store, &node, reterr);
	if (!r)
		r = scope_find(scope, &snap, resources, &found,
			       o->ignore_not_found ? NULL : ret_missing, reterr);
	if (r)
		return r;

	look.env.node = node;
	if (o->watch && !*ret_missing) {
		struct watch w = { .ctx = ctx, .scope = scope, .resources = resources,
				   .look = look, .events = o->watch_events };

		return watch_run(&w, reterr);
	}
	if ((*ret_missing || o->ignore_not_found) && !found.n)
		return 0;
	return print_found(&found, scope, resources, &look, reterr);
}

/* 0, or EXIT_USAGE and has said why. */
static int opts_check(const struct cmd_context *ctx, const resource_vec *resources)
{
	const struct get_opts *o = ctx->opts;

	vec_each(res, resources) {
		if (res->name && o->scope.labels)
			return say_usage(ctx, "either names or -l, not both");
	}
	if (o->watch && resources->n != 1)
		return say_usage(ctx, "-w watches one kind, or one object");
	if (o->watch_events && (!o->watch || !output_is_table(o)))
		return say_usage(ctx, "--output-watch-events is for tables with -w");
	return 0;
}

static int cmd_get(const struct cmd_context *ctx, int argc, char **argv)
{
	own(resources_done) resource_vec resources = { 0 };
	own(scope_done) struct scope scope = { 0 };
	const struct get_opts *o = ctx->opts;
	struct err e = { 0 };
	bool missing = false;
	int status;

	if (resources_parse(argc, argv, &resources, &e) || scope_parse(&o->scope, &scope, &e))
		return say_usage(ctx, "%s", e.text);
	status = opts_check(ctx, &resources);
	if (status)
		return status;
	if (get(ctx, &scope, &resources, &missing, &e))
		return say_failure(&e);
	return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option_row get_options[] = {
	SCOPE_ROWS(struct get_opts, scope),
	{ .letter = 'o', .name = "output", .arg = "FORMAT", .help = "wide, json, yaml or name",
	  OPTION_CHOICE(struct get_opts, output, get_outputs) },
	{ .name = "show-labels", .help = "all labels, in the last column",
	  OPTION_FLAG(struct get_opts, show_labels) },
	{ .name = "no-headers", .help = "rows alone",
	  OPTION_FLAG(struct get_opts, no_headers) },
	{ .name = "ignore-not-found", .help = "what is not there is no failure, and not told",
	  OPTION_FLAG(struct get_opts, ignore_not_found) },
	{ .letter = 'w', .name = "watch", .help = "then what changes, until interrupted",
	  OPTION_FLAG(struct get_opts, watch) },
	{ .name = "output-watch-events",
	  .help = "with -w: whether it was ADDED, MODIFIED or DELETED",
	  OPTION_FLAG(struct get_opts, watch_events) },
	{ 0 },
};

const struct command command_get = {
	.name = "get",
	.args = "KIND[,KIND]... [NAME]... | KIND/NAME...",
	.summary = "show Services, EndpointSlices, Endpoints, Pods and Nodes",
	.details = "kinds: services (svc), endpointslices (eps), endpoints (ep), pods (po),\n"
		   "nodes (no); all: those of them that are in a namespace\n",
	.options = get_options,
	.opts_size = sizeof(struct get_opts),
	.run = cmd_get,
};
