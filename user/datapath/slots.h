/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counters of backend slots: a row a CPU, which the programs add to without locks.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "datapath/maps.h"
#include "sluice/count.h"

/* Adds @from to @to; pure. */
void slot_count_add(struct sluice_slot_count *to, const struct sluice_slot_count *from);

/* The sum over all CPUs. */
int slots_sum(const struct maps *maps, uint32_t slot, struct sluice_slot_count *ret);

int slots_clear(const struct maps *maps, uint32_t slot, struct err *reterr);

/* Sums of slots [0, n), in ret[0..n). */
int slots_sum_all(const struct maps *maps, uint32_t n, struct sluice_slot_count *ret,
		  struct err *reterr);
