/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * kubectl's --dry-run: alone, or with a mode. There is no server, so two of them are the same.
 */
#pragma once

#include "cli/option.h"

enum dry_run {
	DRY_RUN_NONE,
	DRY_RUN_CLIENT,
	DRY_RUN_SERVER,
};

extern const char *const dry_run_choices[];

#define DRY_RUN_ROW(type_, field, help_)                                           \
	{ .name = "dry-run", .arg = "MODE", .help = help_ " (client, server or none)", \
	  OPTION_CHOICE(type_, field, dry_run_choices), .bare = DRY_RUN_CLIENT }
