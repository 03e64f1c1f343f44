/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a command line to the command: global options, the table of commands, usage.
 */
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/instance.h"
#include "base/nearest.h"
#include "base/own.h"
#include "cli/say.h"
#include "sluice/types.h"

/* In the order in which a person meets them. */
const struct command *const cli_commands[] = {
	&command_attach,   &command_apply, &command_create, &command_diff,   &command_get,
	&command_describe, &command_stats, &command_status, &command_delete, &command_sync,
	&command_detach,   &command_config, &command_selftest, NULL,
};

struct global_opts {
	const char *instance;
	bool help;
	bool version;
};

static const struct option_row global_options[] = {
	{ .name = "instance", .arg = "NAME",
	  .help = "work on this instance (default \"default\"): its state and its maps",
	  OPTION_TEXT(struct global_opts, instance) },
	{ .letter = 'h', .name = "help", .help = "show help",
	  OPTION_FLAG(struct global_opts, help) },
	{ .letter = 'V', .name = "version", .help = "show the version",
	  OPTION_FLAG(struct global_opts, version) },
	{ 0 },
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++) {
		if (!strcmp(cli_commands[i]->name, name))
			return cli_commands[i];
	}
	return NULL;
}

static int print_version(void)
{
	printf("sluice %s (abi %d)\n", SLUICE_VERSION, SLUICE_ABI);
	return EXIT_SUCCESS;
}

static void print_usage(FILE *out)
{
	fputs("usage: sluice [--instance NAME] COMMAND [ARGUMENT]...\n\n"
	      "Kubernetes Services for one Linux host, in XDP and tc.\n\ncommands:\n",
	      out);
	for (size_t i = 0; cli_commands[i]; i++)
		fprintf(out, "  %-9s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
	fputs("\noptions:\n", out);
	options_print(out, (const struct option_row *const[]){ global_options }, 1);
	fputs("\nsluice COMMAND -h tells more about a command, sluice(8) about all of it.\n", out);
}

static void print_command_help(FILE *out, const struct command *c)
{
	const struct option_row *const tables[] = { c->options, global_options };

	fprintf(out, "usage: sluice %s%s%s%s\n\n%c%s\n", c->name,
		c->options ? " [OPTION]..." : "", *c->args ? " " : "", c->args,
		toupper(c->summary[0]), c->summary + 1);
	if (c->details)
		fprintf(out, "\n%s", c->details);
	fputs("\noptions:\n", out);
	options_print(out, tables, 2);
}

static int fail_usage(const struct err *e)
{
	say_error("%s", e->text);
	fputs("see sluice -h\n", stderr);
	return EXIT_USAGE;
}

static int fail_unknown(const char *name)
{
	struct nearest near = nearest_to(name);
	struct err e = { 0 };

	for (size_t i = 0; cli_commands[i]; i++)
		nearest_offer(&near, cli_commands[i]->name);
	if (near.best)
		err_set(&e, EINVAL, "unknown command \"%s\": did you mean \"%s\"?", name,
			near.best);
	else
		err_set(&e, EINVAL, "unknown command \"%s\"", name);
	return fail_usage(&e);
}

/* "sluice help [COMMAND]" */
static int run_help(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2 || !strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	c = command_find(argv[1]);
	if (!c)
		return fail_unknown(argv[1]);
	print_command_help(stdout, c);
	return EXIT_SUCCESS;
}

/* argv[0] is the command's name. @g: what was given before it. */
static int run_command(const struct command *c, struct global_opts *g, int argc, char **argv)
{
	own(free) void *opts = calloc(1, c->opts_size ? c->opts_size : 1);
	const struct option_row *tables[] = { global_options, c->options };
	void *into[] = { g, opts };
	struct cmd_context ctx = { .command = c, .opts = opts };
	struct err e = { 0 };
	int first, status;

	if (!opts) {
		err_nomem(&e);
		return say_failure(&e);
	}
	if (options_parse(tables, into, 2, false, argc, argv, &first, &e)) {
		status = say_usage(&ctx, "%s", e.text);
	} else if (g->help) {
		print_command_help(stdout, c);
		status = EXIT_SUCCESS;
	} else if (g->version) {
		status = print_version();
	} else if (!instance_is_valid(g->instance)) {
		status = say_usage(&ctx, "\"%s\" cannot name an instance: letters, digits, '.', "
				   "'_' and '-' can, %d at most", g->instance, INSTANCE_MAX);
	} else {
		ctx.instance = g->instance;
		status = c->run(&ctx, argc - first, argv + first);
	}
	options_done(c->options, opts);
	return status;
}

static int run_line(int argc, char **argv)
{
	struct global_opts g = { .instance = "default" };
	const struct option_row *tables[] = { global_options };
	void *into[] = { &g };
	const struct command *c;
	struct err e = { 0 };
	int first;

	if (options_parse(tables, into, 1, true, argc, argv, &first, &e))
		return fail_usage(&e);
	if (g.help)
		return run_help(argc - first + 1, argv + first - 1);
	if (g.version || (first < argc && !strcmp(argv[first], "version")))
		return print_version();
	if (first == argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[first], "help"))
		return run_help(argc - first, argv + first);

	c = command_find(argv[first]);
	if (!c)
		return fail_unknown(argv[first]);
	return run_command(c, &g, argc - first, argv + first);
}

int cli_main(int argc, char **argv)
{
	int status = run_line(argc, argv);

	/* A result that could not be written is not a success. */
	if ((fflush(stdout) || ferror(stdout)) && status == EXIT_SUCCESS) {
		say_error("cannot write to standard output");
		status = EXIT_FAILURE;
	}
	return status;
}
