/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "base/own.h"
#include "cli/option.h"

static const char *const colours[] = { "", "red", "green", NULL };

struct global {
	const char *instance;
};

struct local {
	bool loud;
	const char *name;
	option_list files;
	int colour;
};

static const struct option_row global_rows[] = {
	{ .name = "instance", .arg = "NAME", .help = "which", OPTION_TEXT(struct global, instance) },
	{ 0 },
};

static const struct option_row local_rows[] = {
	{ .letter = 'l', .name = "loud", .help = "shout", OPTION_FLAG(struct local, loud) },
	{ .name = "name", .arg = "NAME", .help = "whom", OPTION_TEXT(struct local, name) },
	{ .letter = 'f', .name = "file", .arg = "FILE", .help = "what",
	  OPTION_LIST(struct local, files) },
	{ .letter = 'c', .name = "colour", .arg = "COLOUR", .help = "how",
	  OPTION_CHOICE(struct local, colour, colours) },
	{ 0 },
};

static void local_done(struct local *l)
{
	options_done(local_rows, l);
}
DEFINE_OWN_DONE(struct local, local_done)

static int parse(char *const *line, struct global *g, struct local *l, char **argv, int *ret_first,
		 struct err *e)
{
	const struct option_row *tables[] = { global_rows, local_rows };
	void *into[] = { g, l };
	int argc = 0;

	for (; line[argc]; argc++)
		argv[argc] = line[argc];
	argv[argc] = NULL;
	return options_parse(tables, into, 2, false, argc, argv, ret_first, e);
}

Test(cli_option, every_kind_of_value_is_stored)
{
	char *line[] = { "cmd", "-l", "one", "--name=joe", "-f", "a", "--instance", "n1",
			 "two", "-fb",  "-c", "green", "-f", "-", NULL };
	own(local_done) struct local l = { 0 };
	struct global g = { 0 };
	struct err e = { 0 };
	char *argv[20];
	int first;

	cr_assert_eq(parse(line, &g, &l, argv, &first, &e), 0);
	cr_expect(l.loud);
	cr_expect_str_eq(l.name, "joe");
	cr_expect_str_eq(g.instance, "n1");
	cr_expect_eq(l.colour, 2);
	cr_assert_eq(l.files.n, 3);
	cr_expect_str_eq(l.files.at[0], "a");
	cr_expect_str_eq(l.files.at[1], "b");
	cr_expect_str_eq(l.files.at[2], "-");
	cr_expect_str_eq(argv[first], "one");
	cr_expect_str_eq(argv[first + 1], "two");
	cr_expect_null(argv[first + 2]);
}

Test(cli_option, two_dashes_end_options)
{
	char *line[] = { "cmd", "--", "-l", NULL };
	own(local_done) struct local l = { 0 };
	struct global g = { 0 };
	struct err e = { 0 };
	char *argv[20];
	int first;

	cr_assert_eq(parse(line, &g, &l, argv, &first, &e), 0);
	cr_expect(!l.loud);
	cr_expect_str_eq(argv[first], "-l");
}

Test(cli_option, what_is_wrong_is_said)
{
	static char *const lines[][3] = {
		{ "cmd", "--size" }, { "cmd", "-x" },	    { "cmd", "--name" },
		{ "cmd", "-f" },     { "cmd", "--loud=1" }, { "cmd", "--colour=blue" },
		{ "cmd", "-c" "" },
	};
	static const char *const texts[] = {
		"unknown option --size",
		"unknown option -x",
		"--name needs a value: NAME",
		"--file needs a value: FILE",
		"--loud takes no value",
		"--colour must be one of red, green, not \"blue\"",
		"--colour needs a value: COLOUR",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		own(local_done) struct local l = { 0 };
		struct global g = { 0 };
		struct err e = { 0 };
		char *argv[20];
		int first;

		cr_expect_eq(parse(lines[i], &g, &l, argv, &first, &e), -EINVAL);
		cr_expect_str_eq(e.text, texts[i]);
	}
}

Test(cli_option, the_command_line_stops_at_the_command)
{
	char *argv[] = { "sluice", "--instance", "n1", "cmd", "--loud", NULL };
	const struct option_row *tables[] = { global_rows };
	struct global g = { 0 };
	void *into[] = { &g };
	struct err e = { 0 };
	int first;

	cr_assert_eq(options_parse(tables, into, 1, true, 5, argv, &first, &e), 0);
	cr_expect_eq(first, 3);
	cr_expect_str_eq(g.instance, "n1");
}

Test(cli_option, help_is_aligned)
{
	own(free) char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert_not_null(mem);
	options_print(mem, (const struct option_row *const[]){ local_rows, global_rows }, 2);
	fclose(mem);
	cr_expect_str_eq(text, "  -l, --loud           shout\n"
			       "      --name NAME      whom\n"
			       "  -f, --file FILE      what\n"
			       "  -c, --colour COLOUR  how\n"
			       "      --instance NAME  which\n");
}

Test(cli_option, a_value_may_be_left_out_where_the_row_says_so)
{
	static const struct option_row rows[] = {
		{ .name = "colour", .arg = "COLOUR", .help = "how", .bare = 1,
		  OPTION_CHOICE(struct local, colour, colours) },
		{ 0 },
	};
	static const struct {
		const char *text;
		int colour;
	} lines[] = { { "--colour", 1 }, { "--colour=red", 1 }, { "--colour=green", 2 } };
	const struct option_row *tables[] = { rows };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct local l = { 0 };
		void *into[] = { &l };
		char *argv[] = { "cmd", (char *)lines[i].text, "operand", NULL };
		struct err e = { 0 };
		int first;

		cr_assert_eq(options_parse(tables, into, 1, false, 3, argv, &first, &e), 0);
		cr_expect_eq(first, 2);
		cr_expect_eq(l.colour, lines[i].colour);
	}
}
