/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/balance.h"

#include <endian.h>
#include <string.h>

#include "cluster/config.h"
#include "cluster/pool.h"

struct lb_pool {
	struct cidr cidr;
	struct pool pool;
	uint64_t next;		/* all below are taken */
};

struct lb_pools {
	struct lb_pool at[LB_POOLS_MAX];
	size_t n;
};

static void lb_pools_done(struct lb_pools *p)
{
	for (size_t i = 0; i < p->n; i++)
		pool_done(&p->at[i].pool);
}
DEFINE_OWN_DONE(struct lb_pools, lb_pools_done)

static void lb_pools_init(struct lb_pools *p, const struct cluster_config *cfg)
{
	*p = (struct lb_pools){ .n = cfg->n_lb_pools };
	for (size_t i = 0; i < p->n; i++) {
		const struct cidr *c = &cfg->lb_pools[i];
		unsigned int bits = (addr_family(&c->base) == FAMILY_V4 ? 32 : 128) - c->bits;

		p->at[i].cidr = *c;
		pool_init(&p->at[i].pool, 1ull << (bits < 63 ? bits : 63), 0);
		/* The first address of an IPv6 network is its routers' (RFC 4291, 2.6.1). */
		p->at[i].next = addr_family(&c->base) == FAMILY_V6 && bits > 1;
	}
}

/* Which pool an address is of, and which number it is there; NULL if of none. */
static struct lb_pool *find(struct lb_pools *p, const struct addr *a, uint64_t *ret_number)
{
	uint64_t low, base;

	for (size_t i = 0; i < p->n; i++) {
		if (!cidr_has(&p->at[i].cidr, a))
			continue;
		memcpy(&low, a->b + 8, sizeof(low));
		memcpy(&base, p->at[i].cidr.base.b + 8, sizeof(base));
		*ret_number = be64toh(low) - be64toh(base);
		return *ret_number < p->at[i].pool.size ? &p->at[i] : NULL;
	}
	return NULL;
}

/* Two Services may share an address that their manifests say. */
static int take_all(struct lb_pools *p, const struct service *s)
{
	struct lb_pool *pool;
	uint64_t number;
	struct addr a;

	vec_each(in, &s->lb_ingress) {
		if (!in->ip || addr_parse(in->ip, &a) < 0)
			continue;
		pool = find(p, &a, &number);
		if (pool && pool_take(&pool->pool, number) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

/* 0, -ENOSPC or -ENOMEM. */
static int take_lowest(struct lb_pools *p, enum family family, struct addr *ret)
{
	for (size_t i = 0; i < p->n; i++) {
		struct lb_pool *pool = &p->at[i];

		if (addr_family(&pool->cidr.base) != family)
			continue;
		while (pool->next < pool->pool.size && pool_has(&pool->pool, pool->next))
			pool->next++;
		if (pool->next == pool->pool.size)
			continue;
		*ret = addr_add(&pool->cidr.base, pool->next);
		return pool_take(&pool->pool, pool->next);
	}
	return -ENOSPC;
}

/* The one that loadBalancerIP asks for; it or none. 0, -ENOSPC or -ENOMEM. */
static int take_asked(struct lb_pools *p, const struct addr *a)
{
	uint64_t number;
	struct lb_pool *pool = find(p, a, &number);
	int r = pool ? pool_take(&pool->pool, number) : -ENOSPC;

	return r == -EEXIST ? -ENOSPC : r;
}

/* --- one Service ---------------------------------------------------------------- */

static bool is_of_pool(struct lb_pools *p, const struct lb_ingress *in, struct addr *ret)
{
	uint64_t number;

	return in->ip && !in->proxy && !(in->hostname && *in->hostname) &&
	       !addr_parse(in->ip, ret) && find(p, ret, &number);
}

static bool is_ours(struct lb_pools *p, const struct service *s)
{
	struct addr a;

	if (s->type != SERVICE_LOAD_BALANCER || (s->lb_class && strcmp(s->lb_class, LB_CLASS)))
		return false;
	vec_each(in, &s->lb_ingress) {
		if (!is_of_pool(p, in, &a))
			return false;
	}
	return true;
}

static struct lb_ingress *of_family(const struct service *s, enum family family)
{
	struct addr a;

	vec_each(in, &s->lb_ingress) {
		if (!addr_parse(in->ip, &a) && addr_family(&a) == family)
			return in;
	}
	return NULL;
}

static bool wants_family(const struct service *s, enum family family)
{
	vec_each(f, &s->ip_families) {
		if (*f == family)
			return true;
	}
	return false;
}

/* Whether loadBalancerIP asks for an address of this family. */
static bool asks(const struct service *s, enum family family, struct addr *ret)
{
	return s->lb_ip && !addr_parse(s->lb_ip, ret) && addr_family(ret) == family;
}

static int set_address(struct service *s, struct lb_ingress *in, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];
	char *copy = strdup(addr_text(a, text));

	if (!copy)
		return -ENOMEM;
	if (in) {
		free(in->ip);
		in->ip = copy;
		return 0;
	}
	if (vec_push(&s->lb_ingress, (struct lb_ingress){ .ip = copy }) < 0) {
		free(copy);
		return -ENOMEM;
	}
	return 0;
}

/* 0, 1 if it changed @s, or -ENOMEM. */
static int fill_family(struct lb_pools *p, struct service *s, enum family family)
{
	struct lb_ingress *in = of_family(s, family);
	struct addr has, a;
	int r;

	if (asks(s, family, &a)) {
		if (in && !addr_parse(in->ip, &has) && !addr_cmp(&has, &a))
			return 0;
		r = take_asked(p, &a);
	} else if (in) {
		return 0;
	} else {
		r = take_lowest(p, family, &a);
	}
	if (r == -ENOSPC)
		return 0;
	return r ?: set_address(s, in, &a) ?: 1;
}

/* 0, 1 if it changed @s, or -ENOMEM. */
static int drop_families(struct service *s)
{
	size_t kept = 0, n = s->lb_ingress.n;
	struct addr a;

	vec_each(in, &s->lb_ingress) {
		if (!addr_parse(in->ip, &a) && wants_family(s, addr_family(&a))) {
			s->lb_ingress.at[kept++] = *in;
			continue;
		}
		free(in->ip);
		free(in->hostname);
	}
	s->lb_ingress.n = kept;
	return kept != n;
}

static int balance_one(struct lb_pools *p, const struct object *o, object_vec *puts)
{
	own(object_free) struct object *now = object_copy(o);
	int changed, r = 0;

	if (!now || vec_reserve(puts, 1) < 0)
		return -ENOMEM;
	changed = drop_families(&now->u.service);
	vec_each(f, &now->u.service.ip_families) {
		r = fill_family(p, &now->u.service, *f);
		if (r < 0)
			return r;
		changed |= r;
	}
	if (changed)
		puts->at[puts->n++] = TAKE(now);
	return 0;
}

/* Nothing to do for it: one address a family, and the one that it asks for. */
static bool is_settled(const struct service *s)
{
	struct addr a, has;

	if (s->lb_ingress.n != s->ip_families.n)
		return false;
	vec_each(f, &s->ip_families) {
		const struct lb_ingress *in = of_family(s, *f);

		if (!in || (asks(s, *f, &a) && (addr_parse(in->ip, &has) || addr_cmp(&has, &a))))
			return false;
	}
	return true;
}

/* --- all of them ---------------------------------------------------------------- */

int balance(struct edit *e, const struct cluster_config *cfg)
{
	own(lb_pools_done) struct lb_pools pools = { .n = 0 };
	own(objects_done) object_vec puts = { 0 };
	struct object **services;
	size_t n;
	int r = 0;

	if (!cfg->n_lb_pools)
		return 0;
	lb_pools_init(&pools, cfg);
	services = snapshot_kind(&e->view, KIND_SERVICE, &n);
	for (size_t i = 0; !r && i < n; i++)
		r = take_all(&pools, &services[i]->u.service);
	for (size_t i = 0; !r && i < n; i++) {
		const struct service *s = &services[i]->u.service;

		if (is_ours(&pools, s) && !is_settled(s))
			r = balance_one(&pools, services[i], &puts);
	}
	return r ?: edit_change(e, &puts, NULL);
}

int cluster_balance(struct snapshot *snap, const struct cluster_config *cfg, struct err *reterr)
{
	own(edit_done) struct edit e = { 0 };
	int r = cluster_config_check(cfg, reterr);

	if (r < 0)
		return r;
	if (edit_init(&e, snap) < 0 || balance(&e, cfg) < 0)
		return err_nomem(reterr);
	edit_commit(&e, snap);
	return 0;
}
