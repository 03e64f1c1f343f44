/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Many rows of a map in one system call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "datapath/maps.h"

/* Sees @n rows; non-zero ends the walk. Values of per-CPU maps: one after the other. */
typedef int batch_fn(void *arg, const void *keys, const void *values, uint32_t n);

/*
 * All rows of a hash. A row that is added or removed meanwhile may be missed or seen; one that
 * stays is seen, once or (if its bucket is walked again) twice.
 */
int batch_walk(const struct map *m, const char *name, uint32_t cpus, batch_fn *fn, void *arg,
	       struct err *reterr);

/* Rows [0, n) of an array, in order. */
int batch_walk_array(const struct map *m, const char *name, uint32_t cpus, uint32_t n,
		     batch_fn *fn, void *arg, struct err *reterr);

/* Adds or replaces; -ENOSPC if the map is full. */
int batch_put(const struct map *m, const char *name, const void *keys, const void *values,
	      uint32_t n, struct err *reterr);

/* Removes; absent ones are fine. */
int batch_del(const struct map *m, const char *name, const void *keys, uint32_t n,
	      struct err *reterr);
