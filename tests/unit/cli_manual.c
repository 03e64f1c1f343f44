/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The manual says all there is to say. Tests run where the Makefile is.
 */
#include <criterion/criterion.h>

#include <string.h>

#include "base/own.h"
#include "cli/cli.h"
#include "cli/report.h"

/* sluice.8 without the backslashes of "\-". */
static char *manual_read(void)
{
	own(file_close) FILE *f = fopen("sluice.8", "re");
	char *text = NULL, *to;
	size_t len = 0;

	cr_assert_not_null(f, "no sluice.8 in the current directory");
	cr_assert_gt(getdelim(&text, &len, '\0', f), 0);
	to = text;
	for (const char *c = text; *c; c++) {
		if (*c != '\\' || c[1] != '-')
			*to++ = *c;
	}
	*to = '\0';
	return text;
}

Test(cli_manual, every_reason_is_explained)
{
	own(free) char *text = manual_read();

	for (enum sluice_reason i = 0; i < SLUICE_R_COUNT; i++) {
		const char *how = reason_infos[i].verdict == SLUICE_V_DROP ? "dropped" : "rejected";
		char entry[200];

		if (!reason_is_drop(i))
			continue;
		snprintf(entry, sizeof(entry), ".B %s\n%s: %s\n", reason_infos[i].label, how,
			 reason_infos[i].doc);
		cr_expect(strstr(text, entry), "not in sluice.8:\n%s", entry);
	}
}

Test(cli_manual, every_command_and_option_is_there)
{
	own(free) char *text = manual_read();

	for (size_t i = 0; cli_commands[i]; i++) {
		const struct option_row *o = cli_commands[i]->options;
		char entry[100], *section, *end;

		snprintf(entry, sizeof(entry), ".SS %s\n", cli_commands[i]->name);
		section = strstr(text, entry);
		cr_assert_not_null(section, "no section %s", entry);
		end = strstr(section + 1, "\n.S");
		for (; o && o->name; o++) {
			char *at;

			snprintf(entry, sizeof(entry), "--%s", o->name);
			at = strstr(section, entry);
			cr_expect(at && at < end, "%s %s is not in sluice.8",
				  cli_commands[i]->name, entry);
		}
	}
}

Test(cli_manual, version_is_that_of_the_binary)
{
	own(free) char *text = manual_read();

	cr_expect(strstr(text, "\"sluice " SLUICE_VERSION "\""));
}
