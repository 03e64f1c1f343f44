/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Session affinity in the tables: the service's flag and timeout, and the flags by which a slot says
 * what sets have it. That they are never wrong on the way is for tables_check_affinity() to say.
 */
#include <criterion/criterion.h>

#include "unit/plan_sketch.h"
#include "unit/plan_tables.h"

#define USED SLUICE_BE_USED
#define CLUSTER SLUICE_BE_IN_CLUSTER
#define LOCAL SLUICE_BE_IN_LOCAL

static void become(struct tables *t, void (*draw)(struct image_service *s))
{
	own(image_done) struct image img = { 0 };
	struct image_service *s = sketch_service(&img, 0);

	sketch_frontend(s, 1, SLUICE_FE_CLUSTER_IP);
	draw(s);
	sketch_sort(&img);
	tables_become(t, &img);
}

static void in_different_sets(struct image_service *s)
{
	sketch_backend(s, 1, SKETCH_CLUSTER);
	sketch_backend(s, 2, SKETCH_LOCAL);
	sketch_backend(s, 3, SKETCH_CLUSTER | SKETCH_LOCAL | SKETCH_HOST);
}

static void in_other_sets(struct image_service *s)
{
	sketch_backend(s, 1, SKETCH_LOCAL);
	sketch_backend(s, 2, SKETCH_CLUSTER | SKETCH_LOCAL);
}

Test(layout_affinity, a_slot_says_which_sets_have_it)
{
	own(tables_done) struct tables t;

	tables_init(&t, 4, 16, 2048);
	become(&t, in_different_sets);
	cr_expect_eq(t.backends[1].flags, USED | CLUSTER);
	cr_expect_eq(t.backends[2].flags, USED | LOCAL);
	cr_expect_eq(t.backends[3].flags, USED | CLUSTER | LOCAL | SLUICE_BE_HOST);

	become(&t, in_other_sets);
	cr_expect_eq(t.backends[1].flags, USED | LOCAL);
	cr_expect_eq(t.backends[2].flags, USED | CLUSTER | LOCAL);
	cr_expect_eq(t.backends[3].flags, USED | SLUICE_BE_RETIRED | SLUICE_BE_HOST);
}

/* Tables that a version without these flags has left. */
Test(layout_affinity, slots_that_say_nothing_are_told)
{
	own(tables_done) struct tables t;

	tables_init(&t, 4, 16, 2048);
	become(&t, in_different_sets);
	for (size_t slot = 1; slot <= 3; slot++)
		t.backends[slot].flags &= ~(CLUSTER | LOCAL);
	become(&t, in_different_sets);
	cr_expect_eq(t.backends[1].flags, USED | CLUSTER);
	cr_expect_eq(t.backends[1].gen, 1);
}

static void for_two_hours(struct image_service *s)
{
	sketch_backend(s, 1, SKETCH_CLUSTER);
	sketch_affinity(s, 7200);
}

static void for_one_second(struct image_service *s)
{
	sketch_backend(s, 1, SKETCH_CLUSTER);
	sketch_affinity(s, 1);
}

static void without(struct image_service *s)
{
	sketch_backend(s, 1, SKETCH_CLUSTER);
}

Test(layout_affinity, is_switched_in_place)
{
	own(tables_done) struct tables t;
	own(image_done) struct image none = { 0 };
	struct sluice_service before;

	tables_init(&t, 4, 16, 2048);
	become(&t, without);
	before = t.services[1];
	become(&t, for_two_hours);
	cr_expect(t.services[1].flags & SLUICE_SVC_AFFINITY);
	cr_expect_eq(t.services[1].affinity_sec, 7200);
	cr_expect_eq(t.services[1].cluster.word, before.cluster.word);
	become(&t, for_one_second);
	cr_expect_eq(t.services[1].affinity_sec, 1);
	become(&t, without);
	cr_expect_arr_eq(&t.services[1], &before, sizeof(before));

	become(&t, for_two_hours);
	t.busy[1] = true;	/* keeps the row */
	tables_become(&t, &none);
	cr_expect_eq(t.services[1].flags, SLUICE_SVC_USED);
	cr_expect_eq(t.services[1].affinity_sec, 0);
}
