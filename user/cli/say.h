/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How commands speak: results on standard output, everything else here, on standard error,
 * one line each, behind "sluice: ".
 */
#pragma once

#include "base/err.h"
#include "cli/cli.h"
#include "model/object.h"

void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * In kubectl's words, which scripts look for, and so without "sluice: ":
 *	Error from server (NotFound): services "web" not found
 */
void say_not_found(enum kind kind, const char *name);
/* @file may be NULL. */
void say_already_exists(enum kind kind, const char *name, const char *file);

/* Says why, returns EXIT_FAILURE. */
int say_failure(const struct err *e);

/* Says what is wrong with the command line and how to get help, returns EXIT_USAGE. */
int say_usage(const struct cmd_context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* For manifest_warn_fn and image_warn_fn. */
void say_warning_text(void *arg, const char *text);
