/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Carries out ops as datapath/ does, and checks of each that it may be done at that moment. */
#include "unit/plan_tables.h"

#include <criterion/criterion.h>

#include <string.h>

static void block_is_nobodys(const struct sluice_service *s, uint32_t base, uint32_t n)
{
	const union sluice_set sets[] = { s->cluster, s->local };

	for (size_t i = 0; i < 2; i++)
		cr_assert(!sets[i].size || base + n <= sets[i].base ||
			  sets[i].base + sets[i].size <= base, "block %u+%u is in use", base, n);
}

static void apply_choices(struct tables *t, const struct layout_op *op, const struct before *b)
{
	cr_assert_gt(op->choices.n, 0);
	cr_assert_leq((size_t)op->row + op->choices.n, t->n_choices);
	for (size_t row = 1; row < t->n_services; row++) {
		block_is_nobodys(&t->services[row], op->row, op->choices.n);
		block_is_nobodys(&b->services[row], op->row, op->choices.n);
	}
	memcpy(t->choices + op->row, op->choices.words, op->choices.n * sizeof(*t->choices));
}

static void set_publish(union sluice_set old, union sluice_set new)
{
	if (old.word == new.word)
		return;
	cr_assert_eq(new.gen, (uint16_t)(old.gen + 1));
	if (!new.size)
		cr_assert_eq(new.base, 0);
}

/* Three stores, as layout.h has them, and a packet may come between any two. */
static void apply_service(struct tables *t, const struct layout_op *op, const struct before *b,
			  const struct image *img)
{
	struct sluice_service *s = &t->services[op->row];

	cr_assert(op->row > 0 && op->row < t->n_services);
	cr_assert(op->service.flags & SLUICE_SVC_USED);
	if (s->flags & SLUICE_SVC_USED) {
		cr_assert_arr_eq(s->id, op->service.id, sizeof(s->id));
		cr_assert_neq(memcmp(s, &op->service, sizeof(*s)), 0, "an op without effect");
		set_publish(s->cluster, op->service.cluster);
		set_publish(s->local, op->service.local);
	} else {
		cr_assert_eq(tables_row(t, op->service.id), 0, "two rows of one service");
	}
	memcpy(s->id, op->service.id, sizeof(s->id));
	s->flags = op->service.flags;
	s->affinity_sec = op->service.affinity_sec;
	tables_check(t, b, img);
	s->cluster = op->service.cluster;
	tables_check(t, b, img);
	s->local = op->service.local;
	cr_assert_arr_eq(s, &op->service, sizeof(*s));
}

/* A slot keeps its endpoint until it is free. */
static void apply_backend(struct tables *t, const struct layout_op *op)
{
	struct sluice_backend *b = &t->backends[op->row];
	const struct sluice_backend *n = &op->backend;

	cr_assert(op->row > 0 && op->row < t->n_backends);
	cr_assert(n->flags & SLUICE_BE_USED);
	cr_assert_neq(memcmp(b, n, sizeof(*b)), 0, "an op without effect");
	if (b->flags & SLUICE_BE_USED) {
		bool retires = n->flags & SLUICE_BE_RETIRED && !(b->flags & SLUICE_BE_RETIRED);

		cr_assert_eq(b->service, n->service);
		cr_assert_eq(b->port, n->port);
		cr_assert_arr_eq(&b->addr, &n->addr, sizeof(b->addr));
		cr_assert_eq(n->gen, b->gen + retires);
	} else {
		cr_assert_eq(n->gen, b->gen + 1);
		cr_assert(!t->busy[op->row]);
		cr_assert(!(n->flags & SLUICE_BE_RETIRED));
	}
	*b = *n;
}

static void apply_slot_free(struct tables *t, const struct layout_op *op)
{
	struct sluice_backend *b = &t->backends[op->row];
	struct sluice_backend want = { .gen = b->gen };
	bool orphan = !(t->services[b->service].flags & SLUICE_SVC_USED);

	cr_assert(b->flags & SLUICE_BE_USED);
	cr_assert(orphan || b->flags & SLUICE_BE_RETIRED);
	cr_assert(!t->busy[op->row], "slot %u is freed under its flows", op->row);
	cr_assert_arr_eq(&op->backend, &want, sizeof(want));
	*b = op->backend;
}

static void apply_service_free(struct tables *t, const struct layout_op *op)
{
	cr_assert(t->services[op->row].flags & SLUICE_SVC_USED);
	for (size_t slot = 1; slot < t->n_backends; slot++)
		cr_assert(!(t->backends[slot].flags & SLUICE_BE_USED) ||
			  t->backends[slot].service != op->row);
	vec_each(f, &t->frontends)
		cr_assert_neq(f->value.service, op->row);
	vec_each(r, &t->ranges)
		cr_assert_neq(r->service, op->row);
	t->services[op->row] = (struct sluice_service){ 0 };
}

static void apply_put(struct tables *t, const struct layout_frontend *f)
{
	struct layout_frontend *at = tables_frontend(t, f);

	if (at) {
		cr_assert_neq(memcmp(&at->value, &f->value, sizeof(f->value)), 0);
		at->value = f->value;
	} else {
		cr_assert_eq(vec_push(&t->frontends, *f), 0);
	}
}

static void apply_del(struct tables *t, const struct layout_frontend *f)
{
	struct layout_frontend *at = tables_frontend(t, f);

	cr_assert_not_null(at);
	*at = t->frontends.at[--t->frontends.n];
}

static void apply_range_put(struct tables *t, const struct layout_range *r)
{
	cr_assert_null(tables_range(t, r));
	cr_assert_eq(vec_push(&t->ranges, *r), 0);
}

static void apply_range_del(struct tables *t, const struct layout_range *r)
{
	struct layout_range *at = tables_range(t, r);

	cr_assert_not_null(at);
	*at = t->ranges.at[--t->ranges.n];
}

static void apply_filter_set(struct tables *t, const struct sluice_filter *f)
{
	for (size_t i = 0; i < SLUICE_FILTER_BITS / 64; i++)
		t->filter.words[i] |= f->words[i];
	t->filter.addrs4 = f->addrs4;
	t->filter.addrs6 = f->addrs6;
	t->filter.range4 = f->range4;
	t->filter.range6 = f->range6;
}

void tables_apply(struct tables *t, const struct layout_op *op, const struct layout_plan *p,
		  const struct before *b, const struct image *img)
{
	switch (op->type) {
	case LAYOUT_BACKEND:
		return apply_backend(t, op);
	case LAYOUT_CHOICES:
		return apply_choices(t, op, b);
	case LAYOUT_SERVICE:
		return apply_service(t, op, b, img);
	case LAYOUT_FILTER_SET:
		return apply_filter_set(t, p->filter);
	case LAYOUT_FRONTEND_PUT:
		return apply_put(t, &op->frontend);
	case LAYOUT_FRONTEND_DEL:
		return apply_del(t, &op->frontend);
	case LAYOUT_RANGE_PUT:
		return apply_range_put(t, &op->range);
	case LAYOUT_RANGE_DEL:
		return apply_range_del(t, &op->range);
	case LAYOUT_FILTER_TRIM:
		cr_assert(!tables_flows_alive(t));
		t->filter = *p->filter;
		return;
	case LAYOUT_SLOT_FREE:
		return apply_slot_free(t, op);
	case LAYOUT_SERVICE_FREE:
		return apply_service_free(t, op);
	}
	cr_assert_fail("op %d", op->type);
}
