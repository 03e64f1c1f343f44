/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Everything that is loaded at the same time: one setup with so many live flows, for IPv4 and
 * for IPv6, whose lanes take turns.
 */
#pragma once

#include "bench/flood.h"
#include "bench/lane.h"
#include "bench/result.h"

struct world_want {
	enum setup_id setup;
	bool kinds[N_KINDS];	/* TCP or UDP, not both */
	int count;		/* of bench_counts */
	const char *only;	/* part of a row's id or title, or NULL: all */
	const struct lab *lab;
	const char *dir;	/* of the drivers and floors */
};

/* Whether any row of it is wanted. */
bool world_wanted(const struct world_want *want);

/* Loads it, lets all lanes take @turns, closes it. 0 or -errno, and it has said what. */
int world_measure(const struct world_want *want, int turns, struct result *res);
