/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/tcp/hist.h"

#define FINE (1u << HIST_FINE_BITS)

/* Below FINE a row is one value; above, the leading one says which FINE rows are meant. */
static unsigned row_of(uint64_t ns)
{
	int shift;

	if (ns < FINE)
		return (unsigned)ns;
	shift = 63 - __builtin_clzll(ns) - HIST_FINE_BITS;
	return ((unsigned)(shift + 1) << HIST_FINE_BITS) + (unsigned)((ns >> shift) & (FINE - 1));
}

static uint64_t row_top(unsigned row)
{
	unsigned shift;

	if (row < FINE)
		return row;
	shift = (row >> HIST_FINE_BITS) - 1;
	return (((uint64_t)FINE + (row & (FINE - 1)) + 1) << shift) - 1;
}

void hist_put(struct hist *h, uint64_t ns)
{
	h->rows[row_of(ns)]++;
	h->n++;
	if (ns > h->max)
		h->max = ns;
}

uint64_t hist_at(const struct hist *h, double part)
{
	uint64_t want = (uint64_t)(part * (double)h->n + 0.999999), seen = 0;

	for (unsigned row = 0; row < HIST_ROWS; row++) {
		seen += h->rows[row];
		if (seen && seen >= want)
			return row_top(row) < h->max ? row_top(row) : h->max;
	}
	return h->max;
}
