/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The objects of an `apply`, each made ready for what all of them then get together. */
#pragma once

#include "cluster/cluster.h"

/* An object that is being applied. */
struct staged {
	struct object *now;		/* owned, until it is moved into the edit */
	const struct object *old;	/* in the snapshot, or NULL */
	bool ready;			/* @now is what was given */
	bool changed;			/* it differs from @old */
	bool refused;			/* the faults say why */
};

/* All of them, in the order in which they were given. */
typedef struct {
	struct staged *at;
	size_t n;
	size_t cap;
	struct staged **sorted;		/* the same in the snapshot's order, once all are there */
} staged_vec;

void staged_done(staged_vec *v);
DEFINE_OWN_DONE(staged_vec, staged_done)

/*
 * The objects, or copies of them, with defaults and with what they keep of the snapshot's. What is
 * refused goes to @faults. 0 or -ENOMEM.
 */
int stage_all(const struct snapshot *snap, const struct cluster_input *in, staged_vec *staged,
	      struct faults *faults);

/* 0 or -ENOMEM. */
int staged_refuse(struct staged *s, struct faults *faults, const char *text);
