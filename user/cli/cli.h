/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Commands as data. Each command is one file that exports one `const struct command`; the
 * dispatcher parses its options, `-h` and the list of commands are printed from the same rows.
 *
 *	struct greet_opts { bool loud; const char *name; };
 *	static int cmd_greet(const struct cmd_context *ctx, int argc, char **argv)
 *	{
 *		const struct greet_opts *o = ctx->opts;
 *		...
 *		return EXIT_SUCCESS;
 *	}
 *	static const struct option_row greet_options[] = {
 *		{ .letter = 'l', .name = "loud", .help = "shout", OPTION_FLAG(struct greet_opts, loud) },
 *		{ .name = "name", .arg = "NAME", .help = "whom", OPTION_TEXT(struct greet_opts, name) },
 *		{ 0 },
 *	};
 *	const struct command command_greet = {
 *		.name = "greet", .args = "[WORD]...", .summary = "say hello",
 *		.options = greet_options, .opts_size = sizeof(struct greet_opts), .run = cmd_greet,
 *	};
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#include "cli/option.h"

#define SLUICE_VERSION "0.1.0"

/* The third exit status beside EXIT_SUCCESS and EXIT_FAILURE: the command line is wrong. */
#define EXIT_USAGE 2

struct command;

/* What every command is given. */
struct cmd_context {
	const char *instance;		/* --instance, checked, never NULL */
	const struct command *command;
	void *opts;			/* the command's struct, zeroed, then filled */
};

struct command {
	const char *name;
	const char *args;		/* operands as usage shows them; "" for none */
	const char *summary;		/* one line, lower case, no period */
	const char *details;		/* further text for -h, lines ended; may be NULL */
	const struct option_row *options;	/* ends with an empty row; NULL for none */
	size_t opts_size;
	/*
	 * argv[0..argc) are the operands alone: neither the command's name nor options are
	 * among them. Returns the exit status.
	 */
	int (*run)(const struct cmd_context *ctx, int argc, char **argv);
};

extern const struct command command_attach;
extern const struct command command_detach;
extern const struct command command_apply;
extern const struct command command_create;
extern const struct command command_diff;
extern const struct command command_config;
extern const struct command command_delete;
extern const struct command command_get;
extern const struct command command_describe;
extern const struct command command_stats;
extern const struct command command_status;
extern const struct command command_sync;
extern const struct command command_selftest;	/* cli/selftest.c */

/* All of them, in the order in which help lists them; ends with NULL. */
extern const struct command *const cli_commands[];

/* Runs a whole command line; returns the exit status. */
int cli_main(int argc, char **argv);
