/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice status: what is attached, how full it is, whether it agrees with the state. Only
 * reads.
 */
#include <jansson.h>
#include <stdio.h>

#include "cli/attachments.h"
#include "cli/cli.h"
#include "cli/devices.h"
#include "cli/forwarding.h"
#include "cli/say.h"
#include "cli/session.h"
#include "cli/table.h"
#include "daemon/reconcile.h"

#define TABLES_MAX 32

enum status_output {
	STATUS_TEXT,
	STATUS_JSON,
};

static const char *const status_outputs[] = { [STATUS_TEXT] = "", [STATUS_JSON] = "json", NULL };

struct status_opts {
	int output;
};

struct status {
	const char *instance;
	struct store *store;
	struct datapath *dp;		/* NULL: nothing is attached */
	char *node;
	attachment_vec devices;
	struct table_usage tables[TABLES_MAX];
	size_t n_tables;
	addr_vec node_ports;		/* where they answer; meaningful as in_sync is */
	struct err elsewhere;		/* set: attached in another network namespace, or it is gone */
	bool in_sync;			/* meaningful while attached, and not elsewhere */
};

static void status_done(struct status *s)
{
	vec_done(&s->devices);
	vec_done(&s->node_ports);
	free(s->node);
	datapath_close(s->dp);
	store_close(s->store);
}
DEFINE_OWN_DONE(struct status, status_done)

/* --- collect ------------------------------------------------------------------ */

static int collect_sync(struct status *s, struct err *reterr)
{
	own(node_view_done) struct node_view view = { 0 };
	size_t due = 0;
	int r;

	r = node_view_load(s->store, s->dp, NULL, NULL, &view, reterr);
	if (!r)
		r = reconcile_due(s->dp, &view, &due, reterr);
	s->in_sync = !r && !due;
	vec_each(a, &view.facts.node_port_addrs)
		if (!r && vec_push(&s->node_ports, *a))
			r = err_nomem(reterr);
	if (!r && view.facts.localhost_node_ports && vec_push(&s->node_ports, image_localhost))
		r = err_nomem(reterr);
	return r;
}

static int collect_attached(struct status *s, struct err *reterr)
{
	int r = datapath_attachments(s->dp, &s->devices, reterr);

	if (!r)
		r = datapath_usage(s->dp, s->tables, TABLES_MAX, &s->n_tables, reterr);
	if (r)
		return r;
	(void)reconcile_check(s->store, s->instance, &s->elsewhere);
	return s->elsewhere.code ? 0 : collect_sync(s, reterr);
}

static int collect(const struct cmd_context *ctx, struct status *s, struct err *reterr)
{
	int r = session_read(ctx, &s->store, &s->dp, reterr);

	if (!r)
		r = reconcile_node_name(s->store, &s->node, reterr);
	if (!r && s->dp)
		r = collect_attached(s, reterr);
	return r;
}

/* --- text --------------------------------------------------------------------- */

static const char *device_state(const struct status *s, const struct attachment *a)
{
	if (s->elsewhere.code)
		return s->elsewhere.code == ESTALE ? "gone" : "elsewhere";
	return a->gone ? "gone" : "attached";
}

static int print_devices(const struct status *s, struct err *reterr)
{
	own(table_free) struct table *t = table_new();

	if (!t)
		return err_nomem(reterr);
	table_column(t, "DEVICE", TABLE_LEFT);
	table_column(t, "KIND", TABLE_LEFT);
	table_column(t, "XDP", TABLE_LEFT);
	table_column(t, "TC", TABLE_LEFT);
	table_column(t, "STATE", TABLE_LEFT);
	vec_each(a, &s->devices) {
		struct libscols_line *row = table_row(t, NULL);

		table_cell(t, row, "%s", a->name);
		table_cell(t, row, "%s", device_kind_name(a->kind));
		table_cell(t, row, "%s", attachment_xdp_name(a) ?: "-");
		table_cell(t, row, "%s", attachment_tc_name(a) ?: "-");
		table_cell(t, row, "%s", device_state(s, a));
	}
	return table_print(t, stdout, reterr);
}

static int print_usage(const struct status *s, struct err *reterr)
{
	own(table_free) struct table *t = table_new();

	if (!t)
		return err_nomem(reterr);
	table_column(t, "TABLE", TABLE_LEFT);
	table_column(t, "USED", TABLE_RIGHT);
	table_column(t, "SIZE", TABLE_RIGHT);
	for (size_t i = 0; i < s->n_tables; i++) {
		struct libscols_line *row = table_row(t, NULL);

		table_cell(t, row, "%s", s->tables[i].name);
		table_cell(t, row, "%llu", (unsigned long long)s->tables[i].used);
		table_cell(t, row, "%llu", (unsigned long long)s->tables[i].size);
	}
	return table_print(t, stdout, reterr);
}

static const char *status_word(const struct status *s)
{
	if (!s->dp || !s->devices.n)
		return "nothing is attached (sluice attach DEV)";
	if (s->elsewhere.code)
		return s->elsewhere.text;
	return s->in_sync ? "maps hold what is stored"
			  : "maps differ from what is stored (sluice sync brings them up to date)";
}

/* As attach said it, while it holds. */
static int warn_forwarding(const struct status *s, struct err *reterr)
{
	own(texts_done) text_vec names = { 0 };

	vec_each(a, &s->devices) {
		if (!a->gone && texts_push(&names, a->name))
			return err_nomem(reterr);
	}
	forwarding_warn(&names, s->dp);
	return 0;
}

static void print_node_ports(const struct status *s)
{
	char text[ADDR_TEXT_MAX];

	if (s->elsewhere.code)
		return;
	printf("ports:    ");
	vec_each(a, &s->node_ports)
		printf("%s%s", a == s->node_ports.at ? "node ports at " : ", ", addr_text(a, text));
	puts(s->node_ports.n ? "" : "no address for node ports");
}

static int print_text(const struct status *s, struct err *reterr)
{
	int r;

	printf("instance: %s\nnode:     %s\nstate:    %s\nversion:  %s, abi %d\nstatus:   %s\n",
	       s->instance, s->node, store_path(s->store), SLUICE_VERSION, SLUICE_ABI,
	       status_word(s));
	if (!s->dp)
		return 0;
	print_node_ports(s);
	r = 0;
	if (s->devices.n) {
		putchar('\n');
		r = print_devices(s, reterr);
	}
	if (!r && s->n_tables) {
		putchar('\n');
		r = print_usage(s, reterr);
	}
	if (!r)
		r = warn_forwarding(s, reterr);
	return r;
}

/* --- JSON --------------------------------------------------------------------- */

/* What only its own network namespace knows is null elsewhere. */
static json_t *device_json(const struct attachment *a, bool elsewhere)
{
	return json_pack("{s:s, s:I, s:s, s:s?, s:s?, s:o}", "name", a->name, "ifindex",
			 (json_int_t)a->ifindex, "kind", device_kind_name(a->kind), "xdp",
			 attachment_xdp_name(a), "tc", attachment_tc_name(a), "present",
			 elsewhere ? json_null() : json_boolean(!a->gone));
}

static json_t *devices_json(const struct status *s)
{
	bool elsewhere = s->elsewhere.code && s->elsewhere.code != ESTALE;
	json_t *list = json_array();

	vec_each(a, &s->devices)
		json_array_append_new(list, device_json(a, elsewhere));
	return list;
}

static json_t *tables_json(const struct status *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_tables; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "name", s->tables[i].name,
						      "used", (json_int_t)s->tables[i].used,
						      "size", (json_int_t)s->tables[i].size));
	return list;
}

static json_t *node_ports_json(const struct status *s)
{
	char text[ADDR_TEXT_MAX];
	json_t *list;

	if (!s->dp || s->elsewhere.code)
		return json_null();
	list = json_array();
	vec_each(a, &s->node_ports)
		json_array_append_new(list, json_string(addr_text(a, text)));
	return list;
}

static json_t *in_sync_json(const struct status *s)
{
	return s->dp && !s->elsewhere.code ? json_boolean(s->in_sync) : json_null();
}

static int print_json(const struct status *s, struct err *reterr)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:o, s:o, s:o, s:o}", "instance",
			      s->instance, "node", s->node, "state", store_path(s->store),
			      "version", SLUICE_VERSION, "abi", SLUICE_ABI, "attached",
			      s->devices.n > 0, "inSync", in_sync_json(s), "nodePortAddresses",
			      node_ports_json(s), "devices", devices_json(s), "tables",
			      tables_json(s));
	int r = !j || json_dumpf(j, stdout, JSON_INDENT(2));

	json_decref(j);
	if (r)
		return err_set(reterr, EIO, "cannot print");
	putchar('\n');
	return 0;
}

static int cmd_status(const struct cmd_context *ctx, int argc, char **argv)
{
	own(status_done) struct status s = { .instance = ctx->instance };
	const struct status_opts *o = ctx->opts;
	struct err e = { 0 };
	int r;

	if (argc)
		return say_usage(ctx, "unexpected \"%s\"", argv[0]);
	r = collect(ctx, &s, &e);
	if (!r)
		r = o->output == STATUS_JSON ? print_json(&s, &e) : print_text(&s, &e);
	return r ? say_failure(&e) : EXIT_SUCCESS;
}

static const struct option_row status_options[] = {
	{ .letter = 'o', .name = "output", .arg = "FORMAT",
	  .help = "json: in the shape that sluice(8) documents",
	  OPTION_CHOICE(struct status_opts, output, status_outputs) },
	{ 0 },
};

const struct command command_status = {
	.name = "status",
	.args = "",
	.summary = "show what is attached, how, and how full the tables are",
	.options = status_options,
	.opts_size = sizeof(struct status_opts),
	.run = cmd_status,
};
