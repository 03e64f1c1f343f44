/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice delete: objects out of store and maps, named by file, by name or by label.
 */
#include <string.h>

#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/files.h"
#include "cli/remade.h"
#include "cli/say.h"
#include "cli/scope.h"
#include "cli/session.h"
#include "cluster/change.h"
#include "cluster/endpoints_show.h"

struct delete_opts {
	option_list files;
	struct scope_opts scope;
	bool all;
	bool ignore_not_found;
	int dry_run;
};

/* One run of the command. */
struct delete {
	const struct delete_opts *opts;
	struct scope scope;
	object_vec objects;		/* of the files, */
	resource_vec resources;		/* or of the operands */
	cluster_change_vec changes;
	bool missing;			/* and it has been said what */
	struct remade remade;
};

static void delete_done(struct delete *d)
{
	scope_done(&d->scope);
	objects_done(&d->objects);
	resources_done(&d->resources);
	cluster_changes_done(&d->changes);
}
DEFINE_OWN_DONE(struct delete, delete_done)

/* Of what is only shown, and not stored, it is enough to say so. */
static int delete_found(struct delete *d, const struct cluster_config *cfg, struct snapshot *snap,
			const found_vec *found, struct err *reterr)
{
	VEC(struct cluster_ref) refs = { 0 };
	own(made_done) made_vec made = { 0 };
	int r = 0;

	vec_each(o, found) {
		const struct meta *m = (*o)->meta;
		bool stored = snapshot_find(snap, (*o)->kind, m->namespace, m->name);

		if (!r)
			r = made_add(&made, *o, snap);
		if (!r && stored)
			r = vec_push(&refs, ((struct cluster_ref){ (*o)->kind, m->namespace,
								   m->name }));
		else if (!r)
			r = changes_add(&d->changes, *o, CHANGE_DELETED);
	}
	if (r)
		r = err_nomem(reterr);
	else
		r = cluster_delete(snap, cfg, refs.at, refs.n, false, &d->changes, reterr);
	if (!r && remade_find(&d->remade, snap, &made) < 0)
		r = err_nomem(reterr);
	vec_done(&refs);
	return r;
}

/* Whether something is meant that is only there when it is asked for. */
static bool wants_endpoints(const struct delete *d)
{
	vec_each(res, &d->resources) {
		if (res->kind == KIND_ENDPOINTS)
			return true;
	}
	vec_each(o, &d->objects) {
		if ((*o)->kind == KIND_ENDPOINTS)
			return true;
	}
	return false;
}

/* A session_change_fn. */
static int delete_change(void *arg, const struct cluster_config *cfg, struct snapshot *snap,
			 struct err *reterr)
{
	own(found_done) found_vec found = { 0 };
	own(edit_done) struct edit shown = { 0 };
	struct delete *d = arg;
	bool *missing = d->opts->ignore_not_found ? NULL : &d->missing;
	int r;

	cluster_changes_done(&d->changes);
	if (edit_init(&shown, snap) < 0 || (wants_endpoints(d) && endpoints_show(&shown) < 0))
		return err_nomem(reterr);
	if (d->opts->files.n)
		r = scope_find_objects(&shown.view, &d->objects, &found, missing, reterr);
	else
		r = scope_find(&d->scope, &shown.view, &d->resources, &found, missing, reterr);
	if (!r && d->missing)
		r = err_set(reterr, ENOENT, "nothing is deleted");
	return r ?: delete_found(d, cfg, snap, &found, reterr);
}

/* An object of which nothing is known but its name. */
static int name_push(object_vec *ret, enum kind kind, const char *namespace, const char *name)
{
	own(object_free) struct object *o = object_new(kind);

	if (!o || !(o->meta->namespace = strdup(namespace)) ||
	    !(o->meta->name = strdup(name)) || vec_reserve(ret, 1) < 0)
		return -ENOMEM;
	ret->at[ret->n++] = TAKE(o);
	return 0;
}

/*
 * All that may go, by name, so that only this and what hangs on it must be read. Not known
 * (*ret_known is false) where labels decide or everything goes.
 */
static int names_collect(const struct delete *d, object_vec *ret, bool *ret_known,
			 struct err *reterr)
{
	int r = 0;

	*ret_known = true;
	vec_each(at, &d->objects) {
		const struct meta *m = (*at)->meta;

		if (!r && m->name)
			r = name_push(ret, (*at)->kind, m->namespace ?: "", m->name);
	}
	vec_each(res, &d->resources) {
		*ret_known &= res->name && d->scope.namespace;
		if (!r && *ret_known)
			r = name_push(ret, res->kind, d->scope.namespace, res->name);
	}
	return r ? err_nomem(reterr) : 0;
}

static int delete_run(struct delete *d, const struct cmd_context *ctx, struct err *reterr)
{
	own(objects_done) object_vec names = { 0 };
	own(session_done) struct session s = { 0 };
	bool known;
	int r = names_collect(d, &names, &known, reterr);

	if (!r)
		r = session_begin(&s, ctx, d->opts->dry_run ? SESSION_DRY : SESSION_OLD, reterr);
	if (!r)
		r = session_change(&s, delete_change, d, known ? &names : NULL, reterr);
	if (!r)
		r = session_end(&s, NULL, reterr);
	return r;
}

/* 0, or EXIT_USAGE and has said why. */
static int resources_check(const struct cmd_context *ctx, const resource_vec *resources,
			   const struct selector *selector)
{
	const struct delete_opts *o = ctx->opts;
	bool many = o->all || o->scope.labels;

	if (o->all && o->scope.labels)
		return say_usage(ctx, "either --all or -l, not both");
	/* A variable of a script that is empty by mistake must not mean everything. */
	if (o->scope.labels && !selector->all.n)
		return say_usage(ctx, "-l selects nothing in particular: --all is the way to "
				 "everything");
	if (o->scope.all_namespaces && !many)
		return say_usage(ctx, "-A is for --all and -l");
	vec_each(res, resources) {
		if (!res->name && !many)
			return say_usage(ctx, "name the %s to delete, or use -l or --all",
					 kind_infos[res->kind].plural);
		if (res->name && many)
			return say_usage(ctx, "either names or %s, not both",
					 o->all ? "--all" : "-l");
	}
	return 0;
}

/* 0, EXIT_USAGE or EXIT_FAILURE, and has said why. */
static int operands_parse(struct delete *d, const struct cmd_context *ctx, int argc, char **argv)
{
	const struct delete_opts *o = d->opts;
	const struct files_want want = { .files = &o->files, .namespace = o->scope.namespace };
	struct err e = { 0 };

	if (scope_parse(&o->scope, &d->scope, &e))
		return say_usage(ctx, "%s", e.text);
	if (o->files.n) {
		if (argc || o->all || o->scope.labels || o->scope.all_namespaces)
			return say_usage(ctx, "-f stands alone: without names, --all, -l and -A");
		if (files_load(&want, &d->objects, &e))
			return say_failure(&e);
		return 0;
	}
	if (!argc)
		return say_usage(ctx, "name what to delete: KIND NAME... or -f FILE");
	if (resources_parse(argc, argv, &d->resources, &e))
		return say_usage(ctx, "%s", e.text);
	return resources_check(ctx, &d->resources, &d->scope.selector);
}

static int cmd_delete(const struct cmd_context *ctx, int argc, char **argv)
{
	own(delete_done) struct delete d = { .opts = ctx->opts };
	struct err e = { 0 };
	int status = operands_parse(&d, ctx, argc, argv);

	if (status)
		return status;
	if (delete_run(&d, ctx, &e))
		return say_failure(&e);
	changes_print_deleted(stdout, &d.changes, d.opts->dry_run);
	remade_say(&d.remade);
	if (!d.changes.n && !d.opts->ignore_not_found)
		fputs("No resources found\n", stderr);
	return EXIT_SUCCESS;
}

static const struct option_row delete_options[] = {
	FILES_ROW(struct delete_opts, files),
	{ .name = "all", .help = "all objects of the kinds",
	  OPTION_FLAG(struct delete_opts, all) },
	SCOPE_ROWS(struct delete_opts, scope),
	{ .name = "ignore-not-found", .help = "what is not there is no failure",
	  OPTION_FLAG(struct delete_opts, ignore_not_found) },
	DRY_RUN_ROW(struct delete_opts, dry_run, "say what would go, change nothing"),
	{ 0 },
};

const struct command command_delete = {
	.name = "delete",
	.args = "-f FILE... | KIND [NAME]... | KIND/NAME...",
	.summary = "remove objects; TCP connections that are established go on",
	.details = "A KIND needs names, -l or --all. All or nothing. The Endpoints of a Service, and\n"
		   "EndpointSlices that a controller made for it or that it owns, go with it.\n"
		   "Those that sluice makes come back: delete the Pods or the Service instead.\n",
	.options = delete_options,
	.opts_size = sizeof(struct delete_opts),
	.run = cmd_delete,
};
