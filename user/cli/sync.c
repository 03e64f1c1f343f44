/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice sync: change nothing that is stored, make the maps agree with it.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/session.h"

static int cmd_sync(const struct cmd_context *ctx, int argc, char **argv)
{
	own(session_done) struct session s = { 0 };
	struct err e = { 0 };
	size_t writes = 0;

	if (argc)
		return say_usage(ctx, "unexpected \"%s\"", argv[0]);
	if (session_begin(&s, ctx, SESSION_OLD, &e))
		return say_failure(&e);
	if (!s.dp) {
		say_error("nothing is attached (sluice attach DEV)");
		return EXIT_FAILURE;
	}
	if (session_end(&s, &writes, &e))
		return say_failure(&e);
	if (writes)
		printf("maps brought up to date, %zu write%s\n", writes, writes == 1 ? "" : "s");
	else
		printf("maps are up to date\n");
	return EXIT_SUCCESS;
}

const struct command command_sync = {
	.name = "sync",
	.args = "",
	.summary = "bring the maps up to date with the state and this host's addresses",
	.details = "Compares all of the maps; a command that changes something does so only where\n"
		   "it finds reason to. Of use after routes or addresses of the host changed, or\n"
		   "when somebody else wrote to the maps. Attach an uplink again if its own\n"
		   "addresses did.\n",
	.run = cmd_sync,
};
