/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/get_print.h"

#include "manifest/manifest.h"

/* --- tables ------------------------------------------------------------------- */

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

static bool column_is_shown(const struct column *c, const struct get_look *look)
{
	return !c->wide || look->output == GET_WIDE;
}

static void put_heads(struct table *t, enum kind kind, const struct get_look *look, bool with_ns)
{
	if (look->no_heads)
		table_hide_heads(t);
	if (look->widths)
		table_keep_widths(t, look->widths);
	if (look->event)
		table_column(t, "EVENT", TABLE_LEFT);
	if (with_ns)
		table_column(t, "NAMESPACE", TABLE_LEFT);
	for (const struct column *c = kind_columns[kind]; c->head; c++) {
		if (column_is_shown(c, look))
			table_column(t, c->head, TABLE_LEFT);
	}
	if (look->show_labels)
		table_column(t, column_labels.head, TABLE_LEFT);
}

static void put_object(struct table *t, const struct object *o, const struct get_look *look,
		       bool with_ns)
{
	struct libscols_line *row = table_row(t, NULL);

	if (look->event)
		table_cell(t, row, "%s", look->event);
	if (with_ns)
		table_cell(t, row, "%s", o->meta->namespace);
	for (const struct column *c = kind_columns[o->kind]; c->head; c++) {
		if (column_is_shown(c, look))
			print_cell(t, row, c, o, &look->env);
	}
	if (look->show_labels)
		print_cell(t, row, &column_labels, o, &look->env);
}

/* The objects at[0..n) are of one kind. */
static int print_kind(FILE *out, struct object *const *at, size_t n, const struct get_look *look,
		      struct err *reterr)
{
	own(table_free) struct table *t = table_new();
	bool with_ns = look->with_namespace && kind_infos[at[0]->kind].namespaced;

	if (!t)
		return err_nomem(reterr);
	put_heads(t, at[0]->kind, look, with_ns);
	for (size_t i = 0; i < n; i++)
		put_object(t, at[i], look, with_ns);
	return table_print(t, out, reterr);
}

/* One table a kind, as they come. */
static int print_tables(FILE *out, const found_vec *found, const struct get_look *look,
			struct err *reterr)
{
	int r = 0;

	for (size_t i = 0, n; !r && i < found->n; i += n) {
		for (n = 1; i + n < found->n; n++) {
			if (found->at[i + n]->kind != found->at[i]->kind)
				break;
		}
		if (i)
			fputc('\n', out);
		r = print_kind(out, found->at + i, n, look, reterr);
	}
	return r;
}

/* --- any output --------------------------------------------------------------- */

static void print_names(FILE *out, const found_vec *found)
{
	vec_each(o, found)
		fprintf(out, "%s/%s\n", kind_infos[(*o)->kind].printed, (*o)->meta->name);
}

int get_print(FILE *out, const found_vec *found, const struct get_look *look, bool list,
	      struct err *reterr)
{
	int r = 0;

	switch (look->output) {
	case GET_JSON:
		r = manifest_print_json(out, found->at, found->n, list);
		break;
	case GET_YAML:
		r = manifest_print_yaml(out, found->at, found->n, list);
		break;
	case GET_NAME:
		print_names(out, found);
		break;
	case GET_TABLE:
	case GET_WIDE:
		return print_tables(out, found, look, reterr);
	}
	return r ? err_sys(reterr, -r, "cannot print") : 0;
}
