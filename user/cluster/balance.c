/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/balance.h"

#include <endian.h>
#include <stdio.h>
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

/* Several may have the same address, as their manifests say. */
static int take_text(struct lb_pools *p, const char *text)
{
	struct lb_pool *pool;
	uint64_t number;
	struct addr a;

	if (!text || addr_parse(text, &a) < 0)
		return 0;
	pool = find(p, &a, &number);
	return pool && pool_take(&pool->pool, number) == -ENOMEM ? -ENOMEM : 0;
}

static int take_service(struct lb_pools *p, const struct service *s)
{
	int r = 0;

	vec_each(in, &s->lb_ingress)
		r = r ?: take_text(p, in->ip);
	vec_each(ip, &s->external_ips)
		r = r ?: take_text(p, *ip);
	return r;
}

/* A Node lives at its addresses: what listens there must stay in reach. */
static int take_node(struct lb_pools *p, const struct node *node)
{
	int r = 0;

	vec_each(ip, &node->internal_ips)
		r = r ?: take_text(p, *ip);
	vec_each(ip, &node->external_ips)
		r = r ?: take_text(p, *ip);
	return r;
}

/* What somebody has already. */
static int take_all(struct lb_pools *p, const struct snapshot *snap)
{
	size_t n_services, n_nodes;
	struct object **services = snapshot_kind(snap, KIND_SERVICE, &n_services);
	struct object **nodes = snapshot_kind(snap, KIND_NODE, &n_nodes);
	int r = 0;

	for (size_t i = 0; !r && i < n_services; i++)
		r = take_service(p, &services[i]->u.service);
	for (size_t i = 0; !r && i < n_nodes; i++)
		r = take_node(p, &nodes[i]->u.node);
	return r;
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

static bool has_family(const struct service *s, enum family family)
{
	struct addr a;

	vec_each(in, &s->lb_ingress) {
		if (!addr_parse(in->ip, &a) && addr_family(&a) == family)
			return true;
	}
	return false;
}

/* Whether loadBalancerIP asks for an address of this family. */
static bool asks(const struct service *s, enum family family, struct addr *ret)
{
	return s->lb_ip && !addr_parse(s->lb_ip, ret) && addr_family(ret) == family;
}

/* 0, 1 if @s got one, or -ENOMEM. */
static int fill_family(struct lb_pools *p, struct service *s, enum family family)
{
	struct lb_ingress in = { 0 };
	char text[ADDR_TEXT_MAX];
	struct addr a;
	int r;

	if (has_family(s, family))
		return 0;
	r = asks(s, family, &a) ? take_asked(p, &a) : take_lowest(p, family, &a);
	if (r < 0)
		return r == -ENOSPC ? 0 : r;
	in.ip = strdup(addr_text(&a, text));
	if (!in.ip || vec_reserve(&s->lb_ingress, 1) < 0) {
		free(in.ip);
		return -ENOMEM;
	}
	s->lb_ingress.at[s->lb_ingress.n++] = in;
	return 1;
}

static int balance_one(struct lb_pools *p, const struct object *o, object_vec *puts)
{
	own(object_free) struct object *now = object_copy(o);
	int changed = 0;

	if (!now || vec_reserve(puts, 1) < 0)
		return -ENOMEM;
	vec_each(f, &now->u.service.ip_families) {
		int r = fill_family(p, &now->u.service, *f);

		if (r < 0)
			return r;
		changed |= r;
	}
	if (changed)
		puts->at[puts->n++] = TAKE(now);
	return 0;
}

static bool is_settled(const struct service *s)
{
	vec_each(f, &s->ip_families) {
		if (!has_family(s, *f))
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
	r = take_all(&pools, &e->view);
	services = snapshot_kind(&e->view, KIND_SERVICE, &n);
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

/* --- who got none ----------------------------------------------------------------- */

static bool has_pool(const struct lb_pools *p, enum family family)
{
	for (size_t i = 0; i < p->n; i++) {
		if (addr_family(&p->at[i].cidr.base) == family)
			return true;
	}
	return false;
}

const char *cluster_lack(const struct cluster_config *cfg, const struct service *s,
			 char buf[static CLUSTER_LACK_MAX])
{
	struct lb_pools pools;
	struct addr a;

	lb_pools_init(&pools, cfg);
	if (!pools.n || !is_ours(&pools, s))
		return NULL;
	vec_each(f, &s->ip_families) {
		if (has_family(s, *f) || (s->lb_ingress.n && !has_pool(&pools, *f)))
			continue;
		if (asks(s, *f, &a))
			snprintf(buf, CLUSTER_LACK_MAX, "loadBalancerIP %.45s is taken, or in no "
				 "load balancer pool", s->lb_ip);
		else
			snprintf(buf, CLUSTER_LACK_MAX, "no %s address is free in the load balancer "
				 "pools", family_name(*f));
		return buf;
	}
	return NULL;
}
