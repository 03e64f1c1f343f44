/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `stats` for a person.
 */
#pragma once

#include <stdio.h>

#include "cli/report.h"

/* With a row for each backend below its service if @backends. */
int report_print(FILE *out, const struct report *r, bool backends, struct err *reterr);

/* The reasons for which packets were dropped, with those that never happened if @all, and how many
 * packets were none of ours. */
int report_print_reasons(FILE *out, const struct report *r, bool all, struct err *reterr);

/* For each of these services the reasons for which packets of it were dropped. */
int report_print_service_drops(FILE *out, const struct report *r, struct err *reterr);

/* The reasons for which packets of these services were dropped; nothing if none was. */
int report_print_drops(FILE *out, const struct report *r, struct err *reterr);

/* How many new connections of these services went where their client's last one did; nothing if none
 * of them has session affinity. */
int report_print_affinity(FILE *out, const struct report *r, struct err *reterr);
