/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/dry_run.h"

const char *const dry_run_choices[] = {
	[DRY_RUN_NONE] = "none", [DRY_RUN_CLIENT] = "client", [DRY_RUN_SERVER] = "server", NULL,
};
