/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice delete: objects out of store and maps, named by file or by name.
 */
#include "cli/changes.h"
#include "cli/cli.h"
#include "cli/dry_run.h"
#include "cli/files.h"
#include "cli/resource.h"
#include "cli/say.h"
#include "cli/session.h"
#include "daemon/settings.h"

struct delete_opts {
	option_list files;
	const char *namespace;
	bool ignore_not_found;
	int dry_run;
};

typedef VEC(struct cluster_ref) ref_vec;

static void refs_done(ref_vec *refs)
{
	vec_done(refs);
}
DEFINE_OWN_DONE(ref_vec, refs_done)

static int refs_add(ref_vec *refs, enum kind kind, const char *ns, const char *name,
		    struct err *reterr)
{
	struct cluster_ref ref = {
		.kind = kind,
		.namespace = kind_infos[kind].namespaced ? ns : "",
		.name = name,
	};

	return vec_push(refs, ref) ? err_nomem(reterr) : 0;
}

/* Both lists own the texts that the refs point to. */
static int refs_collect(const object_vec *objects, const resource_vec *resources, const char *ns,
			ref_vec *refs, struct err *reterr)
{
	int r = 0;

	vec_each(o, objects) {
		if (!r)
			r = refs_add(refs, (*o)->kind, (*o)->meta->namespace, (*o)->meta->name,
				     reterr);
	}
	vec_each(res, resources) {
		if (!r)
			r = refs_add(refs, res->kind, ns ? ns : NAMESPACE_DEFAULT, res->name,
				     reterr);
	}
	return r;
}

static int delete_refs(struct session *s, const ref_vec *refs, bool ignore_missing,
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
		r = cluster_delete(&after, &cfg, refs->at, refs->n, ignore_missing, changes,
				   reterr);
	if (!r)
		r = store_save(s->store, &before, &after, reterr);
	return r;
}

static int delete_all(const struct cmd_context *ctx, const struct delete_opts *o,
		      const ref_vec *refs, cluster_change_vec *changes, struct err *reterr)
{
	own(session_done) struct session s = { 0 };
	int r;

	r = session_begin(&s, ctx, o->dry_run ? SESSION_NO_MAPS : SESSION_MAPS, reterr);
	if (!r)
		r = delete_refs(&s, refs, o->ignore_not_found, changes, reterr);
	if (!r && !o->dry_run)
		r = session_end(&s, NULL, reterr);
	return r;
}

/* 0, EXIT_USAGE or EXIT_FAILURE, and has said why. */
static int operands_parse(const struct cmd_context *ctx, int argc, char **argv,
			  object_vec *objects, resource_vec *resources)
{
	const struct delete_opts *o = ctx->opts;
	struct err e = { 0 };

	if (o->files.n) {
		if (argc)
			return say_usage(ctx, "either -f or names, not both");
		if (files_load(&o->files, o->namespace, false, objects, &e))
			return say_failure(&e);
		return 0;
	}
	if (!argc)
		return say_usage(ctx, "name what to delete: KIND NAME... or -f FILE");
	if (resources_parse(argc, argv, resources, &e))
		return say_usage(ctx, "%s", e.text);
	vec_each(res, resources) {
		if (!res->name)
			return say_usage(ctx, "name the %s to delete",
					 kind_infos[res->kind].plural);
	}
	return 0;
}

static int cmd_delete(const struct cmd_context *ctx, int argc, char **argv)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	own(resources_done) resource_vec resources = { 0 };
	own(objects_done) object_vec objects = { 0 };
	own(refs_done) ref_vec refs = { 0 };
	const struct delete_opts *o = ctx->opts;
	struct err e = { 0 };
	int status = operands_parse(ctx, argc, argv, &objects, &resources);

	if (status)
		return status;
	if (refs_collect(&objects, &resources, o->namespace, &refs, &e) ||
	    delete_all(ctx, o, &refs, &changes, &e))
		return say_failure(&e);
	changes_print_deleted(stdout, &changes, o->dry_run);
	return EXIT_SUCCESS;
}

static const struct option_row delete_options[] = {
	{ .letter = 'f', .name = "filename", .arg = "FILE", .help = FILES_HELP "; repeatable",
	  OPTION_LIST(struct delete_opts, files) },
	{ .letter = 'n', .name = "namespace", .arg = "NS",
	  .help = "where the objects are (default \"default\")",
	  OPTION_TEXT(struct delete_opts, namespace) },
	{ .name = "ignore-not-found", .help = "what is not there is no failure",
	  OPTION_FLAG(struct delete_opts, ignore_not_found) },
	{ .name = "dry-run", .help = "say what would go, change nothing (client, server or none)",
	  OPTION_DRY_RUN(struct delete_opts, dry_run) },
	{ 0 },
};

const struct command command_delete = {
	.name = "delete",
	.args = "-f FILE... | KIND NAME... | KIND/NAME...",
	.summary = "remove objects; TCP connections that are established go on",
	.details = "All or nothing. The EndpointSlices that sluice made for a Service go with it.\n",
	.options = delete_options,
	.opts_size = sizeof(struct delete_opts),
	.run = cmd_delete,
};
