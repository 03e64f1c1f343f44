/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Backend slots. A slot is (service row, address, port); an endpoint that returns gets its old
 * slot and counters back, as long as the slot was not freed.
 *
 * (slot, gen) never names two endpoints: gen goes up when a slot is retired and when it is
 * given away, and a free slot keeps its gen. A flow that remembers both knows whether its
 * backend is still the one it was made for.
 */
#include "plan/layout_parts.h"

#include <arpa/inet.h>
#include <string.h>

/* Which sets hold the slot. */
#define BE_IN (SLUICE_BE_IN_CLUSTER | SLUICE_BE_IN_LOCAL)

/* --- finding slots again ------------------------------------------------------- */

struct slot_ref {
	uint32_t service;
	uint32_t slot;
	const struct sluice_backend *backend;
};

typedef VEC(struct slot_ref) slot_ref_vec;

static int endpoint_cmp(const struct sluice_backend *b, const struct addr *addr, uint16_t port)
{
	int c = memcmp(&b->addr, addr, sizeof(b->addr));

	return c ? c : (int)ntohs(b->port) - (int)port;
}

/* In the order of the image's backends; of two slots for one endpoint the live one first. */
static int slot_ref_cmp(const void *a, const void *b)
{
	const struct slot_ref *x = a, *y = b;
	struct addr addr = addr_from_wire(&y->backend->addr);
	int x_retired = x->backend->flags & SLUICE_BE_RETIRED;
	int y_retired = y->backend->flags & SLUICE_BE_RETIRED;
	int c = (x->service > y->service) - (x->service < y->service);

	if (!c)
		c = endpoint_cmp(x->backend, &addr, ntohs(y->backend->port));
	if (!c)
		c = x_retired - y_retired;
	return c ? c : (x->slot > y->slot) - (x->slot < y->slot);
}

/*
 * A slot of a row that is not in use: the writer died after it had written new backends and
 * before their service. Nobody ever saw it.
 */
static bool slot_is_orphan(const struct layout_view *view, const struct sluice_backend *b)
{
	return b->service >= view->n_services ||
	       !(view->services[b->service].flags & SLUICE_SVC_USED);
}

static int slots_collect(struct layout *l, slot_ref_vec *ret)
{
	const struct layout_view *view = l->view;

	for (size_t slot = 1; slot < view->n_backends; slot++) {
		const struct sluice_backend *b = &view->backends[slot];

		if (!(b->flags & SLUICE_BE_USED) || slot_is_orphan(view, b))
			continue;
		if (l->row_state[b->service] == ROW_OTHER) {
			l->slots.fate[slot] = SLOT_OTHER;
			continue;
		}
		if (vec_push(ret, (struct slot_ref){ b->service, slot, b }))
			return -ENOMEM;
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), slot_ref_cmp);
	return 0;
}

/* Both the row's slots, from @refs on, and the backends are sorted: one walk. */
static void service_match(struct slots *s, const struct image_service *svc, uint32_t *of,
			  const struct slot_ref *refs, size_t n)
{
	size_t i = 0;

	for (size_t b = 0; b < svc->backends.n; b++) {
		const struct image_backend *want = &svc->backends.at[b];

		while (i < n && endpoint_cmp(refs[i].backend, &want->addr, want->port) < 0)
			i++;
		if (i < n && !endpoint_cmp(refs[i].backend, &want->addr, want->port)) {
			of[b] = refs[i].slot;
			s->fate[of[b]] = SLOT_MEMBER;
		}
	}
}

/* Where each row's slots begin in @refs; one more at the end. */
static size_t *runs_make(const slot_ref_vec *refs, size_t n_rows)
{
	size_t *runs = calloc(n_rows + 1, sizeof(*runs));

	if (!runs)
		return NULL;
	vec_each(r, refs)
		runs[r->service + 1]++;
	for (size_t row = 0; row < n_rows; row++)
		runs[row + 1] += runs[row];
	return runs;
}

static int members_match(struct layout *l, const slot_ref_vec *refs)
{
	own(free) size_t *runs = runs_make(refs, l->view->n_services);

	if (!runs)
		return -ENOMEM;
	for (size_t i = 0; i < l->img->services.n; i++) {
		uint32_t row = l->plan.rows.at[i];

		if (row != SLUICE_NONE && runs[row + 1] > runs[row])
			service_match(&l->slots, &l->img->services.at[i],
				      l->slots.of + l->slots.first[i], refs->at + runs[row],
				      runs[row + 1] - runs[row]);
	}
	return 0;
}

static bool slot_is_idle(const struct layout_view *view, uint32_t slot)
{
	return view->slot_idle && view->slot_idle(view->arg, slot);
}

static void fates_decide(struct layout *l, const slot_ref_vec *refs)
{
	struct slots *s = &l->slots;

	vec_each(r, refs) {
		if (s->fate[r->slot] != SLOT_MEMBER) {
			if (!(r->backend->flags & SLUICE_BE_RETIRED))
				s->fate[r->slot] = SLOT_RETIRING;
			else if (!slot_is_idle(l->view, r->slot))
				s->fate[r->slot] = SLOT_RETIRED;
		}
		s->left[r->service] += s->fate[r->slot] != SLOT_FREE;
	}
}

static int slots_init(struct layout *l)
{
	struct slots *s = &l->slots;
	size_t n = 0;

	s->first = calloc(l->img->services.n + 1, sizeof(*s->first));
	if (!s->first)
		return -ENOMEM;
	for (size_t i = 0; i < l->img->services.n; i++) {
		s->first[i] = n;
		n += l->img->services.at[i].backends.n;
	}
	s->first[l->img->services.n] = n;
	s->of = calloc(n + 1, sizeof(*s->of));
	s->late = calloc(n + 1, sizeof(*s->late));
	s->fate = calloc(l->view->n_backends + 1, sizeof(*s->fate));
	s->left = calloc(l->view->n_services + 1, sizeof(*s->left));
	s->next_free = 1;
	return s->of && s->late && s->fate && s->left ? 0 : -ENOMEM;
}

int slots_match(struct layout *l)
{
	slot_ref_vec refs = { 0 };
	int r;

	r = slots_init(l);
	if (!r)
		r = slots_collect(l, &refs);
	if (!r)
		r = members_match(l, &refs);
	if (!r)
		fates_decide(l, &refs);
	vec_done(&refs);
	return r ? err_nomem(l->reterr) : 0;
}

void slots_done(struct slots *s)
{
	free(s->fate);
	free(s->of);
	free(s->late);
	free(s->first);
	free(s->left);
}

/* --- writing them -------------------------------------------------------------- */

int slots_free_idle(struct layout *l)
{
	for (size_t slot = 1; slot < l->view->n_backends; slot++) {
		const struct sluice_backend *b = &l->view->backends[slot];
		struct layout_op op = { .type = LAYOUT_SLOT_FREE, .row = slot };
		int r;

		if (!(b->flags & SLUICE_BE_USED) || l->slots.fate[slot] != SLOT_FREE)
			continue;
		op.backend.gen = b->gen;
		r = layout_push(l, op);
		if (r)
			return r;
	}
	return 0;
}

static bool slot_take(struct slots *s, size_t n_backends, uint32_t *ret)
{
	while (s->next_free < n_backends && s->fate[s->next_free] != SLOT_FREE)
		s->next_free++;
	if (s->next_free >= n_backends)
		return false;
	*ret = s->next_free;
	s->fate[*ret] = SLOT_MEMBER;
	return true;
}

static uint8_t backend_flags(const struct image_service *svc, const struct image_backend *want)
{
	return SLUICE_BE_USED | (want->host ? SLUICE_BE_HOST : 0) |
	       (svc->reset ? SLUICE_BE_RESET : 0) |
	       (want->in_cluster ? SLUICE_BE_IN_CLUSTER : 0) |
	       (want->in_local ? SLUICE_BE_IN_LOCAL : 0);
}

static int backend_put(struct layout *l, uint32_t slot, const struct sluice_backend *b)
{
	if (!memcmp(b, &l->view->backends[slot], sizeof(*b)))
		return 0;
	return layout_push(l, (struct layout_op){
		.type = LAYOUT_BACKEND,
		.row = slot,
		.backend = *b,
	});
}

static int backend_assign(struct layout *l, const struct image_service *svc,
			  const struct image_backend *want, uint32_t row, size_t nth)
{
	uint32_t *slot = &l->slots.of[nth];
	const struct sluice_backend *have;
	bool fresh = *slot == SLUICE_NONE;
	struct sluice_backend b;

	if (fresh && !slot_take(&l->slots, l->view->n_backends, slot))
		return err_set(l->reterr, ENOSPC,
			       "no room for the backends of %s/%s: the table of backends holds "
			       "%zu, in use or kept for open connections",
			       svc->namespace, svc->name,
			       l->view->n_backends ? l->view->n_backends - 1 : 0);
	have = &l->view->backends[*slot];
	b = (struct sluice_backend){
		.addr = addr_wire(&want->addr),
		.port = htons(want->port),
		.flags = backend_flags(svc, want),
		.gen = have->gen + fresh,
		.service = row,
	};
	/* Nobody was ever given this generation of a slot that is new, or back. */
	if (!fresh && !(have->flags & SLUICE_BE_RETIRED)) {
		l->slots.late[nth] = b.flags & BE_IN & ~have->flags;
		b.flags &= ~l->slots.late[nth];
	}
	return backend_put(l, *slot, &b);
}

/* Before the sets lose them. */
static int slots_dismiss(struct layout *l)
{
	for (size_t slot = 1; slot < l->view->n_backends; slot++) {
		struct sluice_backend b;
		int r;

		if (l->slots.fate[slot] != SLOT_RETIRING)
			continue;
		b = l->view->backends[slot];
		b.flags &= ~BE_IN;
		r = backend_put(l, slot, &b);
		if (r)
			return r;
	}
	return 0;
}

int slots_assign(struct layout *l)
{
	for (size_t i = 0; i < l->img->services.n; i++) {
		const struct image_service *svc = &l->img->services.at[i];

		for (size_t b = 0; b < svc->backends.n; b++) {
			int r = backend_assign(l, svc, &svc->backends.at[b], l->plan.rows.at[i],
					       l->slots.first[i] + b);

			if (r)
				return r;
		}
	}
	return slots_dismiss(l);
}

int slots_admit(struct layout *l)
{
	for (size_t i = 0; i < l->img->services.n; i++) {
		const struct image_service *svc = &l->img->services.at[i];

		for (size_t b = 0; b < svc->backends.n; b++) {
			size_t nth = l->slots.first[i] + b;
			struct sluice_backend all;
			int r;

			if (!l->slots.late[nth])
				continue;
			all = l->view->backends[l->slots.of[nth]];
			all.flags = backend_flags(svc, &svc->backends.at[b]);
			r = backend_put(l, l->slots.of[nth], &all);
			if (r)
				return r;
		}
	}
	return 0;
}

int slots_retire(struct layout *l)
{
	for (size_t slot = 1; slot < l->view->n_backends; slot++) {
		struct layout_op op = { .type = LAYOUT_BACKEND, .row = slot };
		int r;

		if (l->slots.fate[slot] != SLOT_RETIRING)
			continue;
		op.backend = l->view->backends[slot];
		op.backend.flags = (op.backend.flags & ~BE_IN) | SLUICE_BE_RETIRED;
		op.backend.gen++;
		r = layout_push(l, op);
		if (r)
			return r;
	}
	return 0;
}
