/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Standard error, one line at a time: a line is one write, so that two commands that share
 * a terminal do not mix theirs.
 */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/resource.h"

static void say(const char *prefix, const char *fmt, va_list args)
{
	char line[ERR_TEXT_MAX + 64];

	vsnprintf(line, sizeof(line), fmt, args);
	fflush(stdout);		/* results and complaints in the order in which they came */
	fprintf(stderr, "sluice: %s%s\n", prefix, line);
}

void say_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("", fmt, args);
	va_end(args);
}

void say_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("warning: ", fmt, args);
	va_end(args);
}

void say_not_found(enum kind kind, const char *name)
{
	char text[RESOURCE_TEXT_MAX];

	fflush(stdout);
	fprintf(stderr, "Error from server (NotFound): %s \"%s\" not found\n",
		resource_text(kind, text), name);
}

void say_already_exists(enum kind kind, const char *name, const char *file)
{
	char text[RESOURCE_TEXT_MAX];

	fflush(stdout);
	fprintf(stderr, "Error from server (AlreadyExists): %s%s%s%s \"%s\" already exists\n",
		file ? "error when creating \"" : "", file ? file : "", file ? "\": " : "",
		resource_text(kind, text), name);
}

int say_failure(const struct err *e)
{
	say_error("%s", e->text);
	return EXIT_FAILURE;
}

int say_usage(const struct cmd_context *ctx, const char *fmt, ...)
{
	char prefix[64];
	va_list args;

	snprintf(prefix, sizeof(prefix), "%s: ", ctx->command->name);
	va_start(args, fmt);
	say(prefix, fmt, args);
	va_end(args);
	fprintf(stderr, "usage: sluice %s%s%s\nsee sluice %s -h\n", ctx->command->name,
		*ctx->command->args ? " " : "", ctx->command->args, ctx->command->name);
	return EXIT_USAGE;
}

void say_warning_text(void *arg, const char *text)
{
	say_warning("%s", text);
}
