/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the maps hold, for a plan of all of it and for one of a part alike. */
#include "datapath/work.h"

#include <bpf/bpf.h>

#include "datapath/slots.h"

void work_done(struct work *w)
{
	rows_close(&w->rows);
	frontends_done(&w->frontends);
	ranges_done(&w->ranges);
	vec_done(&w->scope.ids);
	layout_plan_done(&w->plan);
}

static bool slot_idle(void *arg, uint32_t slot)
{
	const struct work *w = arg;
	struct sluice_slot_count c;

	return slots_sum(&w->dp->maps, slot, &c) == 0 && c.opened == c.closed;
}

static const uint32_t *choices(void *arg, uint32_t first, uint32_t n)
{
	struct work *w = arg;

	return rows_choices(&w->rows, first, n);
}

/* Whether any established flow exists: the collector's tokens tell. */
static bool flows_alive(const struct maps *maps)
{
	struct sluice_gc gc;
	uint32_t zero = 0;

	return bpf_map_lookup_elem(maps->at[MAP_GC].fd, &zero, &gc) < 0 || gc.tokens4 ||
	       gc.tokens6;
}

struct layout_view work_view(struct work *w)
{
	const struct maps *maps = &w->dp->maps;

	return (struct layout_view){
		.services = (const struct sluice_service *)w->rows.services.at,
		.n_services = w->rows.services.n,
		.backends = (const struct sluice_backend *)w->rows.backends.at,
		.n_backends = w->rows.backends.n,
		.choices = choices,
		.n_choices = rows_n_choices(&w->rows),
		.filter = rows_filter(&w->rows),
		.flows_alive = flows_alive(maps),
		.max_frontends = {
			[FAMILY_V4] = maps->at[MAP_FRONTENDS4].entries,
			[FAMILY_V6] = maps->at[MAP_FRONTENDS6].entries,
		},
		.slot_idle = slot_idle,
		.arg = w,
		.frontends = w->frontends.at,
		.n_frontends = w->frontends.n,
		.ranges = w->ranges.at,
		.n_ranges = w->ranges.n,
		.max_ranges = maps->at[MAP_RANGES].entries,
	};
}
