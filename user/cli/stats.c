/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice stats: what the kernel counted, under the names that are stored.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/report_json.h"
#include "cli/report_table.h"
#include "cli/say.h"
#include "cli/session.h"
#include "daemon/reconcile.h"

enum stats_output {
	STATS_TABLE,
	STATS_JSON,
};

static const char *const stats_outputs[] = { [STATS_TABLE] = "", [STATS_JSON] = "json", NULL };

struct stats_opts {
	const char *namespace;
	bool all_namespaces;
	bool backends;
	bool drops;
	int output;
};

/* *@view holds the names that *@rep borrows. */
static int report_load(const struct cmd_context *ctx, struct node_view *view, struct report *rep,
		       struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	own(store_close) struct store *store = NULL;
	own(stats_done) struct stats stats = { 0 };
	int r;

	r = session_read(ctx, &store, &dp, reterr);
	if (!r && !dp)
		r = err_set(reterr, ENOENT,
			    "nothing is attached, so nothing is counted (sluice attach DEV)");
	if (!r)
		r = node_view_load(store, dp, NULL, NULL, view, reterr);
	if (!r)
		r = datapath_stats(dp, &stats, reterr);
	if (!r)
		r = report_make(&view->image, &stats, rep, reterr);
	return r;
}

static int print_json(const struct report *rep, struct err *reterr)
{
	json_t *j = report_json(rep);

	if (!j || json_dumpf(j, stdout, JSON_INDENT(2))) {
		json_decref(j);
		return err_set(reterr, EIO, "cannot print");
	}
	putchar('\n');
	json_decref(j);
	return 0;
}

/* What was stopped, and why: on the node, and of which services. */
static int print_drops(const struct report *rep, bool totals, struct err *reterr)
{
	int r = totals ? report_print_reasons(stdout, rep, true, reterr) : 0;

	if (r)
		return r;
	if (totals)
		putchar('\n');
	return report_print_service_drops(stdout, rep, reterr);
}

/* The totals are the node's: they stand below the table of all services only. */
static int print_tables(const struct report *rep, const struct stats_opts *o, bool totals,
			struct err *reterr)
{
	int r = 0;

	if (rep->services.n)
		r = report_print(stdout, rep, o->backends, reterr);
	else
		fputs("no services\n", stdout);
	if (r || !totals)
		return r;
	putchar('\n');
	return report_print_reasons(stdout, rep, false, reterr);
}

/* ExternalName, headless, or another proxy's: it is there, but no packet comes by us. */
static bool name_is_stored(const struct snapshot *snap, const char *ns, const char *text)
{
	size_t n;
	struct object **all = snapshot_kind(snap, KIND_SERVICE, &n);

	for (size_t i = 0; i < n; i++) {
		const struct meta *m = all[i]->meta;

		if ((!ns || !strcmp(ns, m->namespace)) &&
		    report_name_means(text, m->namespace, m->name))
			return true;
	}
	return false;
}

/* Whether all of the names are there; it has been said which are not. */
static bool names_are_there(const struct report *rep, const struct snapshot *snap, const char *ns,
			    char *const names[], int n)
{
	bool all = true;

	for (int i = 0; i < n; i++) {
		if (report_has(rep, names[i]))
			continue;
		if (name_is_stored(snap, ns, names[i]))
			say_error("services \"%s\" has no addresses here, so nothing of it is counted",
				  report_name(names[i]));
		else
			say_not_found(KIND_SERVICE, report_name(names[i]));
		all = false;
	}
	return all;
}

static int cmd_stats(const struct cmd_context *ctx, int argc, char **argv)
{
	own(node_view_done) struct node_view view = { 0 };
	own(report_done) struct report rep = { 0 };
	const struct stats_opts *o = ctx->opts;
	const char *ns = o->all_namespaces ? NULL : o->namespace;
	struct err e = { 0 };
	bool all;
	int r;

	if (o->backends && o->drops)
		return say_usage(ctx, "either --backends or --drops, not both");
	if (report_load(ctx, &view, &rep, &e))
		return say_failure(&e);

	report_filter(&rep, ns, argv, (size_t)argc);
	all = names_are_there(&rep, &view.snap, ns, argv, argc);
	if (!all && !rep.services.n)
		return EXIT_FAILURE;
	if (o->output == STATS_JSON)
		r = print_json(&rep, &e);
	else if (o->drops)
		r = print_drops(&rep, !argc && !ns, &e);
	else
		r = print_tables(&rep, o, !argc && !ns, &e);
	if (r)
		return say_failure(&e);
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const struct option_row stats_options[] = {
	{ .name = "backends", .help = "a row for each backend, too",
	  OPTION_FLAG(struct stats_opts, backends) },
	{ .name = "drops", .help = "every reason to drop a packet, with its count",
	  OPTION_FLAG(struct stats_opts, drops) },
	{ .letter = 'n', .name = "namespace", .arg = "NS", .help = "of this namespace alone",
	  OPTION_TEXT(struct stats_opts, namespace) },
	{ .letter = 'A', .name = "all-namespaces",
	  .help = "of all namespaces (default), whatever -n says",
	  OPTION_FLAG(struct stats_opts, all_namespaces) },
	{ .letter = 'o', .name = "output", .arg = "FORMAT",
	  .help = "json: exact numbers, in the shape that sluice(8) documents",
	  OPTION_CHOICE(struct stats_opts, output, stats_outputs) },
	{ 0 },
};

const struct command command_stats = {
	.name = "stats",
	.args = "[[NAMESPACE/]SERVICE]...",
	.summary = "show packets, bytes, connections and drops by service",
	.details = "In is from client to backend. Bytes are those of IP packets.\n",
	.options = stats_options,
	.opts_size = sizeof(struct stats_opts),
	.run = cmd_stats,
};
