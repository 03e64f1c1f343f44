/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* get --watch: what is there, then what changes, as it changes. */
#pragma once

#include "cli/cli.h"
#include "cli/get_print.h"

struct watch {
	const struct cmd_context *ctx;
	const struct scope *scope;
	const resource_vec *resources;
	struct get_look look;
	bool events;			/* say what happened to each */
	bool told;			/* something, already */
};

/* Returns when nobody reads standard output any more (0), or when it cannot go on. */
int watch_run(struct watch *w, struct err *reterr);
