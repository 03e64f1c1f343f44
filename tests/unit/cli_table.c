/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include "cli/table.h"

/* A table of two columns with one row, as text. The caller frees it. */
static char *printed(const char *a, const char *b, bool heads, struct table_widths *widths)
{
	own(table_free) struct table *t = table_new();
	struct libscols_line *row;
	struct err e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert(t && mem);
	if (!heads)
		table_hide_heads(t);
	if (widths)
		table_keep_widths(t, widths);
	table_column(t, "NAME", TABLE_LEFT);
	table_column(t, "WHAT", TABLE_LEFT);
	row = table_row(t, NULL);
	table_cell(t, row, "%s", a);
	table_cell(t, row, "%s", b);
	cr_assert_eq(table_print(t, mem, &e), 0, "%s", e.text);
	fclose(mem);
	return text;
}

static void expect_row(const char *want, const char *a, const char *b, bool heads,
		       struct table_widths *widths)
{
	own(free) char *got = printed(a, b, heads, widths);

	cr_expect_str_eq(got, want, "\"%s\"", got);
}

Test(cli_table, heads_may_be_left_out)
{
	expect_row("NAME   WHAT\na      b\n", "a", "b", true, NULL);
	expect_row("a      b\n", "a", "b", false, NULL);
}

Test(cli_table, no_row_ends_in_blanks)
{
	struct table_widths widths = { 0 };

	expect_row("NAME   WHAT\na\n", "a", "", true, NULL);
	expect_row("a\n", "a", " ", false, NULL);
	expect_row("NAME       WHAT\nlong-one   b\n", "long-one", "b", true, &widths);
	expect_row("a\n", "a", "", false, &widths);
}

Test(cli_table, later_tables_stand_below_the_first)
{
	struct table_widths widths = { 0 };

	expect_row("NAME       WHAT\nlong-one   b\n", "long-one", "b", true, &widths);
	expect_row("a          some more\n", "a", "some more", false, &widths);
	expect_row("a-longer-one   b\n", "a-longer-one", "b", false, &widths);
	expect_row("a              b\n", "a", "b", false, &widths);
}
