/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The two frontend tables, and runs of changes to them gathered for one call each.
 */
#pragma once

#include "base/err.h"
#include "base/own.h"
#include "datapath/maps.h"
#include "plan/layout.h"

typedef VEC(struct layout_frontend) frontend_vec;

static inline void frontends_done(frontend_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(frontend_vec, frontends_done)

/* All frontends of both families; each once. */
int frontends_read(const struct maps *maps, frontend_vec *ret, struct err *reterr);

/* Appends those of the image's that are in the tables, with what is there. */
int frontends_read_some(const struct maps *maps, const struct image *img, frontend_vec *ret,
			struct err *reterr);

/* The key of @f in its family's table; pure. */
struct sluice_frontend4_key frontend_key4(const struct layout_frontend *f);
struct sluice_frontend6_key frontend_key6(const struct layout_frontend *f);

/* Puts or deletes @n frontends, in no particular order among themselves. */
int frontends_put(const struct maps *maps, const struct layout_op *ops, size_t n,
		  struct err *reterr);
int frontends_del(const struct maps *maps, const struct layout_op *ops, size_t n,
		  struct err *reterr);
