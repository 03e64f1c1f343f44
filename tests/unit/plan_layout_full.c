/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Tables that are too small, and large ones. */
#include <criterion/criterion.h>

#include <string.h>
#include <time.h>

#include "unit/plan_sketch.h"
#include "unit/plan_tables.h"

/* Planning @img fails with @text and plans nothing. */
static void expect_full(struct layout_view *view, struct image *img, const char *text)
{
	struct layout_plan p = { 0 };
	struct err e = { 0 };

	sketch_sort(img);
	cr_assert_eq(layout_make(img, view, &p, &e), -ENOSPC);
	cr_assert_str_eq(e.text, text);
	cr_assert(!p.ops.n && !p.rows.n && !p.filter);
}

struct fixture {
	struct tables t;
	struct image img;
};

static void fixture_done(struct fixture *f)
{
	tables_done(&f->t);
	image_done(&f->img);
}
DEFINE_OWN_DONE(struct fixture, fixture_done)

/* One service with a frontend and @n backends in both sets. */
static void fixture_init(struct fixture *f, unsigned int n)
{
	struct image_service *s;

	*f = (struct fixture){ 0 };
	tables_init(&f->t, 8, 16, 4096);
	s = sketch_service(&f->img, 0);
	sketch_frontend(s, 1, SLUICE_FE_CLUSTER_IP);
	for (unsigned int i = 1; i <= n; i++)
		sketch_backend(s, i, SKETCH_CLUSTER | SKETCH_LOCAL);
}

Test(layout_full, too_many_services)
{
	own(fixture_done) struct fixture f;
	struct layout_view view;

	fixture_init(&f, 1);
	view = tables_view(&f.t, true);
	view.n_services = 1;
	expect_full(&view, &f.img,
		    "no room for port 80/TCP of ns/svc-0: the table of service ports holds "
		    "0, in use or kept for open connections");
}

Test(layout_full, too_many_backends)
{
	own(fixture_done) struct fixture f;
	struct layout_view view;

	fixture_init(&f, 3);
	view = tables_view(&f.t, true);
	view.n_backends = 3;
	expect_full(&view, &f.img,
		    "no room for the backends of ns/svc-0: the table of backends holds "
		    "2, in use or kept for open connections");
}

Test(layout_full, no_stretch_of_choices_is_long_enough)
{
	own(fixture_done) struct fixture f;
	struct layout_view view;

	fixture_init(&f, 3);
	view = tables_view(&f.t, true);
	view.n_choices = 126;
	expect_full(&view, &f.img,
		    "no room for the 127 choices of ns/svc-0: their table holds 126 "
		    "and has no free stretch of that length");
}

Test(layout_full, too_many_frontends)
{
	own(fixture_done) struct fixture f;
	own(layout_plan_done) struct layout_plan p = { 0 };
	struct layout_view view;

	fixture_init(&f, 1);
	sketch_frontend(&f.img.services.at[0], 2, SLUICE_FE_EXTERNAL);
	view = tables_view(&f.t, true);
	view.max_frontends[FAMILY_V4] = 1;
	expect_full(&view, &f.img,
		    "no room for 2 IPv4 frontends, old and new: their table holds 1");
	view.max_frontends[FAMILY_V4] = 2;
	view.max_frontends[FAMILY_V6] = 1;
	cr_assert_eq(layout_make(&f.img, &view, &p, NULL), 0);
}

/* A part of the services sees only its own frontends, but the table is for all. */
Test(layout_full, too_many_frontends_with_those_of_others)
{
	struct layout_scope scope = { 0 };
	own(fixture_done) struct fixture f;
	own(layout_plan_done) struct layout_plan p = { 0 };
	struct layout_view view;
	const uint64_t *id;

	fixture_init(&f, 1);
	id = f.img.services.at[0].id;
	cr_assert_eq(vec_push(&scope.ids, (struct layout_id){ { id[0], id[1] } }), 0);
	view = tables_view(&f.t, true);
	view.scope = &scope;
	view.max_frontends[FAMILY_V4] = 8;
	view.other_frontends[FAMILY_V4] = 8;
	expect_full(&view, &f.img,
		    "no room for 9 IPv4 frontends, old and new: their table holds 8");
	view.other_frontends[FAMILY_V4] = 7;
	view.other_frontends[FAMILY_V6] = 100;
	cr_assert_eq(layout_make(&f.img, &view, &p, NULL), 0);
	vec_done(&scope.ids);
}

/* --- cost ------------------------------------------------------------------------------------ */

static double cpu_sec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void many_draw(struct image *img, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct image_service s = { .namespace = "ns", .name = "svc", .port_name = "p",
					   .protocol = PROTO_TCP, .id = { i, i } };

		cr_assert_eq(vec_push(&img->services, s), 0);
		for (unsigned int k = 0; k < 10; k++) {
			struct addr a = { { [10] = 255, 255, 10, k, i >> 8, i & 255 } };
			struct image_backend b = { .addr = a, .port = 80, .in_cluster = true };

			cr_assert_eq(vec_push(&img->services.at[i].backends, b), 0);
		}
	}
}

/* Sanitizers and a slow machine included; a quadratic walk takes minutes. */
Test(layout_cost, ten_thousand_services_are_no_work)
{
	own(tables_done) struct tables t;
	own(image_done) struct image img = { 0 };
	double start;

	tables_init(&t, 16384, 131072, 8u << 20);
	many_draw(&img, 10000);
	for (int round = 0; round < 2; round++) {
		own(layout_plan_done) struct layout_plan p = { 0 };
		struct layout_view view = tables_view(&t, true);

		start = cpu_sec();
		cr_assert_eq(layout_make(&img, &view, &p, NULL), 0);
		cr_assert_lt(cpu_sec() - start, 50, "%g s", cpu_sec() - start);
		cr_assert_eq(p.ops.n, round ? 0 : 120001);
		vec_each(op, &p.ops) {
			if (op->type == LAYOUT_BACKEND)
				t.backends[op->row] = op->backend;
			else if (op->type == LAYOUT_CHOICES)
				memcpy(t.choices + op->row, op->choices.words,
				       op->choices.n * sizeof(*t.choices));
			else if (op->type == LAYOUT_SERVICE)
				t.services[op->row] = op->service;
			else
				t.filter = *p.filter;
		}
	}
}
