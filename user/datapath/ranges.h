/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The table of source ranges.
 */
#pragma once

#include "base/err.h"
#include "base/own.h"
#include "datapath/maps.h"
#include "plan/layout.h"

typedef VEC(struct layout_range) range_vec;

static inline void ranges_done(range_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(range_vec, ranges_done)

/* The key of @r; and back, -EPROTO for what we never write. Pure. */
struct sluice_range_key range_key(const struct layout_range *r);
int range_from_key(const struct sluice_range_key *k, struct layout_range *ret);

/* All ranges, each once. */
int ranges_read(const struct maps *maps, range_vec *ret, struct err *reterr);

/* Appends those ranges of @svc that are in the table for @row. */
int ranges_read_some(const struct maps *maps, const struct image_service *svc, uint32_t row,
		     range_vec *ret, struct err *reterr);

/* How many there are. */
int ranges_count(const struct maps *maps, uint64_t *ret, struct err *reterr);

int range_put(const struct maps *maps, const struct layout_range *r, struct err *reterr);
/* One that is absent is fine. */
int range_del(const struct maps *maps, const struct layout_range *r, struct err *reterr);
