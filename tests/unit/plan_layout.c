/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "unit/plan_sketch.h"
#include "unit/plan_tables.h"

#define BE_LIVE (SLUICE_BE_USED | SLUICE_BE_IN_CLUSTER | SLUICE_BE_IN_LOCAL)

/* A letter for each op, in order. */
static char *ops_spell(const struct layout_plan *p)
{
	static const char letters[] = {
		[LAYOUT_BACKEND] = 'b',		[LAYOUT_CHOICES] = 'c',
		[LAYOUT_SERVICE] = 's',		[LAYOUT_FILTER_SET] = '[',
		[LAYOUT_FRONTEND_PUT] = '+',	[LAYOUT_FRONTEND_DEL] = '-',
		[LAYOUT_FILTER_TRIM] = ']',	[LAYOUT_SLOT_FREE] = 'f',
		[LAYOUT_SERVICE_FREE] = 'F',
		[LAYOUT_RANGE_PUT] = 'r',	[LAYOUT_RANGE_DEL] = 'x',
	};
	char *text = calloc(p->ops.n + 1, 1);

	cr_assert_not_null(text);
	for (size_t i = 0; i < p->ops.n; i++)
		text[i] = letters[p->ops.at[i].type];
	return text;
}

/* The ops from @t to @img are @ops; carries them out. */
static void expect(struct tables *t, struct image *img, const char *ops)
{
	own(layout_plan_done) struct layout_plan p = { 0 };
	own(free) char *got = NULL;
	struct layout_view view = tables_view(t, true);
	struct err e = { 0 };

	sketch_sort(img);
	cr_assert_eq(layout_make(img, &view, &p, &e), 0, "%s", e.text);
	got = ops_spell(&p);
	cr_assert_str_eq(got, ops, "ops %s instead of %s", got, ops);
	tables_become(t, img);
}

/* Service 0 with its frontend and backends 1 … @n in both sets. */
static struct image_service *web(struct image *img, unsigned int n)
{
	struct image_service *s = sketch_service(img, 0);

	sketch_frontend(s, 1, SLUICE_FE_CLUSTER_IP);
	for (unsigned int i = 1; i <= n; i++)
		sketch_backend(s, i, SKETCH_CLUSTER | SKETCH_LOCAL);
	return s;
}

struct fixture {
	struct tables t;
	struct image a, b, none;
};

static void fixture_done(struct fixture *f)
{
	tables_done(&f->t);
	image_done(&f->a);
	image_done(&f->b);
}
DEFINE_OWN_DONE(struct fixture, fixture_done)

static void fixture_init(struct fixture *f)
{
	*f = (struct fixture){ 0 };
	tables_init(&f->t, 8, 16, 4096);
}

static const struct sluice_service *service_at(const struct tables *t, const struct image *img,
					       size_t i)
{
	return &t->services[tables_row(t, img->services.at[i].id)];
}

/* --- from nothing, and nothing to do ------------------------------------------------- */

Test(layout, nothing_to_nothing)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	expect(&f.t, &f.none, "");
}

Test(layout, a_service_is_complete_before_it_can_be_dialled)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	expect(&f.t, &f.a, "[bbcs+");
	expect(&f.t, &f.a, "");
	cr_assert_eq(f.t.backends[1].gen, 1);
	cr_assert_eq(tables_row(&f.t, f.a.services.at[0].id), 1);
}

Test(layout, rows_of_the_services_are_told)
{
	own(fixture_done) struct fixture f;
	own(layout_plan_done) struct layout_plan p = { 0 };
	struct layout_view view;

	fixture_init(&f);
	for (unsigned int i = 0; i < 5; i++)
		sketch_frontend(sketch_service(&f.a, i), i, SLUICE_FE_CLUSTER_IP);
	expect(&f.t, &f.a, "[sssss+++++");
	view = tables_view(&f.t, true);
	cr_assert_eq(layout_make(&f.a, &view, &p, NULL), 0);
	cr_assert_eq(p.rows.n, 5);
	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(p.rows.at[i], tables_row(&f.t, f.a.services.at[i].id));
}

Test(layout, both_families_have_frontends_and_filter_bits)
{
	own(fixture_done) struct fixture f;
	struct image_service *s;

	fixture_init(&f);
	web(&f.a, 1);
	s = sketch_service(&f.a, 3);		/* IPv6 */
	sketch_frontend(s, 9, SLUICE_FE_NODE_PORT);
	sketch_backend(s, 1, SKETCH_CLUSTER);
	sketch_sort(&f.a);
	tables_become(&f.t, &f.a);		/* checks the filter against each frontend */
	cr_assert_eq(f.t.frontends.n, 2);
}

/* --- backends come and go ----------------------------------------------------------- */

Test(layout, an_endpoint_that_leaves_keeps_its_slot_while_flows_count_on_it)
{
	own(fixture_done) struct fixture f;
	struct sluice_backend old;

	fixture_init(&f);
	web(&f.a, 3);
	expect(&f.t, &f.a, "[bbbcs+");
	old = f.t.backends[3];
	f.t.busy[3] = true;
	web(&f.b, 2);
	expect(&f.t, &f.b, "[bcsb");
	cr_assert_eq(f.t.backends[3].flags, SLUICE_BE_USED | SLUICE_BE_RETIRED);
	cr_assert_eq(f.t.backends[3].gen, old.gen + 1);
	expect(&f.t, &f.b, "");
	f.t.busy[3] = false;
	expect(&f.t, &f.b, "f]");
	cr_assert_eq(f.t.backends[3].flags, 0);
	cr_assert_eq(f.t.backends[3].gen, old.gen + 1);
}

Test(layout, an_endpoint_that_returns_gets_its_slot_back)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 3);
	web(&f.b, 2);
	expect(&f.t, &f.a, "[bbbcs+");
	expect(&f.t, &f.b, "[bcsb");
	expect(&f.t, &f.a, "bcs]");		/* idle or not */
	cr_assert_eq(f.t.backends[3].flags, BE_LIVE);
	cr_assert_eq(f.t.backends[3].gen, 2);
	cr_assert_eq(f.t.backends[4].flags, 0);
}

Test(layout, the_lowest_free_slot_is_taken_with_a_new_generation)
{
	own(fixture_done) struct fixture f;
	struct image_service *s;

	fixture_init(&f);
	web(&f.a, 3);
	expect(&f.t, &f.a, "[bbbcs+");
	s = web(&f.b, 0);
	sketch_backend(s, 3, SKETCH_CLUSTER);
	expect(&f.t, &f.b, "[bbbcsbb");		/* 1 and 2 leave */
	expect(&f.t, &f.b, "ff]");
	sketch_backend(&f.b.services.at[0], 4, SKETCH_CLUSTER);
	expect(&f.t, &f.b, "[bcs");
	cr_assert_eq(f.t.backends[1].gen, 3);
	cr_assert_eq(f.t.backends[1].flags, SLUICE_BE_USED | SLUICE_BE_IN_CLUSTER);
}

Test(layout, a_full_table_reuses_idle_slots_in_the_same_plan)
{
	own(fixture_done) struct fixture f;
	struct image_service *s;

	fixture_init(&f);
	f.t.n_backends = 4;
	web(&f.a, 3);
	expect(&f.t, &f.a, "[bbbcs+");
	web(&f.b, 1);
	expect(&f.t, &f.b, "[bbcsbb");
	s = &f.b.services.at[0];
	sketch_backend(s, 8, SKETCH_CLUSTER | SKETCH_LOCAL);
	sketch_backend(s, 9, SKETCH_CLUSTER | SKETCH_LOCAL);
	expect(&f.t, &f.b, "ff[bbcs]");
	f.t.n_backends = 16;
}

Test(layout, without_slot_idle_no_slot_is_given_away)
{
	own(fixture_done) struct fixture f;
	own(layout_plan_done) struct layout_plan p = { 0 };
	struct layout_view view;

	fixture_init(&f);
	web(&f.a, 1);
	expect(&f.t, &f.a, "[bcs+");
	expect(&f.t, &f.none, "[b-sb]");
	view = tables_view(&f.t, false);
	cr_assert_eq(layout_make(&f.none, &view, &p, NULL), 0);
	cr_assert_eq(p.ops.n, 0);
}

Test(layout, a_new_address_of_the_node_is_one_write)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	expect(&f.t, &f.a, "[bbcs+");
	f.a.services.at[0].backends.at[1].host = true;
	expect(&f.t, &f.a, "b");
	cr_assert_eq(f.t.backends[2].flags, BE_LIVE | SLUICE_BE_HOST);
	cr_assert_eq(f.t.backends[2].gen, 1);
}

/* Kept when the endpoint goes: then it is wanted. */
Test(layout, backends_whose_connections_are_to_be_reset)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	expect(&f.t, &f.a, "[bbcs+");
	f.a.services.at[0].reset = true;
	expect(&f.t, &f.a, "bb");
	cr_assert_eq(f.t.backends[2].flags, BE_LIVE | SLUICE_BE_RESET);
	cr_assert_eq(f.t.backends[2].gen, 1);
	f.t.busy[2] = true;
	web(&f.b, 1);
	f.b.services.at[0].reset = true;
	expect(&f.t, &f.b, "[bcsb");
	cr_assert_eq(f.t.backends[2].flags,
		     SLUICE_BE_USED | SLUICE_BE_RESET | SLUICE_BE_RETIRED);
}

/* The writer died between new backends and their service. */
Test(layout, slots_that_nobody_ever_saw_are_taken_back)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	f.t.backends[1].flags = SLUICE_BE_USED;
	f.t.backends[1].gen = 7;
	f.t.backends[1].service = 1;
	web(&f.a, 1);
	expect(&f.t, &f.a, "f[bcs+");
	cr_assert_eq(f.t.backends[1].gen, 8);
}

/* --- sets and blocks ------------------------------------------------------------------ */

Test(layout, equal_sets_share_a_block)
{
	own(fixture_done) struct fixture f;
	const struct sluice_service *s;

	fixture_init(&f);
	web(&f.a, 3);
	expect(&f.t, &f.a, "[bbbcs+");
	s = service_at(&f.t, &f.a, 0);
	cr_assert_eq(s->cluster.size, 127);
	cr_assert_eq(s->cluster.base, s->local.base);
	cr_assert_eq(s->cluster.size, s->local.size);
}

Test(layout, different_sets_have_a_block_each)
{
	own(fixture_done) struct fixture f;
	const struct sluice_service *s;

	fixture_init(&f);
	web(&f.a, 3)->backends.at[0].in_local = false;
	expect(&f.t, &f.a, "[bbbccs+");
	s = service_at(&f.t, &f.a, 0);
	cr_assert_neq(s->cluster.base, s->local.base);
	cr_assert_eq(s->local.size, 127);
}

Test(layout, a_set_that_stays_the_same_keeps_its_word)
{
	own(fixture_done) struct fixture f;
	union sluice_set local;

	fixture_init(&f);
	web(&f.a, 3)->backends.at[0].in_local = false;
	expect(&f.t, &f.a, "[bbbccs+");
	local = service_at(&f.t, &f.a, 0)->local;
	sketch_backend(&f.a.services.at[0], 7, SKETCH_CLUSTER);
	expect(&f.t, &f.a, "[bcs");
	cr_assert_eq(service_at(&f.t, &f.a, 0)->local.word, local.word);
}

Test(layout, a_set_that_becomes_like_the_other_moves_into_its_block)
{
	own(fixture_done) struct fixture f;
	const struct sluice_service *s;

	fixture_init(&f);
	web(&f.a, 3)->backends.at[0].in_local = false;
	expect(&f.t, &f.a, "[bbbccs+");
	web(&f.b, 0);
	sketch_backend(&f.b.services.at[0], 2, SKETCH_CLUSTER | SKETCH_LOCAL);
	sketch_backend(&f.b.services.at[0], 3, SKETCH_CLUSTER | SKETCH_LOCAL);
	expect(&f.t, &f.b, "[bsb");		/* no new block */
	s = service_at(&f.t, &f.b, 0);
	cr_assert_eq(s->cluster.base, s->local.base);
	cr_assert_eq(s->cluster.gen, 2);
	cr_assert_eq(s->local.gen, 1);
}

Test(layout, a_replaced_block_is_used_again_by_the_next_plan)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	web(&f.b, 3);
	expect(&f.t, &f.a, "[bbcs+");
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.base, 0);
	expect(&f.t, &f.b, "[bcs");
	cr_assert_eq(service_at(&f.t, &f.b, 0)->cluster.base, 127);
	expect(&f.t, &f.a, "[bcsb");
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.base, 0);
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.gen, 3);
}

Test(layout, an_emptied_set_has_a_generation_too)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	web(&f.b, 0);
	expect(&f.t, &f.a, "[bbcs+");
	expect(&f.t, &f.b, "[bbsbb");
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.size, 0);
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.gen, 2);
}

Test(layout, one_backend_is_a_block_of_one_word)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 1);
	expect(&f.t, &f.a, "[bcs+");
	cr_assert_eq(service_at(&f.t, &f.a, 0)->cluster.size, 1);
	cr_assert_eq(f.t.choices[service_at(&f.t, &f.a, 0)->cluster.base], 1);
}

/* New flags with the old, empty local set would drop: fill first. */
Test(layout, a_policy_turns_after_its_set_is_filled)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 0);
	sketch_backend(&f.a.services.at[0], 1, SKETCH_CLUSTER);
	sketch_backend(&f.a.services.at[0], 2, SKETCH_CLUSTER);
	expect(&f.t, &f.a, "[bbcs+");
	f.a.services.at[0].backends.at[0].in_local = true;
	f.a.services.at[0].flags |= SLUICE_SVC_EXT_LOCAL;
	expect(&f.t, &f.a, "cssb");
	f.a.services.at[0].backends.at[0].in_local = false;
	f.a.services.at[0].flags &= ~SLUICE_SVC_EXT_LOCAL;
	expect(&f.t, &f.a, "bs");		/* flags are stored before sets */
}

/* --- frontends ------------------------------------------------------------------------- */

Test(layout, a_frontend_moves_without_a_gap)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	sketch_frontend(sketch_service(&f.a, 0), 1, SLUICE_FE_CLUSTER_IP);
	sketch_frontend(sketch_service(&f.a, 1), 2, SLUICE_FE_CLUSTER_IP);
	expect(&f.t, &f.a, "[ss++");
	sketch_frontend(sketch_service(&f.b, 1), 1, SLUICE_FE_CLUSTER_IP);
	expect(&f.t, &f.b, "+-F]");
}

Test(layout, another_kind_of_frontend_is_one_write)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	sketch_frontend(sketch_service(&f.a, 0), 1, SLUICE_FE_EXTERNAL);
	sketch_frontend(sketch_service(&f.b, 0), 1, SLUICE_FE_NODE_PORT);
	expect(&f.t, &f.a, "[s+");
	expect(&f.t, &f.b, "+");
}

/* A connection outlives its frontend, and its packets must still be looked up. */
Test(layout, stale_bits_of_the_filter_stay_while_flows_exist)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 1);
	sketch_frontend(&f.a.services.at[0], 2, SLUICE_FE_EXTERNAL);
	expect(&f.t, &f.a, "[bcs++");
	f.t.busy[1] = true;
	web(&f.b, 1);
	expect(&f.t, &f.b, "-");
	f.t.busy[1] = false;
	expect(&f.t, &f.b, "]");
	expect(&f.t, &f.b, "");
}

/* --- services that go ------------------------------------------------------------------- */

Test(layout, a_deleted_service_keeps_its_row_until_its_flows_end)
{
	own(fixture_done) struct fixture f;
	const struct sluice_service *s;

	fixture_init(&f);
	web(&f.a, 1)->flags |= SLUICE_SVC_INT_LOCAL;
	expect(&f.t, &f.a, "[bcs+");
	f.t.busy[1] = true;
	s = service_at(&f.t, &f.a, 0);
	expect(&f.t, &f.none, "[b-sb");
	cr_assert_eq(s->flags, SLUICE_SVC_USED);
	cr_assert_arr_eq(s->id, f.a.services.at[0].id, sizeof(s->id));
	sketch_frontend(sketch_service(&f.b, 1), 5, SLUICE_FE_CLUSTER_IP);
	expect(&f.t, &f.b, "[s+");		/* another row */
	cr_assert_neq(tables_row(&f.t, f.b.services.at[0].id), 1);
	f.t.busy[1] = false;
	expect(&f.t, &f.b, "fF]");
	cr_assert_eq(s->flags, 0);
}

Test(layout, a_deleted_service_without_slots_goes_at_once)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 0);
	expect(&f.t, &f.a, "[s+");
	expect(&f.t, &f.none, "-F]");
}

Test(layout, a_service_that_returns_finds_row_and_slots)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	web(&f.a, 2);
	expect(&f.t, &f.a, "[bbcs+");
	expect(&f.t, &f.none, "[bb-sbb]");
	expect(&f.t, &f.a, "[bbcs+]");
	cr_assert_eq(tables_row(&f.t, f.a.services.at[0].id), 1);
	cr_assert_eq(f.t.backends[3].flags, 0);
}

Test(layout, a_full_table_reuses_idle_rows_in_the_same_plan)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	f.t.n_services = 2;
	web(&f.a, 1);
	expect(&f.t, &f.a, "[bcs+");
	expect(&f.t, &f.none, "[b-sb]");
	sketch_frontend(sketch_service(&f.b, 1), 5, SLUICE_FE_CLUSTER_IP);
	expect(&f.t, &f.b, "fF[s+]");
}

Test(layout, ranges_come_before_their_service_and_go_after_it)
{
	own(fixture_done) struct fixture f;

	fixture_init(&f);
	sketch_range(web(&f.a, 1), 1);
	sketch_range(&f.a.services.at[0], 2);
	expect(&f.t, &f.a, "[brrcs+");
	sketch_range(web(&f.b, 1), 2);
	sketch_range(&f.b.services.at[0], 3);
	expect(&f.t, &f.b, "rx");
	image_done(&f.a);
	f.a = (struct image){ 0 };
	web(&f.a, 1);
	expect(&f.t, &f.a, "sxx");
	expect(&f.t, &f.b, "rrs");
	expect(&f.t, &f.none, "[b-sxxb]");
}

/* As if the writer had died: nobody may come in by what the row's last service left. */
Test(layout, ranges_that_guard_nothing_go_first)
{
	own(fixture_done) struct fixture f;
	struct layout_range left = { 1, { { { [10] = 0xff, 0xff, 10, 9 } }, 16 } };

	fixture_init(&f);
	cr_assert_eq(vec_push(&f.t.ranges, left), 0);
	left.service = 999999;
	cr_assert_eq(vec_push(&f.t.ranges, left), 0);
	sketch_range(web(&f.a, 1), 1);
	expect(&f.t, &f.a, "xx[brcs+");
}

Test(layout, a_full_table_of_ranges_is_said)
{
	own(fixture_done) struct fixture f;
	own(layout_plan_done) struct layout_plan p = { 0 };
	struct layout_view view;
	struct err e = { 0 };

	fixture_init(&f);
	sketch_range(web(&f.a, 1), 1);
	sketch_range(&f.a.services.at[0], 2);
	sketch_sort(&f.a);
	view = tables_view(&f.t, true);
	view.max_ranges = 2;
	cr_assert_eq(layout_make(&f.a, &view, &p, &e), 0);
	view.max_ranges = 1;
	layout_plan_done(&p);
	p = (struct layout_plan){ 0 };
	cr_assert_eq(layout_make(&f.a, &view, &p, &e), -ENOSPC);
	cr_assert_str_eq(e.text, "no room for 2 source ranges, old and new: their table holds 1");
}
