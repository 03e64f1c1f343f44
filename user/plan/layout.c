/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows of services, and the order of a plan. A packet walks frontend → service → set → choice →
 * slot, while we write and on other CPUs; and the writer may die after any op. So each op must
 * leave the tables whole:
 *
 *  1. SLOT_FREE, SERVICE_FREE of what an earlier plan took out of use and no flow counts on, and
 *     RANGE_DEL of what it left half-done: the row's next service must find none.
 *     First, because in a full table this plan may need the room.
 *  2. FILTER_SET, before anything can need its bits.
 *  3. BACKEND, new slots: nothing leads to them before a set does. A slot whose endpoint came
 *     back loses RETIRED here, before a set names it. What a set will not hold any more loses
 *     IN_CLUSTER or IN_LOCAL: a client with affinity has the slot in hand, and asks nobody else.
 *  4. RANGE_PUT, before a service says that it has ranges: nobody who is in one may be refused.
 *  5. CHOICES, new blocks, where no published set reads; then SERVICE, which publishes them. A
 *     packet takes the old block or the new one. New services too: nothing leads to them yet.
 *     BACKEND again, for slots that are in a set now and had been in use without it. Only now may a
 *     client come with them; those that were chosen in between are chosen once more, alike.
 *  6. FRONTEND_PUT after services: a frontend leads to a service that is complete. One that
 *     moves to another service is overwritten, and never absent.
 *  7. FRONTEND_DEL: make before break. A writer that dies leaves too many, not too few.
 *  8. SERVICE, emptied, for services that are gone. Only now, when nothing leads to them: who
 *     dials a deleted service must fall through to the stack, not be rejected by us.
 *  9. RANGE_DEL. While a list is replaced, both the old one and the new one let clients in.
 * 10. BACKEND, retired: when no set names them any more. gen goes up, and UDP flows move.
 * 11. SERVICE_FREE of services that are gone and left no slot behind.
 * 12. FILTER_TRIM last, and only while no flow exists. If the writer dies before, bits too many
 *     stay set: slower, not wrong.
 *
 * A service that is gone keeps its row, with id and USED, until its last slot is free. Its old
 * TCP flows go on and count on those slots; when a slot is freed its counters are folded into
 * the row that it names, which must not be another service's by then; and if the service comes
 * back it gets row, slots and counters back.
 */
#include "plan/layout_parts.h"

#include <string.h>

static void layout_done(struct layout *l)
{
	layout_plan_done(&l->plan);
	free(l->row_state);
	slots_done(&l->slots);
	blocks_done(&l->blocks);
}
DEFINE_OWN_DONE(struct layout, layout_done)

/* --- finding rows again --------------------------------------------------------- */

struct row_ref {
	uint64_t id[2];
	uint32_t row;
};

typedef VEC(struct row_ref) row_ref_vec;

static int id_cmp(const uint64_t x[2], const uint64_t y[2])
{
	for (size_t i = 0; i < 2; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static int row_ref_cmp(const void *a, const void *b)
{
	const struct row_ref *x = a, *y = b;
	int c = id_cmp(x->id, y->id);

	return c ? c : (x->row > y->row) - (x->row < y->row);
}

int layout_id_cmp(const void *a, const void *b)
{
	struct layout_id x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return id_cmp(x.id, y.id);
}

bool layout_scope_has(const struct layout_scope *scope, const void *id)
{
	return scope->ids.n && bsearch(id, scope->ids.at, scope->ids.n, sizeof(*scope->ids.at),
				       layout_id_cmp);
}

static int rows_collect(struct layout *l, row_ref_vec *ret)
{
	const struct layout_scope *scope = l->view->scope;

	for (size_t row = 1; row < l->view->n_services; row++) {
		const struct sluice_service *s = &l->view->services[row];

		if (!(s->flags & SLUICE_SVC_USED))
			continue;
		l->row_state[row] = ROW_OTHER;
		if (scope && !layout_scope_has(scope, s->id))
			continue;
		l->row_state[row] = ROW_GONE;
		if (vec_push(ret, (struct row_ref){ { s->id[0], s->id[1] }, row }))
			return -ENOMEM;
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), row_ref_cmp);
	return 0;
}

/* Both are sorted by id: one walk. */
static int rows_merge(struct layout *l, const row_ref_vec *refs)
{
	size_t at = 0;

	vec_each(svc, &l->img->services) {
		uint32_t row = SLUICE_NONE;

		while (at < refs->n && id_cmp(refs->at[at].id, svc->id) < 0)
			at++;
		if (at < refs->n && !id_cmp(refs->at[at].id, svc->id))
			row = refs->at[at++].row;
		if (row != SLUICE_NONE)
			l->row_state[row] = ROW_LIVE;
		if (vec_push(&l->plan.rows, row))
			return -ENOMEM;
	}
	return 0;
}

static int rows_match(struct layout *l)
{
	row_ref_vec refs = { 0 };
	int r = -ENOMEM;

	l->row_state = calloc(l->view->n_services + 1, sizeof(*l->row_state));
	if (l->row_state)
		r = rows_collect(l, &refs);
	if (!r)
		r = rows_merge(l, &refs);
	vec_done(&refs);
	return r ? err_nomem(l->reterr) : 0;
}

/* --- giving rows, and taking them back ------------------------------------------ */

static int rows_assign(struct layout *l)
{
	size_t next = 1;

	for (size_t i = 0; i < l->img->services.n; i++) {
		const struct image_service *svc = &l->img->services.at[i];

		if (l->plan.rows.at[i] != SLUICE_NONE)
			continue;
		while (next < l->view->n_services && l->row_state[next] != ROW_FREE)
			next++;
		if (next >= l->view->n_services)
			return err_set(l->reterr, ENOSPC,
				       "no room for port %u/%s of %s/%s: the table of service ports "
				       "holds %zu, in use or kept for open connections",
				       svc->port, protocol_name(svc->protocol), svc->namespace, svc->name,
				       l->view->n_services ? l->view->n_services - 1 : 0);
		l->plan.rows.at[i] = next;
		l->row_state[next] = ROW_LIVE;
	}
	return 0;
}

static int row_free(struct layout *l, uint32_t row)
{
	l->row_state[row] = ROW_FREE;
	return layout_push(l, (struct layout_op){ .type = LAYOUT_SERVICE_FREE, .row = row });
}

static bool row_is_empty(const struct layout *l, uint32_t row)
{
	const struct sluice_service *s = &l->view->services[row];

	return !l->slots.left[row] && !s->cluster.size && !s->local.size &&
	       !(s->flags & SLUICE_SVC_RANGES);	/* those go before the row does */
}

/* Rows that an earlier plan emptied, and whose last slot is free now. */
static int rows_free_idle(struct layout *l)
{
	own(free) uint8_t *dialled = calloc(l->view->n_services + 1, sizeof(*dialled));

	if (!dialled)
		return err_nomem(l->reterr);
	for (size_t i = 0; i < l->view->n_frontends; i++) {
		uint32_t row = l->view->frontends[i].value.service;

		if (row < l->view->n_services)
			dialled[row] = true;
	}
	for (size_t row = 1; row < l->view->n_services; row++) {
		int r = 0;

		if (l->row_state[row] == ROW_GONE && row_is_empty(l, row) && !dialled[row])
			r = row_free(l, row);
		if (r)
			return r;
	}
	return 0;
}

/* Empties what is gone; of the flags only those stay that say what the row is. */
static int rows_empty(struct layout *l)
{
	for (size_t row = 1; row < l->view->n_services; row++) {
		const struct sluice_service *have = &l->view->services[row];
		struct layout_op op = { .type = LAYOUT_SERVICE, .row = row, .service = *have };
		int r = 0;

		if (l->row_state[row] != ROW_GONE || !l->slots.left[row])
			continue;	/* without slots it is freed at once */
		op.service.flags &= SLUICE_SVC_USED | SLUICE_SVC_IPV6;
		op.service.affinity_sec = 0;
		if (have->cluster.size)
			op.service.cluster = (union sluice_set){ .gen = have->cluster.gen + 1 };
		if (have->local.size)
			op.service.local = (union sluice_set){ .gen = have->local.gen + 1 };
		if (memcmp(have, &op.service, sizeof(*have)))
			r = layout_push(l, op);
		if (r)
			return r;
	}
	return 0;
}

static int rows_free(struct layout *l)
{
	for (size_t row = 1; row < l->view->n_services; row++) {
		int r = 0;

		if (l->row_state[row] == ROW_GONE && !l->slots.left[row])
			r = row_free(l, row);
		if (r)
			return r;
	}
	return 0;
}

/* --- the story ------------------------------------------------------------------ */

/* Compares, writes nothing. */
static int layout_match(struct layout *l)
{
	if (blocks_init(&l->blocks, l->view))
		return err_nomem(l->reterr);
	return rows_match(l)
	    ?: slots_match(l);
}

static int layout_emit(struct layout *l)
{
	return slots_free_idle(l)
	    ?: ranges_free_orphans(l)
	    ?: rows_free_idle(l)
	    ?: filter_plan_set(l)
	    ?: rows_assign(l)
	    ?: slots_assign(l)
	    ?: ranges_plan_put(l)
	    ?: sets_publish(l)
	    ?: slots_admit(l)
	    ?: frontends_plan(l)
	    ?: rows_empty(l)
	    ?: ranges_plan_del(l)
	    ?: slots_retire(l)
	    ?: rows_free(l)
	    ?: filter_plan_trim(l);
}

int layout_make(const struct image *img, const struct layout_view *view, struct layout_plan *ret,
		struct err *reterr)
{
	own(layout_done) struct layout l = { .img = img, .view = view, .reterr = reterr };
	int r = layout_match(&l) ?: layout_emit(&l);

	if (r)
		return r;
	*ret = l.plan;
	l.plan = (struct layout_plan){ 0 };
	return 0;
}
