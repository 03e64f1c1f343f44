/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Medians and spread. A run is the median of its batches (an interrupt hits a
 * batch, not the run); a cell is the median of its runs, each on objects
 * loaded anew, because memory placement alone makes a factor of two.
 */
#pragma once

#include <stddef.h>

struct samples {
	double *at;
	size_t n;
	size_t room;
};

struct spread {
	double median;
	double p10;
	double p90;
	size_t n;
};

void samples_put(struct samples *s, double value);
void samples_done(struct samples *s);

/* Sorts @s. All zero if there are no samples. */
struct spread samples_spread(struct samples *s);
