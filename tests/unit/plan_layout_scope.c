/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Plans for a part of the services: random changes of few, carried out by plans that see only
 * those, must leave what a plan for all would have made.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <string.h>

#include "base/hash.h"
#include "unit/plan_sketch.h"
#include "unit/plan_tables.h"

#define SERVICES 6
#define BACKENDS 7
#define SHARED 4	/* frontends that any service may have */

/* An image is decided by a number for each service, and the owner of each shared frontend. */
struct world {
	uint64_t version[SERVICES];
	unsigned int owner[SHARED];	/* SERVICES: nobody */
};

static unsigned int draw(uint64_t *state, unsigned int n)
{
	*state += 0x9e3779b97f4a7c15ull;
	return hash_mix(*state) % n;
}

static void service_make(const struct world *w, unsigned int n, struct image *img)
{
	static const uint32_t policies[] = { 0, 0, SLUICE_SVC_EXT_LOCAL, SLUICE_SVC_INT_LOCAL };
	uint64_t dice = w->version[n];
	struct image_service *s;

	if (!draw(&dice, 4))
		return;
	s = sketch_service(img, n);
	s->flags |= policies[draw(&dice, 4)];
	sketch_frontend(s, 100 + n, SLUICE_FE_CLUSTER_IP);
	if (draw(&dice, 2))
		sketch_affinity(s, 1 + draw(&dice, 2));
	sketch_address(s, 100 + n, SLUICE_FE_CLUSTER_IP);
	for (unsigned int r = 0; r < 4; r++)
		if (!draw(&dice, 3))
			sketch_range(s, r);
	for (unsigned int b = 0; b < BACKENDS; b++)
		if (draw(&dice, 2))
			sketch_backend(s, b, 1 + draw(&dice, 3));
	for (unsigned int f = 0; f < SHARED; f++)
		if (w->owner[f] == n)
			sketch_frontend(s, f, SLUICE_FE_EXTERNAL);
}

/* Of all services, or of those in @mask. */
static void image_make_of(const struct world *w, unsigned int mask, struct image *img)
{
	for (unsigned int n = 0; n < SERVICES; n++)
		if (mask & 1u << n)
			service_make(w, n, img);
	sketch_sort(img);
}

/* Returns which services it touched. */
static unsigned int change_draw(struct world *w, uint64_t *dice)
{
	unsigned int mask = 0;

	for (unsigned int i = 1 + draw(dice, 2); i; i--) {
		unsigned int n = draw(dice, SERVICES);

		w->version[n] = draw(dice, 1000);
		mask |= 1u << n;
	}
	if (draw(dice, 2)) {
		unsigned int *owner = &w->owner[draw(dice, SHARED)];

		mask |= *owner < SERVICES ? 1u << *owner : 0;
		*owner = draw(dice, SERVICES + 1);
		mask |= *owner < SERVICES ? 1u << *owner : 0;
	}
	return mask;
}

static void scope_make(unsigned int mask, struct layout_scope *ret)
{
	own(image_done) struct image all = { 0 };

	for (unsigned int n = 0; n < SERVICES; n++)
		if (mask & 1u << n)
			sketch_service(&all, n);
	sketch_sort(&all);
	vec_each(s, &all.services)
		cr_assert_eq(vec_push(&ret->ids, (struct layout_id){ { s->id[0], s->id[1] } }), 0);
}

static void flows_draw(struct tables *t, uint64_t *dice)
{
	for (size_t slot = 1; slot < t->n_backends; slot++)
		t->busy[slot] = t->backends[slot].flags & SLUICE_BE_USED &&
				(t->busy[slot] || !(t->backends[slot].flags & SLUICE_BE_RETIRED)) &&
				draw(dice, 2);
}

ParameterizedTestParameters(layout_scope, a_part_leaves_what_the_whole_would_have_made)
{
	static uint64_t seeds[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	return cr_make_param_array(uint64_t, seeds, sizeof(seeds) / sizeof(*seeds));
}

ParameterizedTest(uint64_t *seed, layout_scope, a_part_leaves_what_the_whole_would_have_made)
{
	own(tables_done) struct tables t;
	uint64_t dice = *seed;
	struct world w = { .owner = { 0, 1, 2, SERVICES } };
	size_t ops = 0;

	/* Room enough: a part frees nothing outside of itself. */
	tables_init(&t, 10 * SERVICES, 40 * SERVICES * BACKENDS, 65536);
	for (int i = 0; i < 60; i++) {
		own(image_done) struct image part = { 0 }, all = { 0 };
		struct layout_scope scope = { 0 };
		unsigned int mask = i ? change_draw(&w, &dice) : (1u << SERVICES) - 1;

		image_make_of(&w, mask, &part);
		image_make_of(&w, ~0u, &all);
		scope_make(mask, &scope);
		flows_draw(&t, &dice);
		ops += draw(&dice, 8) ? tables_become_part(&t, &scope, &part, &all) :
					tables_become(&t, &all);
		vec_done(&scope.ids);
	}
	cr_assert_gt(ops, 60);
}

Test(layout_scope, other_rows_are_left_alone)
{
	own(tables_done) struct tables t;
	own(image_done) struct image all = { 0 }, part = { 0 };
	struct world w = { .version = { 1, 2, 3, 4, 5, 6 }, .owner = { 0, 1, 2, SERVICES } };
	struct layout_scope scope = { 0 };
	own(free) struct sluice_service *rows = NULL;

	tables_init(&t, 20, 200, 16384);
	image_make_of(&w, ~0u, &all);
	tables_become(&t, &all);
	rows = calloc(t.n_services, sizeof(*rows));
	cr_assert_not_null(rows);
	memcpy(rows, t.services, t.n_services * sizeof(*rows));

	image_done(&all);
	w.version[3] = 77;
	image_make_of(&w, ~0u, &all);
	image_make_of(&w, 1u << 3, &part);
	scope_make(1u << 3, &scope);
	tables_become_part(&t, &scope, &part, &all);
	for (size_t row = 1; row < t.n_services; row++)
		if (!layout_scope_has(&scope, t.services[row].id))
			cr_assert_arr_eq(&rows[row], &t.services[row], sizeof(*rows));
	vec_done(&scope.ids);
}
