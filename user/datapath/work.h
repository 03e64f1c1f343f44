/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A write to the maps while it goes on: write.c of all, and write_change.c of changes of few. */
#pragma once

#include "datapath/frontends.h"
#include "datapath/handle.h"
#include "datapath/ranges.h"
#include "datapath/rows.h"

/* Rows of the tables that are hashes. */
struct table_counts {
	size_t frontends[FAMILY_COUNT];
	size_t ranges;
};

struct work {
	struct datapath *dp;
	const struct datapath_target *to;
	const struct datapath_change *change;	/* NULL: the target is all there is */
	struct rows rows;
	frontend_vec frontends;
	range_vec ranges;
	struct layout_scope scope;		/* of a change, */
	struct table_counts others;		/* and what the tables hold besides the above */
	struct layout_plan plan;
	struct err *reterr;
};

void work_done(struct work *w);
DEFINE_OWN_DONE(struct work, work_done)

/* What the maps hold, as a plan wants to see it. */
struct layout_view work_view(struct work *w);

/* Maps what a change may need. */
int work_open_change(struct work *w);

/* The plan for a change; -ESTALE if it must not be made like this. */
int work_plan_change(struct work *w);
