/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/stat.h"

#include <stdlib.h>

void samples_put(struct samples *s, double value)
{
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->at = reallocarray(s->at, s->room, sizeof(*s->at));
		if (!s->at)
			abort();
	}
	s->at[s->n++] = value;
}

void samples_done(struct samples *s)
{
	free(s->at);
	*s = (struct samples){ 0 };
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double sorted_at(const struct samples *s, double part)
{
	return s->at[(size_t)(part * (double)(s->n - 1) + 0.5)];
}

struct spread samples_spread(struct samples *s)
{
	if (!s->n)
		return (struct spread){ 0 };
	qsort(s->at, s->n, sizeof(*s->at), double_cmp);
	return (struct spread){
		.median = sorted_at(s, 0.5),
		.p10 = sorted_at(s, 0.1),
		.p90 = sorted_at(s, 0.9),
		.n = s->n,
	};
}
