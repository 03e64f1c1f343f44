/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/alloc_port.h"

#include <stdio.h>

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

/* What is wrong with a port that take() refused. */
static const char *refusal(const struct port_alloc *a, int why, char *buf, size_t size)
{
	if (why == -EEXIST)
		return "provided port is already allocated";
	snprintf(buf, size, "provided port is not in the valid range. The range of valid ports is "
		 "%u-%u", a->cfg->node_port_min, a->cfg->node_port_max);
	return buf;
}

static int request(struct port_alloc *a, struct refuse *r, uint16_t port, const char *field)
{
	char buf[128];
	int why = take(a, port);

	if (why == -EEXIST || why == -ERANGE)
		refuse_number(r, port, refusal(a, why, buf, sizeof(buf)), "%s", field);
	return why == -ENOMEM ? why : 0;
}

int port_alloc_request(struct port_alloc *a, struct refuse *r, const struct service *old)
{
	const struct service *s = &r->object->u.service;
	uint16_t health = s->health_check_node_port;
	int err = 0;

	for (size_t i = 0; !err && i < s->ports.n; i++) {
		uint16_t port = s->ports.at[i].node_port;
		char field[48];

		/* Its own already: by an earlier protocol, or from before. */
		if (!port || has_port(s, i, port) || (old && has_port(old, old->ports.n, port)))
			continue;
		snprintf(field, sizeof(field), "spec.ports[%zu].nodePort", i);
		err = request(a, r, port, field);
	}
	if (!err && health && !(old && health == old->health_check_node_port))
		err = request(a, r, health, "spec.healthCheckNodePort");
	return err;
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

static int take_any(struct port_alloc *a, const char *what, uint16_t *ret, struct err *reterr)
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

int port_alloc_fill(struct port_alloc *a, struct service *s, struct err *reterr)
{
	int r = 0;

	if (service_needs_node_ports(s) &&
	    !(s->type == SERVICE_LOAD_BALANCER && s->no_lb_node_ports)) {
		vec_each(p, &s->ports) {
			if (!p->node_port)
				p->node_port = sibling_port(s, p);
			if (!p->node_port)
				r = take_any(a, "nodePort", &p->node_port, reterr);
			if (r < 0)
				return r;
		}
	}
	if (service_needs_health_port(s) && !s->health_check_node_port)
		r = take_any(a, "HealthCheck NodePort", &s->health_check_node_port, reterr);
	return r;
}
