/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How full each table is. The kernel does not tell for hashes, so their keys are counted: a
 * copy of every row, milliseconds for a full flow table. For status, not for every second.
 */
#include "datapath/datapath.h"

#include "datapath/batch.h"
#include "datapath/handle.h"
#include "datapath/ranges.h"
#include "datapath/rows.h"
#include "sluice/half.h"

static int count_rows(void *arg, const void *keys, const void *values, uint32_t n)
{
	*(uint64_t *)arg += n;
	return 0;
}

static int hash_usage(const struct maps *maps, enum map_id id, const char *name,
		      struct table_usage *ret, struct err *reterr)
{
	const struct map *m = &maps->at[id];

	*ret = (struct table_usage){ .name = name, .size = m->entries };
	return batch_walk(m, map_specs[id].name, 0, count_rows, &ret->used, reterr);
}

static int range_usage(const struct maps *maps, enum map_id id, const char *name,
		       struct table_usage *ret, struct err *reterr)
{
	*ret = (struct table_usage){ .name = name, .size = maps->at[id].entries };
	return ranges_count(maps, &ret->used, reterr);
}

/* The half-open tables are arrays of buckets, which begin with a word a row. */
static int half_usage(const struct maps *maps, enum map_id id, const char *name,
		      struct table_usage *ret, struct err *reterr)
{
	own(array_close) struct row_array buckets = { 0 };
	int r = array_open(&maps->at[id], map_specs[id].name, SIZE_MAX, false, &buckets, reterr);

	if (r < 0)
		return r;
	*ret = (struct table_usage){ .name = name, .size = buckets.n * SLUICE_HALF_WAYS };
	for (size_t i = 0; i < buckets.n; i++) {
		const uint64_t *tags = (const void *)(buckets.at + i * buckets.stride);

		for (size_t way = 0; way < SLUICE_HALF_WAYS; way++)
			ret->used += tags[way] > SLUICE_HALF_BUSY;
	}
	return 0;
}

/* Row 0 is never used, and so not offered. */
static void arrays_usage(const struct rows *rows, struct table_usage ret[static 3])
{
	ret[0] = (struct table_usage){ .name = "services", .size = rows->services.n - 1 };
	ret[1] = (struct table_usage){ .name = "backends", .size = rows->backends.n - 1 };
	ret[2] = (struct table_usage){ .name = "choices", .size = rows_n_choices(rows) };
	for (uint32_t i = 1; i < rows->services.n; i++) {
		const struct sluice_service *s = rows_service(rows, i);

		ret[0].used += !!(s->flags & SLUICE_SVC_USED);
		ret[2].used += (uint64_t)s->cluster.size + s->local.size;
	}
	for (uint32_t i = 1; i < rows->backends.n; i++)
		ret[1].used += !!(rows_backend(rows, i)->flags & SLUICE_BE_USED);
}

int datapath_usage(struct datapath *dp, struct table_usage *ret, size_t max, size_t *ret_n,
		   struct err *reterr)
{
	static const struct {
		enum map_id id;
		const char *name;
		int (*usage)(const struct maps *maps, enum map_id id, const char *name,
			     struct table_usage *ret, struct err *reterr);
	} tables[] = {
		{ MAP_FRONTENDS4, "frontends4", hash_usage },
		{ MAP_FRONTENDS6, "frontends6", hash_usage },
		{ MAP_RANGES, "sourceRanges", range_usage },
		{ MAP_FLOWS4, "flows4", hash_usage },
		{ MAP_FLOWS6, "flows6", hash_usage },
		{ MAP_HALF4, "half4", half_usage },
		{ MAP_HALF6, "half6", half_usage },
		{ MAP_AFFINITY, "affinity", hash_usage },
	};
	own(rows_close) struct rows rows = { 0 };
	struct table_usage all[3 + sizeof(tables) / sizeof(*tables)];
	size_t n = 3;
	int r = maps_need(&dp->maps, reterr) ?: rows_open(&dp->maps, false, &rows, reterr);

	if (r < 0)
		return r;
	arrays_usage(&rows, all);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		r = tables[i].usage(&dp->maps, tables[i].id, tables[i].name, &all[n++], reterr);
		if (r < 0)
			return r;
	}
	*ret_n = n < max ? n : max;
	for (size_t i = 0; i < *ret_n; i++)
		ret[i] = all[i];
	return 0;
}
