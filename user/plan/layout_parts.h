/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the files of a plan (layout.c and its parts) share while one is made. Nobody else
 * includes this.
 */
#pragma once

#include "plan/layout.h"

/* --- rows --------------------------------------------------------------------- */

enum row_state {
	ROW_FREE,
	ROW_LIVE,		/* of a service of the image */
	ROW_GONE,		/* used, and no service of the image has it */
	ROW_OTHER,		/* used, and out of scope */
};

/* --- slots -------------------------------------------------------------------- */

/* What becomes of a slot. */
enum slot_fate {
	SLOT_FREE,		/* unused, may be given away */
	SLOT_MEMBER,		/* one of image->services' backends has it */
	SLOT_RETIRING,		/* its endpoint left just now */
	SLOT_RETIRED,		/* left before; flows count on it */
	SLOT_OTHER,		/* of a row that is out of scope */
};

struct slots {
	uint8_t *fate;		/* enum slot_fate, by slot */
	uint32_t *of;		/* slot of each backend of the image: services' backends
				 * one after the other; 0 while it has none */
	uint8_t *late;		/* as @of: SLUICE_BE_IN_* that wait for the sets */
	size_t *first;		/* by image service: where its backends begin in @of */
	uint32_t *left;		/* by service row: slots of the view that stay */
	size_t next_free;	/* no free slot below this one */
};

/* --- choice blocks ------------------------------------------------------------ */

struct gap {
	uint32_t base;
	uint32_t n;
};

/* What no published set uses. It only shrinks while a plan is made. */
struct blocks {
	VEC(struct gap) gaps;	/* sorted by base */
	/* By size, of which there are few: the first gap where one may fit. */
	struct {
		uint16_t size;
		size_t gap;
	} from[16];
	size_t n_from;
};

int blocks_init(struct blocks *b, const struct layout_view *view);
void blocks_done(struct blocks *b);

/* First fit. Whether there was room. */
bool blocks_take(struct blocks *b, uint16_t size, uint32_t *ret_base);

/* --- the plan in the making --------------------------------------------------- */

struct layout {
	const struct image *img;
	const struct layout_view *view;
	struct layout_plan plan;
	uint8_t *row_state;	/* by service row: enum row_state */
	struct slots slots;
	struct blocks blocks;
	struct err *reterr;
};

/* ops.c: appends; takes what the op owns, also on failure. */
int layout_push(struct layout *l, struct layout_op op);

/* --- slots.c ------------------------------------------------------------------ */

/* Finds the slots that the image's backends have; decides what becomes of all others. */
int slots_match(struct layout *l);
/* LAYOUT_SLOT_FREE for what earlier plans retired and nothing counts on any more. */
int slots_free_idle(struct layout *l);
/* Gives a slot to each backend that has none, and writes what is new or changed; but of the sets
 * that hold a slot only what may be said before they are published. */
int slots_assign(struct layout *l);
/* The rest of that, when they are. */
int slots_admit(struct layout *l);
int slots_retire(struct layout *l);
void slots_done(struct slots *s);

/* --- sets.c ------------------------------------------------------------------- */

/* LAYOUT_CHOICES and LAYOUT_SERVICE for the services of the image. */
int sets_publish(struct layout *l);

/* --- frontends.c -------------------------------------------------------------- */

/* LAYOUT_FRONTEND_PUT, then _DEL. */
int frontends_plan(struct layout *l);

/* --- ranges.c ----------------------------------------------------------------- */

/* LAYOUT_RANGE_DEL for what a writer that died left: no service is guarded by it. */
int ranges_free_orphans(struct layout *l);
/* LAYOUT_RANGE_PUT: before the services that are guarded by them. */
int ranges_plan_put(struct layout *l);
/* LAYOUT_RANGE_DEL: when no service is guarded by them any more. */
int ranges_plan_del(struct layout *l);

/* --- filter.c ----------------------------------------------------------------- */

/* The filter itself, and LAYOUT_FILTER_SET if a bit of it is missing. */
int filter_plan_set(struct layout *l);
/* LAYOUT_FILTER_TRIM if there are bits too many and nothing can need them. */
int filter_plan_trim(struct layout *l);
