/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/alloc_port.h"

#include "cluster/config.h"
#include "cluster/service.h"

/* min(max(16, size / 32), 128), and no static band in a tiny range. */
static uint64_t band_of(uint64_t size)
{
	uint64_t band = size / 32;

	if (size <= 16)
		return 0;
	return band < 16 ? 16 : band > 128 ? 128 : band;
}

void port_alloc_init(struct port_alloc *a, const struct cluster_config *cfg)
{
	uint64_t size = cfg->node_port_max - cfg->node_port_min + 1u;

	a->cfg = cfg;
	pool_init(&a->pool, size, band_of(size));
}

void port_alloc_done(struct port_alloc *a)
{
	pool_done(&a->pool);
}

/* 0, -ERANGE, -EEXIST or -ENOMEM. */
static int take(struct port_alloc *a, uint16_t port)
{
	if (port < a->cfg->node_port_min || port > a->cfg->node_port_max)
		return -ERANGE;
	return pool_take(&a->pool, port - a->cfg->node_port_min);
}

/* Whether one of the first @n ports has this node port. */
static bool has_port(const struct service *s, size_t n, uint16_t node_port)
{
	for (size_t i = 0; i < n; i++) {
		if (s->ports.at[i].node_port == node_port)
			return true;
	}
	return false;
}

int port_alloc_keep(struct port_alloc *a, const struct service *now, const struct service *old)
{
	uint16_t health = now->health_check_node_port;

	vec_each(p, &now->ports) {
		if (p->node_port && has_port(old, old->ports.n, p->node_port) &&
		    take(a, p->node_port) == -ENOMEM)
			return -ENOMEM;
	}
	if (health && health == old->health_check_node_port && take(a, health) == -ENOMEM)
		return -ENOMEM;
	return 0;
}

static const char *refusal(int why)
{
	return why == -EEXIST ? "provided port is already allocated" :
	       why == -ERANGE ? "provided port is not in the valid range. The range of valid "
				"ports is " : "out of memory";
}

static int refuse_port(const struct port_alloc *a, const struct object *o, size_t i, int why,
		       struct err *reterr)
{
	char range[16] = "";

	if (why == -ENOMEM)
		return err_nomem(reterr);
	if (why == -ERANGE)
		snprintf(range, sizeof(range), "%u-%u", a->cfg->node_port_min,
			 a->cfg->node_port_max);
	return service_invalid(reterr, o, "spec.ports[%zu].nodePort: Invalid value: %u: %s%s", i,
			       o->u.service.ports.at[i].node_port, refusal(why), range);
}

static int refuse_health(const struct port_alloc *a, const struct object *o, int why,
			 struct err *reterr)
{
	char range[16] = "";

	if (why == -ENOMEM)
		return err_nomem(reterr);
	if (why == -ERANGE)
		snprintf(range, sizeof(range), "%u-%u", a->cfg->node_port_min,
			 a->cfg->node_port_max);
	return service_invalid(reterr, o, "spec.healthCheckNodePort: Invalid value: %u: %s%s",
			       o->u.service.health_check_node_port, refusal(why), range);
}

int port_alloc_request(struct port_alloc *a, const struct object *o, const struct service *old,
		       struct err *reterr)
{
	const struct service *s = &o->u.service;
	uint16_t health = s->health_check_node_port;
	int r;

	for (size_t i = 0; i < s->ports.n; i++) {
		uint16_t port = s->ports.at[i].node_port;

		/* Its own already: by an earlier protocol, or from before. */
		if (!port || has_port(s, i, port) || (old && has_port(old, old->ports.n, port)))
			continue;
		r = take(a, port);
		if (r < 0)
			return refuse_port(a, o, i, r, reterr);
	}
	if (!health || (old && health == old->health_check_node_port))
		return 0;
	r = take(a, health);
	return r < 0 ? refuse_health(a, o, r, reterr) : 0;
}

/*
 * What another protocol of the same port number has, so that DNS on TCP and UDP answers at
 * one number. 0 if there is none, or if this protocol uses that number already.
 */
static uint16_t sibling_port(const struct service *s, const struct service_port *of)
{
	uint16_t found = 0;

	vec_each(p, &s->ports) {
		if (p->port == of->port && p->node_port)
			found = p->node_port;
	}
	vec_each(p, &s->ports) {
		if (p->protocol == of->protocol && p->node_port == found)
			return 0;
	}
	return found;
}

static int take_any(struct port_alloc *a, const struct object *o, const char *what, uint16_t *ret,
		    struct err *reterr)
{
	uint64_t number;
	int r = pool_next(&a->pool, cluster_random(a->cfg), &number);

	if (r == -ENOSPC)
		return err_set(reterr, ENOSPC, "Internal error occurred: failed to allocate a %s: "
			       "range is full", what);
	if (r < 0)
		return err_nomem(reterr);
	*ret = a->cfg->node_port_min + number;
	return 0;
}

int port_alloc_fill(struct port_alloc *a, struct object *o, struct err *reterr)
{
	struct service *s = &o->u.service;
	int r = 0;

	if (service_needs_node_ports(s) &&
	    !(s->type == SERVICE_LOAD_BALANCER && s->no_lb_node_ports)) {
		vec_each(p, &s->ports) {
			if (!p->node_port)
				p->node_port = sibling_port(s, p);
			if (!p->node_port)
				r = take_any(a, o, "nodePort", &p->node_port, reterr);
			if (r < 0)
				return r;
		}
	}
	if (service_needs_health_port(s) && !s->health_check_node_port)
		r = take_any(a, o, "HealthCheck NodePort", &s->health_check_node_port, reterr);
	return r;
}
