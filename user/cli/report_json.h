/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `stats -o json`. The shape is an interface: sluice(8) documents it.
 */
#pragma once

#include <jansson.h>

#include "cli/report.h"

/* A new reference, or NULL when out of memory. */
json_t *report_json(const struct report *r);
