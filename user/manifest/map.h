/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The pairs of a map when it is complete: merge keys resolved, no key twice. */
#pragma once

#include "base/err.h"
#include "base/vec.h"
#include "manifest/doc.h"

typedef VEC(struct doc_pair) doc_pair_vec;

/*
 * Replaces each `<<: map` or `<<: [map, ...]` by the maps' pairs, as far as the keys are
 * not there already; a key that was written twice is an error.
 */
int map_resolve(const char *name, doc_pair_vec *pairs, struct err *reterr);
