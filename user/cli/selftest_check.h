/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What selftest asks of a lab in which sluice runs on both nodes. Each check prints one line.
 */
#pragma once

#include <stdbool.h>

struct tally {
	unsigned int checks;
	unsigned int failed;
};

/* One line: "ok    title", or "FAIL  title: why" if there is a why. */
void tally_line(struct tally *t, const char *title, const char *why);

/* The manifests that the checks stand on; both nodes must have applied them. */
extern const char check_manifests[];

/* All of them: reachability, sources, refusals, payload. */
void check_traffic(const char *lab, struct tally *t);
