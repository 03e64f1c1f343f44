/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice get: what is stored, as kubectl shows it.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/resource.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/table.h"
#include "daemon/reconcile.h"
#include "manifest/manifest.h"

enum get_output {
	GET_TABLE,
	GET_WIDE,
	GET_JSON,
	GET_YAML,
	GET_NAME,
};

static const char *const get_outputs[] = {
	[GET_TABLE] = "", [GET_WIDE] = "wide", [GET_JSON] = "json",
	[GET_YAML] = "yaml", [GET_NAME] = "name", NULL,
};

struct get_opts {
	const char *namespace;
	bool all_namespaces;
	int output;
};

/* What was found; the snapshot owns it. */
typedef VEC(struct object *) found_vec;

static void found_done(found_vec *found)
{
	vec_done(found);
}
DEFINE_OWN_DONE(found_vec, found_done)

static const char *opts_namespace(const struct get_opts *o)
{
	return o->namespace ? o->namespace : NAMESPACE_DEFAULT;
}

static bool object_is_wanted(const struct object *obj, const struct get_opts *o, const char *name)
{
	if (name && strcmp(obj->meta->name, name))
		return false;
	return o->all_namespaces || !kind_infos[obj->kind].namespaced ||
	       !strcmp(obj->meta->namespace, opts_namespace(o));
}

/* Appends; returns how many or -ENOMEM. */
static int resource_find(const struct snapshot *snap, const struct resource *res,
			 const struct get_opts *o, found_vec *found)
{
	size_t n_all;
	struct object **all = snapshot_kind(snap, res->kind, &n_all);
	int n = 0;

	for (size_t i = 0; i < n_all; i++) {
		if (!object_is_wanted(all[i], o, res->name))
			continue;
		if (vec_push(found, all[i]))
			return -ENOMEM;
		n++;
	}
	return n;
}

/* In kubectl's words: services "web" not found, endpointslices.discovery.k8s.io "x" not found. */
static void say_not_found(const struct resource *res)
{
	const struct kind_info *k = &kind_infos[res->kind];

	say_error("%s%s \"%s\" not found", k->plural, strchr(k->printed, '.') ?: "", res->name);
}

/* *@ret_missing: a name was not found, and that has been said. */
static int resources_find(const struct snapshot *snap, const resource_vec *resources,
			  const struct get_opts *o, found_vec *found, bool *ret_missing,
			  struct err *reterr)
{
	vec_each(res, resources) {
		int n = resource_find(snap, res, o, found);

		if (n < 0)
			return err_nomem(reterr);
		if (n == 0 && res->name) {
			say_not_found(res);
			*ret_missing = true;
		}
	}
	return 0;
}

/* --- output ------------------------------------------------------------------- */

static void print_cell(struct table *t, struct libscols_line *row, const struct column *c,
		       const struct object *o, const struct column_env *env)
{
	own(free) char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	if (mem) {
		c->print(mem, o, env);
		fclose(mem);
	}
	table_cell(t, row, "%s", text ? text : "");
}

/* The objects at[0..n) are of one kind. */
static int print_kind(struct object *const *at, size_t n, const struct get_opts *o,
		      const struct column_env *env, struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	const struct column *columns = kind_columns[at[0]->kind];
	bool with_ns = o->all_namespaces && kind_infos[at[0]->kind].namespaced;

	if (!t)
		return err_nomem(reterr);
	if (with_ns)
		table_column(t, "NAMESPACE", TABLE_LEFT);
	for (const struct column *c = columns; c->head; c++) {
		if (!c->wide || o->output == GET_WIDE)
			table_column(t, c->head, TABLE_LEFT);
	}
	for (size_t i = 0; i < n; i++) {
		struct libscols_line *row = table_row(t, NULL);

		if (with_ns)
			table_cell(t, row, "%s", at[i]->meta->namespace);
		for (const struct column *c = columns; c->head; c++) {
			if (!c->wide || o->output == GET_WIDE)
				print_cell(t, row, c, at[i], env);
		}
	}
	return table_print(t, stdout, reterr);
}

/* One table a kind, as they come. */
static int print_tables(const found_vec *found, const struct get_opts *o,
			const struct column_env *env, struct err *reterr)
{
	int r = 0;

	for (size_t i = 0, n; !r && i < found->n; i += n) {
		for (n = 1; i + n < found->n; n++) {
			if (found->at[i + n]->kind != found->at[i]->kind)
				break;
		}
		if (i)
			putchar('\n');
		r = print_kind(found->at + i, n, o, env, reterr);
	}
	return r;
}

static void print_names(const found_vec *found)
{
	vec_each(o, found)
		printf("%s/%s\n", kind_infos[(*o)->kind].printed, (*o)->meta->name);
}

static int print_found(const found_vec *found, const struct get_opts *o, bool list,
		       const struct column_env *env, struct err *reterr)
{
	int r = 0;

	switch (o->output) {
	case GET_JSON:
		r = manifest_print_json(stdout, found->at, found->n, list);
		break;
	case GET_YAML:
		r = manifest_print_yaml(stdout, found->at, found->n, list);
		break;
	case GET_NAME:
		print_names(found);
		break;
	default:
		return print_tables(found, o, env, reterr);
	}
	return r ? err_sys(reterr, -r, "cannot print") : 0;
}

static bool is_of_several_kinds(const resource_vec *resources)
{
	vec_each(res, resources) {
		if (res->kind != resources->at[0].kind)
			return true;
	}
	return false;
}

static void say_none(const struct get_opts *o, const resource_vec *resources)
{
	bool namespaced = false;

	vec_each(res, resources)
		namespaced |= kind_infos[res->kind].namespaced;
	if (namespaced && !o->all_namespaces)
		fprintf(stderr, "No resources found in %s namespace.\n", opts_namespace(o));
	else
		fputs("No resources found\n", stderr);
}

/* --- the command -------------------------------------------------------------- */

static int get(const struct cmd_context *ctx, const resource_vec *resources, bool *ret_missing,
	       struct err *reterr)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	own(store_close) struct store *store = NULL;
	own(found_done) found_vec found = { 0 };
	own(free) char *node = NULL;
	const struct get_opts *o = ctx->opts;
	struct column_env env = { .with_kind = is_of_several_kinds(resources) };
	bool list;
	int r;

	r = session_read(ctx, &store, NULL, reterr);
	if (!r)
		r = store_load(store, &snap, reterr);
	if (!r)
		r = reconcile_node_name(store, &node, reterr);
	if (!r)
		r = resources_find(&snap, resources, o, &found, ret_missing, reterr);
	if (r)
		return r;

	env.node = node;
	/* One object by its name stands alone; everything else is a List. */
	list = resources->n != 1 || !resources->at[0].name || found.n != 1;
	if (found.n || ((o->output == GET_JSON || o->output == GET_YAML) && !*ret_missing))
		return print_found(&found, o, list, &env, reterr);
	if (!*ret_missing)
		say_none(o, resources);
	return 0;
}

static int cmd_get(const struct cmd_context *ctx, int argc, char **argv)
{
	own(resources_done) resource_vec resources = { 0 };
	const struct get_opts *o = ctx->opts;
	struct err e = { 0 };
	bool missing = false;

	if (resources_parse(argc, argv, &resources, &e))
		return say_usage(ctx, "%s", e.text);
	if (o->all_namespaces && o->namespace)
		return say_usage(ctx, "either -A or -n, not both");
	if (get(ctx, &resources, &missing, &e))
		return say_failure(&e);
	return missing ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct option_row get_options[] = {
	{ .letter = 'A', .name = "all-namespaces", .help = "of all namespaces",
	  OPTION_FLAG(struct get_opts, all_namespaces) },
	{ .letter = 'n', .name = "namespace", .arg = "NS",
	  .help = "of this namespace (default \"default\")",
	  OPTION_TEXT(struct get_opts, namespace) },
	{ .letter = 'o', .name = "output", .arg = "FORMAT", .help = "wide, json, yaml or name",
	  OPTION_CHOICE(struct get_opts, output, get_outputs) },
	{ 0 },
};

const struct command command_get = {
	.name = "get",
	.args = "KIND[,KIND]... [NAME]... | KIND/NAME...",
	.summary = "show Services, EndpointSlices, Endpoints, Pods and Nodes",
	.details = "kinds: services (svc), endpointslices (eps), endpoints (ep), pods (po),\n"
		   "nodes (no)\n",
	.options = get_options,
	.opts_size = sizeof(struct get_opts),
	.run = cmd_get,
};
