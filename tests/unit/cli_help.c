/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What -h prints fits a terminal of 80 columns. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/own.h"
#include "cli/cli.h"

#define COLUMNS 80

static void expect_narrow(const char *command, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		cr_expect_leq(len, COLUMNS, "%s: %.*s", command, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

Test(cli_help, texts_of_commands_are_narrow)
{
	char line[200];

	for (size_t i = 0; cli_commands[i]; i++) {
		const struct command *c = cli_commands[i];

		snprintf(line, sizeof(line), "  %-9s %s", c->name, c->summary);
		expect_narrow(c->name, line);
		snprintf(line, sizeof(line), "usage: sluice %s [OPTION]... %s", c->name, c->args);
		expect_narrow(c->name, line);
		expect_narrow(c->name, c->details);
	}
}

Test(cli_help, options_are_wrapped)
{
	for (size_t i = 0; cli_commands[i]; i++) {
		const struct option_row *const tables[] = { cli_commands[i]->options };
		own(free) char *text = NULL;
		size_t len;
		FILE *mem = open_memstream(&text, &len);

		cr_assert_not_null(mem);
		options_print(mem, tables, 1);
		fclose(mem);
		expect_narrow(cli_commands[i]->name, text);
	}
}
