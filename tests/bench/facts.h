/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the kernel says of the real programs: verifier's work, sizes, stack. */
#pragma once

#include <jansson.h>

/* Prints a table; the array is the caller's. NULL if a program does not load. */
json_t *facts_print(void);
