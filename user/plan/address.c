/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All addresses sorted by right: the first of each run speaks. One that serves clients from outside
 * before one that has endpoints only for this node and its pods, so that an address is as alive as
 * the best of its ports.
 */
#include "plan/address.h"

#include <stdlib.h>

struct speaker {
	struct image_frontend addr;	/* port 0 */
	size_t service;			/* index into image->services */
	unsigned int rank;		/* lower is better */
};

typedef VEC(struct speaker) speaker_vec;

static unsigned int service_rank(const struct image_service *s, enum sluice_frontend_kind kind)
{
	bool local = s->flags & (kind == SLUICE_FE_CLUSTER_IP ? SLUICE_SVC_INT_LOCAL :
								SLUICE_SVC_EXT_LOCAL);

	vec_each(b, &s->backends)
		if (local ? b->in_local : b->in_cluster)
			return 0;
	return s->flags & SLUICE_SVC_HAS_ANY ? 1 : 2;
}

/* A cluster address of one is never somebody else's VIP: it would be refused. If it is, it wins. */
static int speaker_cmp(const void *a, const void *b)
{
	const struct speaker *x = a, *y = b;
	int c = addr_cmp(&x->addr.addr, &y->addr.addr);

	if (!c)
		c = (int)x->addr.kind - (int)y->addr.kind;
	if (!c)
		c = (int)x->rank - (int)y->rank;
	return c ? c : (x->service > y->service) - (x->service < y->service);
}

/* An external address may be a host's of its own, and a node port's always is. */
static bool has_address(const struct image_frontend *f)
{
	return f->kind == SLUICE_FE_CLUSTER_IP || f->kind == SLUICE_FE_LOAD_BALANCER;
}

static int addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

struct addr_list {
	const struct addr *at;
	size_t n;
};

static bool list_has(const struct addr_list *l, const struct addr *a)
{
	return l->n && bsearch(a, l->at, l->n, sizeof(*l->at), addr_order);
}

static int speakers_collect(const struct image *img, const struct addr_list *own, speaker_vec *ret)
{
	for (size_t i = 0; i < img->services.n; i++) {
		const struct image_service *s = &img->services.at[i];

		vec_each(f, &s->frontends) {
			struct speaker one = { { f->addr, 0, f->kind }, i,
					       service_rank(s, f->kind) };

			if (has_address(f) && !list_has(own, &f->addr) && vec_push(ret, one))
				return -ENOMEM;
		}
	}
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), speaker_cmp);
	return 0;
}

int addresses_settle(struct image *img, const struct addr *own, size_t n)
{
	const struct addr_list list = { own, n };
	const struct speaker *last = NULL;
	speaker_vec all = { 0 };
	int r = speakers_collect(img, &list, &all);

	vec_each(s, &all) {
		if (r || (last && !addr_cmp(&last->addr.addr, &s->addr.addr)))
			continue;
		r = vec_push(&img->services.at[s->service].addrs, s->addr);
		last = s;
	}
	vec_done(&all);
	return r;
}
