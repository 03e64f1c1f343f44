/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Latencies in rows of equal relative width, 1.6 %: any number of them in 30 KB. */
#pragma once

#include <stdint.h>

#define HIST_FINE_BITS 6	/* rows in each power of two */
#define HIST_ROWS ((64 - HIST_FINE_BITS + 1) << HIST_FINE_BITS)

struct hist {
	uint64_t n;
	uint64_t max;
	uint64_t rows[HIST_ROWS];
};

void hist_put(struct hist *h, uint64_t ns);

/* The smallest value that @part (0 to 1) of all do not exceed; 0 if there are none. */
uint64_t hist_at(const struct hist *h, double part);
