/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counters, from rows and CPUs to services. Read while the programs count: figures of one
 * moment to within that moment, not a snapshot.
 */
#include "datapath/datapath.h"

#include <arpa/inet.h>
#include <string.h>

#include "datapath/batch.h"
#include "datapath/handle.h"
#include "datapath/rows.h"
#include "datapath/slots.h"

void stats_done(struct stats *s)
{
	vec_each(svc, &s->services)
		vec_done(&svc->backends);
	vec_done(&s->services);
}

/* While it is being put together. */
struct gather {
	const struct maps *maps;
	struct rows rows;
	struct stats stats;
	uint32_t *place;		/* by service row: 1 + index in stats.services, 0 none */
	uint32_t n_slots;		/* no slot from here on is in use */
	struct sluice_slot_count *sums;	/* by slot */
	struct err *reterr;
};

static void gather_done(struct gather *g)
{
	rows_close(&g->rows);
	stats_done(&g->stats);
	free(g->place);
	free(g->sums);
}
DEFINE_OWN_DONE(struct gather, gather_done)

static struct service_stats *service_of(struct gather *g, uint32_t row)
{
	if (row >= g->rows.services.n || !g->place[row])
		return NULL;
	return &g->stats.services.at[g->place[row] - 1];
}

static int gather_services(struct gather *g)
{
	g->place = calloc(g->rows.services.n, sizeof(*g->place));
	if (!g->place)
		return err_nomem(g->reterr);
	for (uint32_t row = 1; row < g->rows.services.n; row++) {
		const struct sluice_service *s = rows_service(&g->rows, row);
		struct service_stats stats = { .id = { s->id[0], s->id[1] } };

		if (!(s->flags & SLUICE_SVC_USED))
			continue;
		if (row < g->rows.base.n)
			stats.count = *rows_base(&g->rows, row);
		if (vec_push(&g->stats.services, stats) < 0)
			return err_nomem(g->reterr);
		g->place[row] = (uint32_t)g->stats.services.n;
	}
	return 0;
}

static int gather_slots(struct gather *g)
{
	for (uint32_t i = 1; i < g->rows.backends.n; i++)
		if (rows_backend(&g->rows, i)->flags & SLUICE_BE_USED)
			g->n_slots = i + 1;
	if (!g->n_slots)
		return 0;
	g->sums = calloc(g->n_slots, sizeof(*g->sums));
	if (!g->sums)
		return err_nomem(g->reterr);
	return slots_sum_all(g->maps, g->n_slots, g->sums, g->reterr);
}

static int gather_backends(struct gather *g)
{
	for (uint32_t i = 1; i < g->n_slots; i++) {
		const struct sluice_backend *b = rows_backend(&g->rows, i);
		struct service_stats *svc = service_of(g, b->service);
		struct backend_stats row = {
			.addr = addr_from_wire(&b->addr),
			.port = ntohs(b->port),
			.retired = b->flags & SLUICE_BE_RETIRED,
			.count = g->sums[i],
		};

		if (!(b->flags & SLUICE_BE_USED) || !svc)
			continue;
		if (vec_push(&svc->backends, row) < 0)
			return err_nomem(g->reterr);
		slot_count_add(&svc->count, &row.count);
	}
	return 0;
}

static int add_drops(void *arg, const void *keys, const void *values, uint32_t n)
{
	const struct sluice_drop_key *k = keys;
	const uint64_t *v = values;
	struct gather *g = arg;

	for (uint32_t i = 0; i < n; i++) {
		struct service_stats *svc = service_of(g, k[i].service);
		uint64_t sum = 0;

		for (uint32_t cpu = 0; cpu < g->maps->cpus; cpu++)
			sum += v[(size_t)i * g->maps->cpus + cpu];
		/* Set, not added: a row may be seen twice. */
		if (svc && k[i].reason < SLUICE_R_COUNT)
			svc->drops[k[i].reason] = sum;
	}
	return 0;
}

static int add_reasons(void *arg, const void *keys, const void *values, uint32_t n)
{
	const struct sluice_tally *v = values;
	const uint32_t *reason = keys;
	struct gather *g = arg;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t cpu = 0; cpu < g->maps->cpus; cpu++) {
			const struct sluice_tally *row = &v[(size_t)i * g->maps->cpus + cpu];

			g->stats.reasons[reason[i]].packets += row->packets;
			g->stats.reasons[reason[i]].bytes += row->bytes;
		}
	}
	return 0;
}

static int gather_reasons(struct gather *g)
{
	const struct map *m = &g->maps->at[MAP_REASONS];
	uint32_t n = m->entries < SLUICE_R_COUNT ? m->entries : SLUICE_R_COUNT;

	return batch_walk_array(m, map_specs[MAP_REASONS].name, g->maps->cpus, n, add_reasons, g,
				g->reterr);
}

static int id_cmp(const void *a, const void *b)
{
	const struct service_stats *x = a;
	const struct service_stats *y = b;

	if (x->id[0] != y->id[0])
		return x->id[0] < y->id[0] ? -1 : 1;
	return (x->id[1] > y->id[1]) - (x->id[1] < y->id[1]);
}

int datapath_stats(struct datapath *dp, struct stats *ret, struct err *reterr)
{
	own(gather_done) struct gather g = { .maps = &dp->maps, .reterr = reterr };
	int r = maps_need(&dp->maps, reterr)
	    ?: rows_open(&dp->maps, false, &g.rows, reterr)
	    ?: gather_services(&g)
	    ?: gather_slots(&g)
	    ?: gather_backends(&g)
	    ?: batch_walk(&dp->maps.at[MAP_DROPS], map_specs[MAP_DROPS].name, dp->maps.cpus,
			  add_drops, &g, reterr)
	    ?: gather_reasons(&g);

	if (r < 0)
		return r;
	if (g.stats.services.n)
		qsort(g.stats.services.at, g.stats.services.n, sizeof(*g.stats.services.at),
		      id_cmp);
	*ret = g.stats;
	memset(&g.stats, 0, sizeof(g.stats));
	return 0;
}
