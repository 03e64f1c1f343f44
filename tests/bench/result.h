/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What was measured: by row, kind and number of live flows. A table for people, JSON for tools. */
#pragma once

#include <jansson.h>

#include "bench/setup.h"
#include "bench/stat.h"

#define N_KINDS 4
#define N_COUNTS 3
#define MAX_ROWS 48

extern const struct kind bench_kinds[N_KINDS];
extern const __u32 bench_counts[N_COUNTS];

/* All ns are over the null program of the same turn; gross is with it. */
struct cell {
	struct samples ns;
	struct samples floor;
	struct samples ratio;
	struct samples gross;
};

struct row {
	const char *hook;
	const char *name;
	const char *floor;	/* its name, or NULL */
	double target;		/* ratio, or 0 */
	struct cell cells[N_KINDS][N_COUNTS];
};

struct result {
	struct row rows[MAX_ROWS];
	size_t n;
	json_t *facts;		/* of programs, see facts.h */
};

/* Finds or makes the row. */
struct row *result_row(struct result *r, const char *hook, const char *name, const char *floor);

/* @floor < 0: there is none. */
void cell_put(struct cell *c, double ns, double floor, double null);

void result_print(struct result *r);
int result_write(struct result *r, const char *path);
void result_done(struct result *r);
