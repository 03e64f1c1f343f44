/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Random images one after the other, carried out op by op, with the writer dying now and then;
 * tables_check() judges every state on the way.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include <string.h>

#include "base/hash.h"
#include "unit/plan_sketch.h"
#include "unit/plan_tables.h"

#define SERVICES 6
#define BACKENDS 7

struct dice {
	uint64_t state;
};

/* 0 … n-1 */
static unsigned int dice_roll(struct dice *d, unsigned int n)
{
	d->state += 0x9e3779b97f4a7c15ull;
	return hash_mix(d->state) % n;
}

/* Frontends 0-7 are each wanted by one of the services, another one every time; so they move. */
static void frontends_draw(struct dice *d, struct image *img)
{
	for (unsigned int f = 0; f < 8 && img->services.n; f++) {
		unsigned int owner = dice_roll(d, img->services.n + 2);

		if (owner < img->services.n)
			sketch_frontend(&img->services.at[owner], f, dice_roll(d, 4));
	}
}

static void backends_draw(struct dice *d, struct image_service *s)
{
	unsigned int density = 1 + dice_roll(d, 3);
	bool same = dice_roll(d, 3) == 0;	/* local set = cluster set */

	for (unsigned int b = 0; b < BACKENDS; b++) {
		unsigned int flags = same ? SKETCH_CLUSTER | SKETCH_LOCAL : 1 + dice_roll(d, 3);

		if (dice_roll(d, 4) < density)
			sketch_backend(s, b, flags | (dice_roll(d, 8) ? 0 : SKETCH_HOST));
	}
}

static void image_draw(struct dice *d, struct image *img)
{
	for (unsigned int n = 0; n < SERVICES; n++) {
		static const uint32_t policies[] = {
			0, 0, SLUICE_SVC_EXT_LOCAL, SLUICE_SVC_INT_LOCAL,
		};
		struct image_service *s;

		if (!dice_roll(d, 4))
			continue;
		s = sketch_service(img, n);
		s->flags |= policies[dice_roll(d, 4)];
		sketch_frontend(s, 100 + n, SLUICE_FE_CLUSTER_IP);
		if (dice_roll(d, 2))
			sketch_affinity(s, 1 + dice_roll(d, 2));
		if (dice_roll(d, 4))
			sketch_address(s, 100 + n, SLUICE_FE_CLUSTER_IP);
		for (unsigned int r = 0; r < 4; r++)
			if (n % 2 && !dice_roll(d, 3))
				sketch_range(s, r);
		if (dice_roll(d, 6))
			backends_draw(d, s);
	}
	frontends_draw(d, img);
	sketch_sort(img);
}

/* Flows end; new ones only begin on slots that are in use and not retired. */
static void flows_draw(struct dice *d, struct tables *t)
{
	for (size_t slot = 1; slot < t->n_backends; slot++) {
		uint8_t flags = t->backends[slot].flags;
		bool seen = t->services[t->backends[slot].service].flags & SLUICE_SVC_USED;

		if (t->busy[slot])
			t->busy[slot] = dice_roll(d, 3);
		else if (flags & SLUICE_BE_USED && !(flags & SLUICE_BE_RETIRED) && seen)
			t->busy[slot] = !dice_roll(d, 3);
	}
}

/* The writer plans @img and dies before op @n. */
static void die_at(struct tables *t, const struct image *img, struct dice *d, size_t *ops)
{
	own(layout_plan_done) struct layout_plan p = { 0 };
	own(before_free) struct before *b = before_new(t);
	struct layout_view view = tables_view(t, true);
	struct err e = { 0 };
	size_t n;

	cr_assert_eq(layout_make(img, &view, &p, &e), 0, "%s", e.text);
	n = dice_roll(d, p.ops.n + 1);
	for (size_t i = 0; i < n; i++) {
		tables_apply(t, &p.ops.at[i], &p, b, img);
		tables_check(t, b, img);
		tables_check_affinity(t, false);
	}
	*ops += n;
}

static void walk(uint64_t seed, unsigned int steps, size_t n_services, size_t n_backends)
{
	own(tables_done) struct tables t;
	struct dice d = { seed };
	size_t ops = 0;

	tables_init(&t, n_services, n_backends, 8192);
	for (unsigned int i = 0; i < steps; i++) {
		own(image_done) struct image img = { 0 };

		image_draw(&d, &img);
		flows_draw(&d, &t);
		if (dice_roll(&d, 2))
			die_at(&t, &img, &d, &ops);
		if (dice_roll(&d, 2))
			ops += tables_become(&t, &img);
	}
	cr_assert_gt(ops, steps);
}

ParameterizedTestParameters(layout_random, every_state_is_whole)
{
	static uint64_t seeds[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	return cr_make_param_array(uint64_t, seeds, sizeof(seeds) / sizeof(*seeds));
}

ParameterizedTest(uint64_t *seed, layout_random, every_state_is_whole)
{
	/*
	 * Room for each service and each endpoint once. One that is gone but busy keeps its
	 * place and gets it back when it returns, so this must do for ever: a leak is -ENOSPC.
	 */
	walk(*seed, 120, SERVICES + 1, SERVICES * BACKENDS + 1);
}

Test(layout_random, everything_is_free_at_the_end)
{
	own(tables_done) struct tables t;
	own(image_done) struct image none = { 0 };
	struct dice d = { 99 };
	size_t ops = 0;

	tables_init(&t, SERVICES + 1, SERVICES * BACKENDS + 1, 8192);
	for (unsigned int i = 0; i < 50; i++) {
		own(image_done) struct image img = { 0 };

		image_draw(&d, &img);
		flows_draw(&d, &t);
		die_at(&t, &img, &d, &ops);
	}
	memset(t.busy, 0, t.n_backends * sizeof(*t.busy));
	tables_become(&t, &none);
	tables_become(&t, &none);
	cr_assert_eq(tables_become(&t, &none), 0);
	for (size_t row = 0; row < t.n_services; row++)
		cr_assert_eq(t.services[row].flags, 0);
	for (size_t slot = 0; slot < t.n_backends; slot++)
		cr_assert_eq(t.backends[slot].flags, 0);
	cr_assert_eq(t.frontends.n, 0);
	cr_assert_eq(t.ranges.n, 0);
}
