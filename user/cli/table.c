/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/table.h"

#include <libsmartcols.h>
#include <stdarg.h>
#include <string.h>

struct table {
	struct libscols_table *tb;
	struct libscols_line *row;	/* whose cells are being filled */
	size_t next;			/* its next cell */
	struct table_widths *widths;	/* may be NULL */
	bool failed;
};

struct table *table_new(void)
{
	own(table_free) struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->tb = scols_new_table();
	if (!t->tb || scols_table_set_column_separator(t->tb, "   "))
		return NULL;
	/* Rows are lines for grep and awk, however narrow the terminal. */
	scols_table_set_termforce(t->tb, SCOLS_TERMFORCE_NEVER);
	return TAKE(t);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->tb);
	free(t);
}

void table_hide_heads(struct table *t)
{
	scols_table_enable_noheadings(t->tb, 1);
}

void table_keep_widths(struct table *t, struct table_widths *widths)
{
	t->widths = widths;
}

/* How wide column @i has to be, now that something of @width stands in it. */
static int widen(struct table *t, size_t i, size_t width)
{
	size_t *at;

	if (!t->widths || i >= TABLE_COLUMNS_MAX)
		return 0;
	at = &t->widths->at[i];
	if (*at < width)
		*at = width;
	/* Nothing has to stand right of the last one. */
	return i + 1 < scols_table_get_ncols(t->tb) ? (int)*at : 0;
}

void table_column(struct table *t, const char *head, enum table_align align)
{
	static const int flags[] = {
		[TABLE_LEFT] = 0,
		[TABLE_RIGHT] = SCOLS_FL_RIGHT,
		[TABLE_TREE] = SCOLS_FL_TREE,
	};

	widen(t, scols_table_get_ncols(t->tb), strlen(head));
	if (!scols_table_new_column(t->tb, head, 0, flags[align]))
		t->failed = true;
}

struct libscols_line *table_row(struct table *t, struct libscols_line *parent)
{
	t->row = scols_table_new_line(t->tb, parent);
	t->next = 0;
	if (!t->row)
		t->failed = true;
	return t->row;
}

void table_cell(struct table *t, struct libscols_line *row, const char *fmt, ...)
{
	own(free) char *bare = NULL;
	va_list args;
	char *text;
	int n;

	if (!row)
		return;
	if (row != t->row) {
		t->row = row;
		t->next = 0;
	}
	va_start(args, fmt);
	n = vasprintf(&bare, fmt, args);
	va_end(args);
	if (n < 0)
		bare = NULL;
	else
		n = asprintf(&text, "%-*s", widen(t, t->next, (size_t)n), bare);
	if (n < 0 || scols_line_refer_data(row, t->next++, text))
		t->failed = true;
}

/* A column that is the last in a row is padded too if something may stand right of it elsewhere. */
static void print_trimmed(const char *text, FILE *out)
{
	while (*text) {
		size_t line = strcspn(text, "\n"), n = line;

		while (n && text[n - 1] == ' ')
			n--;
		fprintf(out, "%.*s\n", (int)n, text);
		text += line + (text[line] == '\n');
	}
}

int table_print(struct table *t, FILE *out, struct err *reterr)
{
	own(free) char *text = NULL;

	if (t->failed || scols_print_table_to_string(t->tb, &text))
		return err_nomem(reterr);
	/* Of a table without rows there is not even a text. */
	if (text)
		print_trimmed(text, out);
	return 0;
}
