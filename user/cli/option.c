/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows → getopt_long(3) → values. All tables of one command line are parsed together, so
 * that global options may stand before or after the command's own.
 */
#include "cli/option.h"

#include <assert.h>
#include <getopt.h>
#include <string.h>

#define ROWS_MAX 32
#define LINE_MAX_COLUMNS 80
#define VAL_LONG 256		/* getopt's value of row i is VAL_LONG + i */

struct parser {
	struct row {
		const struct option_row *row;
		void *into;
	} rows[ROWS_MAX];
	size_t n;
	struct option longs[ROWS_MAX + 1];
	char shorts[2 + 3 * ROWS_MAX + 1];
};

static bool row_is_end(const struct option_row *r)
{
	return !r->letter && !r->name;
}

static void parser_add(struct parser *p, const struct option_row *table, void *into)
{
	size_t n_longs = 0;

	while (p->longs[n_longs].name)
		n_longs++;

	for (const struct option_row *r = table; r && !row_is_end(r); r++) {
		bool has_arg = r->type != OPTION_IS_FLAG;
		size_t len = strlen(p->shorts);

		assert(p->n < ROWS_MAX);
		if (r->letter)
			snprintf(p->shorts + len, sizeof(p->shorts) - len, "%c%s", r->letter,
				 r->bare ? "::" : has_arg ? ":" : "");
		if (r->name)
			p->longs[n_longs++] = (struct option){
				.name = r->name,
				.has_arg = r->bare ? optional_argument
					 : has_arg ? required_argument
						   : no_argument,
				.val = VAL_LONG + (int)p->n,
			};
		p->rows[p->n++] = (struct row){ r, into };
	}
}

/* The row that getopt means by @val, or NULL. */
static const struct row *parser_row(const struct parser *p, int val)
{
	if (val >= VAL_LONG)
		return val - VAL_LONG < (int)p->n ? &p->rows[val - VAL_LONG] : NULL;
	for (size_t i = 0; val && i < p->n; i++) {
		if (p->rows[i].row->letter == val)
			return &p->rows[i];
	}
	return NULL;
}

/* As the user may write it: "--name" or "-n". */
static const char *row_text(const struct option_row *r, char buf[static 64])
{
	if (r->name)
		snprintf(buf, 64, "--%s", r->name);
	else
		snprintf(buf, 64, "-%c", r->letter);
	return buf;
}

static int choice_set(const struct option_row *r, const char *value, int *ret,
		      struct err *reterr)
{
	char text[64], all[256] = "";
	int n = 0;

	if (!value) {
		*ret = r->bare;
		return 0;
	}
	for (int i = 0; r->choices[i]; i++) {
		size_t len = strlen(all);

		if (!strcmp(r->choices[i], value)) {
			*ret = i;
			return 0;
		}
		/* An empty choice stands for "not given" and cannot be asked for. */
		if (*r->choices[i])
			snprintf(all + len, sizeof(all) - len, "%s%s", n++ ? ", " : "",
				 r->choices[i]);
	}
	return err_set(reterr, EINVAL, "%s must be %s%s, not \"%s\"", row_text(r, text),
		       n > 1 ? "one of " : "", all, value);
}

static int row_set(const struct row *row, const char *value, struct err *reterr)
{
	void *at = (char *)row->into + row->row->at;

	switch (row->row->type) {
	case OPTION_IS_FLAG:
		*(bool *)at = true;
		return 0;
	case OPTION_IS_TEXT:
		*(const char **)at = value;
		return 0;
	case OPTION_IS_LIST:
		return vec_push((option_list *)at, value) ? err_nomem(reterr) : 0;
	case OPTION_IS_CHOICE:
		return choice_set(row->row, value, at, reterr);
	}
	return 0;
}

/* Why getopt returned '?' or ':'. @arg is the argument it had in its hands. */
static int parse_error(const struct parser *p, int c, const char *arg, struct err *reterr)
{
	const struct row *row = parser_row(p, optopt);
	char text[64];

	if (row && c == ':')
		return err_set(reterr, EINVAL, "%s needs a value: %s", row_text(row->row, text),
			       row->row->arg);
	if (row)
		return err_set(reterr, EINVAL, "%s takes no value", row_text(row->row, text));
	if (optopt)
		return err_set(reterr, EINVAL, "unknown option -%c", optopt);
	return err_set(reterr, EINVAL, "unknown option %s", arg);
}

int options_parse(const struct option_row *const tables[], void *const into[], size_t n_tables,
		  bool until_operand, int argc, char **argv, int *ret_operands,
		  struct err *reterr)
{
	struct parser p = { .shorts = "" };
	int r, c;

	/* ':' tells a missing value from an unknown option. */
	strcpy(p.shorts, until_operand ? "+:" : ":");
	for (size_t i = 0; i < n_tables; i++)
		parser_add(&p, tables[i], into[i]);

	opterr = 0;
	optind = 0;	/* glibc: start anew, forget what was reordered before */
	while ((c = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return parse_error(&p, c, argv[optind - 1], reterr);
		/* "-o=json", as kubectl takes it */
		if (optarg && c < VAL_LONG && *optarg == '=' && optarg != argv[optind - 1])
			optarg++;
		r = row_set(parser_row(&p, c), optarg, reterr);
		if (r)
			return r;
	}
	*ret_operands = optind;
	return 0;
}

void options_done(const struct option_row *rows, void *into)
{
	for (const struct option_row *r = rows; r && !row_is_end(r); r++) {
		if (r->type == OPTION_IS_LIST)
			vec_done((option_list *)((char *)into + r->at));
	}
}

/* "-o, --output FORMAT"; long forms stand below each other. Returns the width. */
static int row_spell(const struct option_row *r, char buf[static 80])
{
	int n = r->letter ? snprintf(buf, 80, "-%c", r->letter) : snprintf(buf, 80, "  ");

	if (r->name)
		n += snprintf(buf + n, 80 - (size_t)n, "%s--%s", r->letter ? ", " : "  ", r->name);
	if (r->arg)
		n += snprintf(buf + n, 80 - (size_t)n, "%s%s%s", r->bare ? "[=" : " ", r->arg,
			      r->bare ? "]" : "");
	return n;
}

static int rows_width(const struct option_row *rows)
{
	char text[80];
	int width = 0;

	for (const struct option_row *r = rows; r && !row_is_end(r); r++) {
		int n = row_spell(r, text);

		if (n > width)
			width = n;
	}
	return width;
}

/* From column @indent on, in lines of LINE_MAX_COLUMNS at most. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
	int at = indent;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > indent && at + 1 + len > LINE_MAX_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", len, text);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

void options_print(FILE *out, const struct option_row *const tables[], size_t n_tables)
{
	char text[80];
	int width = 0;

	for (size_t i = 0; i < n_tables; i++) {
		int n = rows_width(tables[i]);

		if (n > width)
			width = n;
	}
	for (size_t i = 0; i < n_tables; i++) {
		for (const struct option_row *r = tables[i]; r && !row_is_end(r); r++) {
			row_spell(r, text);
			fprintf(out, "  %-*s  ", width, text);
			print_wrapped(out, r->help, width + 4);
		}
	}
}
