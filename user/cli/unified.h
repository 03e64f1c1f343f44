/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Unified diffs of texts, by diff(1), as kubectl makes them. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/*
 * Prints the difference, if there is one, to standard output, and then sets *@ret_differs.
 * The texts, whose lines are ended, appear as LIVE/@name and MERGED/@name.
 */
int unified_diff(const char *name, const char *live, const char *merged, bool *ret_differs,
		 struct err *reterr);
