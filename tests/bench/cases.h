/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The rows that are traffic of one sort through one program, beside floors. */
#pragma once

#include "bench/lane.h"
#include "bench/result.h"

#define ON(setup) (1u << (setup))

struct bench_case {
	struct row_name row;
	__u32 setups;		/* ON() those */
	int counts;		/* as many of bench_counts, the small ones first; */
	bool ends;		/* or only the first and the third */
	enum traffic traffic;
	const char *alone;	/* a floor alone, instead of the real program */
	const char *floor;
	double target;		/* of the ratio to the floor */
	struct row_name renew;	/* of the pass in which each flow is renewed */
	const char *base;	/* another floor; what the program takes longer is a row: */
	struct row_name over;
	double over_target;	/* ns */
};

#define N_CASES 10
extern const struct bench_case bench_cases[N_CASES];

/* IPv6 beside IPv4, where a case has a target. */
#define FAMILIES_MAX 1.15
/* 500 ns where two inserts into a full LRU table make 1,500. */
#define NEW_MAX 0.33
/* A stateless choice and rewrite, twice. */
#define FLOOD_MAX 2.0

/* In ids: the traffic of a setup. */
extern const char *const bench_setup_ids[N_SETUPS];
