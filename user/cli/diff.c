/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice diff: what apply would change, and changes nothing.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/image_text.h"
#include "cli/put.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/unified.h"
#include "cluster/equal.h"
#include "manifest/manifest.h"

/* kubectl's: 1 means a difference, so failures are above it. */
#define EXIT_SAME 0
#define EXIT_DIFFERENT 1
#define EXIT_FAILED 2

struct diff_opts {
	struct put_opts put;
	bool datapath;
};

struct diff {
	const struct diff_opts *opts;
	struct put put;
	struct session session;
	bool differs;
};

static void diff_done(struct diff *d)
{
	put_done(&d->put);
	session_done(&d->session);
}
DEFINE_OWN_DONE(struct diff, diff_done)

/* --- objects ------------------------------------------------------------------ */

/* The manifest, "" for no object; NULL when out of memory. The caller frees it. */
static char *object_text(struct object *o)
{
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);
	int r;

	if (!mem)
		return NULL;
	r = o ? manifest_print_yaml(mem, &o, 1, false) : 0;
	if (fclose(mem) || r) {
		free(text);
		return NULL;
	}
	return text;
}

/* "discovery.k8s.io.v1.EndpointSlice.default.web-1": kubectl's name of its file. */
static void object_file(const struct object *o, char *buf, size_t size)
{
	const struct kind_info *k = &kind_infos[o->kind];

	snprintf(buf, size, "%s.%s.%s.%s", k->api_version, k->kind, o->meta->namespace,
		 o->meta->name);
	for (char *slash = strchr(buf, '/'); slash; slash = strchr(slash, '/'))
		*slash = '.';
}

/* One of them may be NULL. */
static int diff_object(struct diff *d, struct object *live, struct object *merged,
		       struct err *reterr)
{
	own(free) char *before = object_text(live);
	own(free) char *after = object_text(merged);
	char name[512];

	if (!before || !after)
		return err_nomem(reterr);
	object_file(merged ? merged : live, name, sizeof(name));
	return unified_diff(name, before, after, &d->differs, reterr);
}

/* Both are sorted: one walk sees all. */
static int diff_objects(struct diff *d, const object_vec *live, const object_vec *merged,
			struct err *reterr)
{
	size_t l = 0, m = 0;
	int r = 0;

	while (!r && (l < live->n || m < merged->n)) {
		struct object *old = l < live->n ? live->at[l] : NULL;
		struct object *now = m < merged->n ? merged->at[m] : NULL;
		int side = !old ? 1 : !now ? -1 : object_cmp(old, now);

		if (side != 0 || !object_equal(old, now))
			r = diff_object(d, side <= 0 ? old : NULL, side >= 0 ? now : NULL, reterr);
		l += side <= 0;
		m += side >= 0;
	}
	return r;
}

/* --- frontends and backends --------------------------------------------------- */

/* Takes *@snap over. The caller frees *@ret. @warn may be NULL. */
static int maps_text(struct diff *d, struct snapshot *snap, image_warn_fn *warn, char **ret,
		     struct err *reterr)
{
	own(node_view_done) struct node_view view = { 0 };
	own(free) char *text = NULL;
	size_t len;
	FILE *mem;
	int r = node_view_make(d->session.store, d->session.dp, snap, warn, NULL, &view, reterr);

	if (r)
		return r;
	mem = open_memstream(&text, &len);
	if (!mem)
		return err_nomem(reterr);
	r = image_text_print(mem, &view.image);
	if (fclose(mem) || r)
		return err_nomem(reterr);
	*ret = TAKE(text);
	return 0;
}

static int diff_maps(struct diff *d, struct snapshot *live, struct snapshot *merged,
		     struct err *reterr)
{
	own(free) char *before = NULL;
	own(free) char *after = NULL;
	int r = maps_text(d, live, NULL, &before, reterr);

	if (!r)
		r = maps_text(d, merged, say_warning_text, &after, reterr);
	if (!r)
		r = unified_diff("datapath", before, after, &d->differs, reterr);
	return r;
}

/* --- the command -------------------------------------------------------------- */

/* A session_change_fn. */
static int diff_change(void *arg, const struct cluster_config *cfg, struct snapshot *snap,
		       struct err *reterr)
{
	own(snapshot_done) struct snapshot live = { 0 };
	struct diff *d = arg;
	int r;

	if (objects_share(&live.objects, &snap->objects))
		return err_nomem(reterr);
	r = put_change(&d->put, cfg, snap, reterr);
	if (!r)
		r = diff_objects(d, &live.objects, &snap->objects, reterr);
	if (!r && d->opts->datapath)
		r = diff_maps(d, &live, snap, reterr);
	return r;
}

static int cmd_diff(const struct cmd_context *ctx, int argc, char **argv)
{
	const struct diff_opts *o = ctx->opts;
	own(diff_done) struct diff d = { .opts = o, .put = { .opts = &o->put } };
	struct err e = { 0 };
	int status = put_check(ctx, &o->put, argc, argv);

	if (status)
		return status;
	if (put_load(&d.put, &e) ||
	    session_begin(&d.session, ctx, o->datapath ? SESSION_DRY_MAPS : SESSION_DRY, &e) ||
	    session_change(&d.session, diff_change, &d, NULL, &e)) {
		say_failure(&e);
		return EXIT_FAILED;
	}
	return d.differs ? EXIT_DIFFERENT : EXIT_SAME;
}

static const struct option_row diff_options[] = {
	PUT_ROWS(struct diff_opts, put),
	PRUNE_ROWS(struct diff_opts, put, "with what apply --prune would remove"),
	{ .name = "datapath", .help = "and the frontends and backends that would change here",
	  OPTION_FLAG(struct diff_opts, datapath) },
	FILES_STRICT_ROW(struct diff_opts, put.strict),
	{ 0 },
};

const struct command command_diff = {
	.name = "diff",
	.args = "-f FILE...",
	.summary = "show what apply would change, and change nothing",
	.details = "A unified diff by diff(1) of each object that would change, EndpointSlices that\n"
		   "are made for a Service too. What apply would choose at random may turn out\n"
		   "otherwise. Exit status 0: no difference, 1: differences, 2: it failed.\n",
	.options = diff_options,
	.opts_size = sizeof(struct diff_opts),
	.run = cmd_diff,
};
