/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a client with session affinity may meet: it comes with a slot that a set gave it once, and
 * asks only the slot whether it may.
 */
#include "unit/plan_tables.h"

#include <criterion/criterion.h>

static bool set_has(const struct tables *t, union sluice_set set, uint32_t slot)
{
	for (size_t i = 0; i < set.size; i++)
		if (t->choices[set.base + i] == slot)
			return true;
	return false;
}

/* Every choice that a packet could make now, it may have made. */
static void set_give(struct tables *t, union sluice_set set)
{
	for (size_t i = 0; i < set.size; i++) {
		uint32_t slot = t->choices[set.base + i];

		t->given[slot] = t->backends[slot].gen;
	}
}

static void slot_check(const struct tables *t, uint32_t slot, bool half_published)
{
	const struct sluice_backend *b = &t->backends[slot];
	const struct sluice_service *s = &t->services[b->service];
	bool cluster = set_has(t, s->cluster, slot), local = set_has(t, s->local, slot);

	if (half_published)
		cluster = local = cluster || local;
	cr_assert(!(b->flags & SLUICE_BE_IN_CLUSTER) || cluster, "slot %u: no cluster set", slot);
	cr_assert(!(b->flags & SLUICE_BE_IN_LOCAL) || local, "slot %u: no local set", slot);
}

void tables_check_affinity(struct tables *t, bool half_published)
{
	for (size_t row = 1; row < t->n_services; row++) {
		const struct sluice_service *s = &t->services[row];

		set_give(t, s->cluster);
		set_give(t, s->local);
		cr_assert_eq(!!(s->flags & SLUICE_SVC_AFFINITY), !!s->affinity_sec);
	}
	for (size_t slot = 1; slot < t->n_backends; slot++)
		if (t->given[slot] == t->backends[slot].gen)
			slot_check(t, slot, half_published);
}
