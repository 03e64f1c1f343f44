/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice get: what is stored, as kubectl shows it.
 */
#include "cli/cli.h"
#include "cli/files.h"
#include "cli/get_print.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/watch.h"

static const char *const get_outputs[] = {
	[GET_TABLE] = "", [GET_WIDE] = "wide", [GET_JSON] = "json",
	[GET_YAML] = "yaml", [GET_NAME] = "name", NULL,
};

struct get_opts {
	option_list files;
	struct scope_opts scope;
	bool show_labels;
	bool no_headers;
	bool watch;
	bool watch_events;
	bool ignore_not_found;
	int output;
};

/* What is asked for: kinds and names in a scope, or the objects of files. */
struct query {
	struct scope scope;
	resource_vec resources;
	object_vec objects;
};

static void query_done(struct query *q)
{
	scope_done(&q->scope);
	resources_done(&q->resources);
	objects_done(&q->objects);
}
DEFINE_OWN_DONE(struct query, query_done)

static bool is_of_several_kinds(const struct query *q)
{
	vec_each(res, &q->resources) {
		if (res->kind != q->resources.at[0].kind)
			return true;
	}
	vec_each(o, &q->objects) {
		if ((*o)->kind != q->objects.at[0]->kind)
			return true;
	}
	return false;
}

/* One object by its name stands alone; everything else is a List. */
static bool is_one_object(const struct query *q)
{
	return q->objects.n + q->resources.n == 1 && (q->objects.n || q->resources.at[0].name);
}

static bool output_is_table(const struct get_opts *o)
{
	return o->output == GET_TABLE || o->output == GET_WIDE;
}

static struct get_look opts_look(const struct get_opts *o, const struct query *q)
{
	return (struct get_look){
		.output = o->output,
		.with_namespace = o->scope.all_namespaces,
		.show_labels = o->show_labels,
		.no_heads = o->no_headers,
		.env = { .with_kind = is_of_several_kinds(q) },
	};
}

static int print_found(const found_vec *found, const struct query *q, const struct get_look *look,
		       struct err *reterr)
{
	bool list = !is_one_object(q) || found->n != 1;

	if (found->n || look->output == GET_JSON || look->output == GET_YAML)
		return get_print(stdout, found, look, list, reterr);
	scope_say_none(&q->scope, &q->resources);
	return 0;
}

static int find(const struct query *q, const struct snapshot *snap, found_vec *found,
		bool *ret_missing, struct err *reterr)
{
	if (q->objects.n)
		return scope_find_objects(snap, &q->objects, found, ret_missing, reterr);
	return scope_find(&q->scope, snap, &q->resources, found, ret_missing, reterr);
}

/* *@ret_missing: something that was asked for by name is not there, and that has been said. */
static int get(const struct cmd_context *ctx, const struct query *q, bool *ret_missing,
	       struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	own(store_close) struct store *store = NULL;
	own(found_done) found_vec found = { 0 };
	own(free) char *node = NULL;
	const struct get_opts *o = ctx->opts;
	struct get_look look = opts_look(o, q);
	int r;

	r = session_read(ctx, &store, NULL, reterr);
	if (!r)
		r = scope_load(store, &q->resources, &snap, reterr);
	if (!r)
		r = reconcile_node_name(store, &node, reterr);
	if (!r)
		r = find(q, &snap, &found, o->ignore_not_found ? NULL : ret_missing, reterr);
	if (r)
		return r;

	look.env.node = node;
	if (o->watch && !*ret_missing) {
		struct watch w = { .ctx = ctx, .scope = &q->scope, .resources = &q->resources,
				   .look = look, .events = o->watch_events };

		return watch_run(&w, reterr);
	}
	if ((*ret_missing || o->ignore_not_found) && !found.n)
		return 0;
	return print_found(&found, q, &look, reterr);
}

/* 0, or EXIT_USAGE and has said why. */
static int opts_check(const struct cmd_context *ctx, const struct query *q)
{
	const struct get_opts *o = ctx->opts;

	vec_each(res, &q->resources) {
		if (res->name && o->scope.labels)
			return say_usage(ctx, "either names or -l, not both");
	}
	if (o->watch && q->resources.n != 1)
		return say_usage(ctx, "-w watches one kind, or one object");
	if (o->watch_events && (!o->watch || !output_is_table(o)))
		return say_usage(ctx, "--output-watch-events is for tables with -w");
	return 0;
}

/* 0, EXIT_USAGE or EXIT_FAILURE, and has said why. */
static int query_parse(struct query *q, const struct cmd_context *ctx, int argc, char **argv)
{
	const struct get_opts *o = ctx->opts;
	const struct files_want want = { .files = &o->files, .namespace = o->scope.namespace };
	struct err e = { 0 };

	if (o->files.n && (argc || o->scope.labels || o->scope.all_namespaces))
		return say_usage(ctx, "-f stands alone: without names, -l and -A");
	if (scope_parse(&o->scope, &q->scope, &e) ||
	    (!o->files.n && resources_parse(argc, argv, &q->resources, &e)))
		return say_usage(ctx, "%s", e.text);
	if (o->files.n && files_load(&want, &q->objects, &e))
		return say_failure(&e);
	return opts_check(ctx, q);
}

static int cmd_get(const struct cmd_context *ctx, int argc, char **argv)
{
	own(query_done) struct query q = { 0 };
	struct err e = { 0 };
	bool missing = false;
	int status = query_parse(&q, ctx, argc, argv);

	if (status)
		return status;
	if (get(ctx, &q, &missing, &e))
		return say_failure(&e);
	return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option_row get_options[] = {
	FILES_ROW(struct get_opts, files),
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
	.args = "KIND[,...] [NAME]... | KIND/NAME... | -f FILE...",
	.summary = "show Services, EndpointSlices, Endpoints, Pods and Nodes",
	.details = "kinds: services (svc), endpointslices (eps), endpoints (ep), pods (po),\n"
		   "nodes (no); all: those of them that are in a namespace\n",
	.options = get_options,
	.opts_size = sizeof(struct get_opts),
	.run = cmd_get,
};
