/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice describe: all that is known of objects, of a Service its endpoints and, if something is
 * attached, its counters too.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/describe_other.h"
#include "cli/describe_service.h"
#include "cli/report_table.h"
#include "cli/say.h"
#include "cli/scope.h"
#include "cli/session.h"

struct describe_opts {
	struct scope_opts scope;
};

/* What is stored and what was counted; without maps, only the snapshot of @view. */
struct sight {
	struct node_view view;
	struct report report;
	bool counted;
};

static void sight_done(struct sight *s)
{
	report_done(&s->report);
	node_view_done(&s->view);
}
DEFINE_OWN_DONE(struct sight, sight_done)

static int count(struct datapath *dp, struct sight *s, struct err *reterr)
{
	own(stats_done) struct stats stats = { 0 };
	int r = datapath_stats(dp, &stats, reterr);

	if (!r)
		r = report_make(&s->view.image, &stats, &s->report, reterr);
	s->counted = !r;
	return r;
}

/* Who may not see the maps sees the rest. */
static int open_all(const struct cmd_context *ctx, struct store **store, struct datapath **dp,
		    struct err *reterr)
{
	struct err e = { 0 };
	int r = session_read(ctx, store, dp, &e);

	if (r == -EPERM || r == -EACCES) {
		say_warning("no counters: %s", e.text);
		return session_read(ctx, store, NULL, reterr);
	}
	return r ? err_set(reterr, e.code, "%s", e.text) : 0;
}

static int sight_load(const struct cmd_context *ctx, struct sight *ret, struct err *reterr)
{
	own(datapath_close) struct datapath *dp = NULL;
	own(store_close) struct store *store = NULL;
	int r = open_all(ctx, &store, &dp, reterr);

	if (!r && !dp)
		return store_load(store, &ret->view.snap, reterr);
	if (!r)
		r = node_view_load(store, dp, NULL, NULL, &ret->view, reterr);
	return r ?: count(dp, ret, reterr);
}

/* --- counters ----------------------------------------------------------------- */

static int row_order(const struct report_service *row, const struct meta *service)
{
	if (!row->protocol)
		return 1;	/* deleted ones are the last */
	return strcmp(row->namespace, service->namespace) ?: strcmp(row->name, service->name);
}

/* The report's rows of one Service, which stand together, on loan. */
static struct report report_of(const struct report *all, const struct meta *service)
{
	struct report of = { 0 };
	size_t lo = 0, hi = all->services.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (row_order(&all->services.at[mid], service) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < all->services.n)
		of.services.at = all->services.at + lo;
	while (lo < all->services.n && !row_order(&all->services.at[lo], service)) {
		of.services.n++;
		lo++;
	}
	return of;
}

static int print_counters(const struct report *all, const struct object *service,
			  struct err *reterr)
{
	struct report of = report_of(all, service->meta);

	if (!of.services.n)
		return 0;
	putchar('\n');
	return report_print(stdout, &of, true, reterr)
	    ?: report_print_affinity(stdout, &of, reterr)
	    ?: report_print_drops(stdout, &of, reterr);
}

/* --- the command -------------------------------------------------------------- */

static int describe_one(const struct sight *s, const struct object *o, const struct slices *slices)
{
	switch (o->kind) {
	case KIND_SERVICE:
		return describe_service(stdout, o, slices);
	case KIND_SLICE:
		return describe_slice(stdout, o);
	case KIND_ENDPOINTS:
		return describe_endpoints(stdout, o);
	case KIND_POD:
		return describe_pod(stdout, o);
	case KIND_NODE:
		return describe_node(stdout, o, &s->view.snap);
	case KIND_COUNT:
		break;
	}
	return 0;
}

static int describe(const struct sight *s, const found_vec *found, struct err *reterr)
{
	own(slices_done) struct slices slices = { 0 };
	int r = 0;

	if (slices_init(&slices, &s->view.snap))
		return err_nomem(reterr);
	vec_each(o, found) {
		if (o != found->at)
			fputs("\n\n", stdout);
		if (describe_one(s, *o, &slices))
			return err_nomem(reterr);
		if (s->counted && (*o)->kind == KIND_SERVICE)
			r = print_counters(&s->report, *o, reterr);
		if (r)
			return r;
	}
	return 0;
}

/* 0, or EXIT_USAGE and has said why. */
static int resources_check(const struct cmd_context *ctx, const resource_vec *resources,
			   const struct scope_opts *o)
{
	vec_each(res, resources) {
		if (res->name && o->labels)
			return say_usage(ctx, "either names or -l, not both");
	}
	return 0;
}

static int cmd_describe(const struct cmd_context *ctx, int argc, char **argv)
{
	own(resources_done) resource_vec resources = { 0 };
	own(scope_done) struct scope scope = { 0 };
	own(sight_done) struct sight sight = { 0 };
	own(found_done) found_vec found = { 0 };
	const struct describe_opts *o = ctx->opts;
	struct err e = { 0 };
	bool missing = false;
	int status;

	if (resources_parse(argc, argv, &resources, &e) || scope_parse(&o->scope, &scope, &e))
		return say_usage(ctx, "%s", e.text);
	scope.prefixes = true;
	status = resources_check(ctx, &resources, &o->scope);
	if (status)
		return status;
	if (sight_load(ctx, &sight, &e) || scope_show(&resources, &sight.view.snap, &e) ||
	    scope_find(&scope, &sight.view.snap, &resources, &found, &missing, &e) ||
	    describe(&sight, &found, &e))
		return say_failure(&e);
	if (!found.n && !missing)
		scope_say_none(&scope, &resources);
	return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option_row describe_options[] = {
	SCOPE_ROWS(struct describe_opts, scope),
	{ 0 },
};

const struct command command_describe = {
	.name = "describe",
	.args = "KIND[,KIND]... [NAME]... | KIND/NAME...",
	.summary = "show all of an object: of a Service with endpoints and counters",
	.details = "The kinds are those of get; a name that nobody has is how names begin.\n"
		   "A Service's endpoints are those that are ready;\n"
		   "below it stands what stats --backends shows of it, if something is attached.\n",
	.options = describe_options,
	.opts_size = sizeof(struct describe_opts),
	.run = cmd_describe,
};
