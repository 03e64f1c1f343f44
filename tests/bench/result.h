/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What was measured: by row, kind and number of live flows. A table for people, and JSON in the
 * format that all benches share and check.py and plot.py read:
 *
 *	{"bench": "program", "rows": [
 *		{"id": "program/xdp/nodeport/established/tcp4/flows=1024", "unit": "ns",
 *		 "median", "p10", "p90", "samples",
 *		 "ratios": {"floor_a": {"median", "p10", "p90", "samples", "target": 1.3}}}]}
 *
 * A row's ratios are to what it is named beside, by turns. "target" is in the ratio that it
 * speaks of, or in the row, if it speaks of the value. Units that end in "/s", and "%", are
 * better when larger, all others when smaller; targets and ratios follow. `make bench` adds the
 * machine (stamp.py).
 */
#pragma once

#include <jansson.h>

#include "bench/setup.h"
#include "bench/stat.h"

#define N_KINDS 4
#define N_COUNTS 4
#define MAX_ROWS 80
#define MAX_RATIOS 3

/* Kind 0 and 2 are TCP, 1 and 3 UDP; 0 and 1 IPv4, 2 and 3 IPv6. */
extern const struct kind bench_kinds[N_KINDS];
extern const __u32 bench_counts[N_COUNTS];

struct ratio {
	const char *to;
	double target;		/* or 0 */
	struct samples at;
};

struct cell {
	struct samples value;
	struct ratio ratios[MAX_RATIOS];
};

struct row_name {
	const char *id;
	const char *title;
};

struct row {
	const char *hook;	/* these three are parts of the id */
	const char *traffic;
	struct row_name name;
	const char *unit;	/* NULL: ns a packet, over the null program of the same turn */
	double target;		/* of the value, or 0 */
	struct cell cells[N_KINDS][N_COUNTS];
};

struct result {
	struct row rows[MAX_ROWS];
	size_t n;
	json_t *facts;		/* of programs, see facts.h */
};

/* Finds the row of @like's id, or makes it as @like says. */
struct row *result_row(struct result *r, const struct row *like);

void cell_put(struct cell *c, double value);

/* Finds or makes the ratio to @to, and adds a sample. */
void cell_put_ratio(struct cell *c, const char *to, double target, double value);

void result_print(struct result *r);
int result_write(struct result *r, const char *path);
void result_done(struct result *r);
