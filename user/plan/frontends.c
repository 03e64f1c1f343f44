/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frontends, and addresses, which have port and protocol 0: a merge of what the tables hold with
 * what the image wants.
 */
#include "plan/layout_parts.h"

#include <string.h>

typedef VEC(struct layout_frontend) frontend_vec;

static int frontend_cmp(const void *a, const void *b)
{
	const struct layout_frontend *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	if (c)
		return c;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (int)x->proto - (int)y->proto;
}

void layout_frontends_count(const struct image *img, size_t ret[static FAMILY_COUNT])
{
	memset(ret, 0, FAMILY_COUNT * sizeof(*ret));
	vec_each(s, &img->services) {
		vec_each(f, &s->frontends)
			ret[addr_family(&f->addr)]++;
		vec_each(a, &s->addrs)
			ret[addr_family(&a->addr)]++;
	}
}

static int want(frontend_vec *ret, const struct image_frontend *f, uint8_t proto, uint32_t row)
{
	const struct layout_frontend one = {
		.addr = f->addr,
		.port = f->port,
		.proto = proto,
		.value = { .service = row, .kind = f->kind },
	};

	return vec_push(ret, one);
}

static int wanted_collect(const struct layout *l, frontend_vec *ret)
{
	for (size_t i = 0; i < l->img->services.n; i++) {
		const struct image_service *svc = &l->img->services.at[i];
		uint32_t row = l->plan.rows.at[i];

		vec_each(f, &svc->frontends)
			if (want(ret, f, svc->protocol, row))
				return -ENOMEM;
		vec_each(a, &svc->addrs)
			if (want(ret, a, 0, row))
				return -ENOMEM;
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), frontend_cmp);
	return 0;
}

static int present_collect(const struct layout_view *view, frontend_vec *ret)
{
	if (!view->n_frontends)
		return 0;
	if (vec_reserve(ret, view->n_frontends))
		return -ENOMEM;
	memcpy(ret->at, view->frontends, view->n_frontends * sizeof(*ret->at));
	ret->n = view->n_frontends;
	qsort(ret->at, ret->n, sizeof(*ret->at), frontend_cmp);
	return 0;
}

static int push(struct layout *l, enum layout_op_type type, const struct layout_frontend *f)
{
	return layout_push(l, (struct layout_op){ .type = type, .frontend = *f });
}

/*
 * One walk that emits ops of one type: LAYOUT_FRONTEND_PUT for what is missing or differs,
 * LAYOUT_FRONTEND_DEL for what is not wanted.
 */
static int frontends_merge(struct layout *l, const frontend_vec *have, const frontend_vec *want,
			   enum layout_op_type type)
{
	size_t h = 0, w = 0;
	int r = 0;

	while (!r && (h < have->n || w < want->n)) {
		const struct layout_frontend *old = h < have->n ? &have->at[h] : NULL;
		const struct layout_frontend *new = w < want->n ? &want->at[w] : NULL;
		int side = !old ? 1 : !new ? -1 : frontend_cmp(old, new);

		if (type == LAYOUT_FRONTEND_DEL && side < 0)
			r = push(l, type, old);
		if (type == LAYOUT_FRONTEND_PUT &&
		    (side > 0 || (!side && memcmp(&old->value, &new->value, sizeof(old->value)))))
			r = push(l, type, new);
		h += side <= 0;
		w += side >= 0;
	}
	return r;
}

/* New frontends come before the old ones go, so both must fit for a moment. */
static int room_check(const struct layout *l, const frontend_vec *have, const frontend_vec *want)
{
	size_t need[FAMILY_COUNT];
	size_t h = 0;

	memcpy(need, l->view->other_frontends, sizeof(need));
	vec_each(f, have)
		need[addr_family(&f->addr)]++;
	vec_each(f, want) {
		while (h < have->n && frontend_cmp(&have->at[h], f) < 0)
			h++;
		if (h == have->n || frontend_cmp(&have->at[h], f))
			need[addr_family(&f->addr)]++;
	}
	for (int i = 0; i < FAMILY_COUNT; i++)
		if (l->view->max_frontends[i] && need[i] > l->view->max_frontends[i])
			return err_set(l->reterr, ENOSPC,
				       "no room for %zu %s frontends, old and new: their table "
				       "holds %zu", need[i], family_name(i),
				       l->view->max_frontends[i]);
	return 0;
}

int frontends_plan(struct layout *l)
{
	frontend_vec have = { 0 }, want = { 0 };
	int r;

	if (wanted_collect(l, &want) || present_collect(l->view, &have))
		r = err_nomem(l->reterr);
	else
		r = room_check(l, &have, &want)
		 ?: frontends_merge(l, &have, &want, LAYOUT_FRONTEND_PUT)
		 ?: frontends_merge(l, &have, &want, LAYOUT_FRONTEND_DEL);
	vec_done(&have);
	vec_done(&want);
	return r;
}
