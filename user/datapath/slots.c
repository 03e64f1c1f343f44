/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/slots.h"

#include <bpf/bpf.h>

#include "datapath/batch.h"

void slot_count_add(struct sluice_slot_count *to, const struct sluice_slot_count *from)
{
	to->packets_in += from->packets_in;
	to->bytes_in += from->bytes_in;
	to->packets_out += from->packets_out;
	to->bytes_out += from->bytes_out;
	to->opened += from->opened;
	to->closed += from->closed;
	to->over += from->over;
}

int slots_sum(const struct maps *maps, uint32_t slot, struct sluice_slot_count *ret)
{
	own(free) struct sluice_slot_count *rows = calloc(maps->cpus, sizeof(*rows));
	struct sluice_slot_count sum = { 0 };

	if (!rows)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->at[MAP_SLOT_COUNTS].fd, &slot, rows) < 0)
		return -errno;
	for (uint32_t i = 0; i < maps->cpus; i++)
		slot_count_add(&sum, &rows[i]);
	*ret = sum;
	return 0;
}

int slots_clear(const struct maps *maps, uint32_t slot, struct err *reterr)
{
	own(free) struct sluice_slot_count *rows = calloc(maps->cpus, sizeof(*rows));

	if (!rows)
		return err_nomem(reterr);
	if (bpf_map_update_elem(maps->at[MAP_SLOT_COUNTS].fd, &slot, rows, BPF_ANY) < 0)
		return err_sys(reterr, errno, "cannot write map %s",
			       map_specs[MAP_SLOT_COUNTS].name);
	return 0;
}

struct sums {
	struct sluice_slot_count *at;
	uint32_t n;
	uint32_t cpus;
};

static int add_rows(void *arg, const void *keys, const void *values, uint32_t n)
{
	const struct sluice_slot_count *rows = values;
	const uint32_t *slots = keys;
	struct sums *s = arg;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t cpu = 0; slots[i] < s->n && cpu < s->cpus; cpu++)
			slot_count_add(&s->at[slots[i]], &rows[(size_t)i * s->cpus + cpu]);
	return 0;
}

int slots_sum_all(const struct maps *maps, uint32_t n, struct sluice_slot_count *ret,
		  struct err *reterr)
{
	struct sums s = { .at = ret, .n = n, .cpus = maps->cpus };

	return batch_walk_array(&maps->at[MAP_SLOT_COUNTS], map_specs[MAP_SLOT_COUNTS].name,
				maps->cpus, n, add_rows, &s, reterr);
}
