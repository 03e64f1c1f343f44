/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/candidate.h"

#include <string.h>

void candidates_done(struct candidates *c)
{
	vec_done(&c->list);
	vec_done(&c->numbers);
}

static bool pod_ip(const struct pod *p, enum family family, struct addr *ret)
{
	vec_each(text, &p->ips) {
		if (!addr_parse(*text, ret) && addr_family(ret) == family)
			return true;
	}
	return false;
}

/* A name means the container port of that name and protocol, which differs from pod to pod. */
static uint16_t port_number(const struct service_port *port, const struct pod *p)
{
	if (!port->target.name)
		return port->target.number;
	vec_each(c, &p->ports) {
		if (c->protocol == port->protocol && c->name && !strcmp(c->name, port->target.name))
			return c->port;
	}
	return 0;
}

static const uint16_t *numbers_of(const struct candidates *c, const struct candidate *one)
{
	return c->n_ports ? c->numbers.at + one->ports : NULL;
}

static int numbers_cmp(const struct candidates *c, const struct candidate *a,
		       const struct candidate *b)
{
	if (!c->n_ports)
		return 0;
	return memcmp(numbers_of(c, a), numbers_of(c, b), c->n_ports * sizeof(*c->numbers.at));
}

static int candidate_cmp(const void *a, const void *b, void *arg)
{
	const struct candidate *x = a, *y = b;
	const struct candidates *c = arg;
	int order = numbers_cmp(c, x, y);

	if (!order)
		order = addr_cmp(&x->addr, &y->addr);
	return order ? order : strcmp(x->pod->meta.name, y->pod->meta.name);
}

static int add(struct candidates *c, const struct service *s, const struct pod *p,
	       const struct addr *addr)
{
	size_t first = c->numbers.n;

	if (vec_reserve(&c->numbers, s->ports.n) < 0)
		return -ENOMEM;
	vec_each(port, &s->ports)
		c->numbers.at[c->numbers.n++] = port_number(port, p);
	return vec_push(&c->list, (struct candidate){ p, *addr, first });
}

/*
 * Kubernetes also wants the pod's node to exist as a Node object. Not here: plain hosts with
 * a folder of manifests have no Node objects, and an endpoint needs none.
 */
int candidates_find(struct candidates *ret, const struct service *s, enum family family,
		    const pod_vec *pods)
{
	struct addr addr;

	ret->n_ports = s->ports.n;
	ret->list.n = ret->numbers.n = 0;
	vec_each(p, pods) {
		if (pod_is_finished(*p) || !pod_ip(*p, family, &addr))
			continue;
		if (add(ret, s, *p, &addr) < 0)
			return -ENOMEM;
	}
	if (ret->list.n)
		qsort_r(ret->list.at, ret->list.n, sizeof(*ret->list.at), candidate_cmp, ret);
	return 0;
}

const uint16_t *candidate_numbers(const struct candidates *c, size_t i)
{
	return numbers_of(c, &c->list.at[i]);
}

bool candidates_same(const struct candidates *c, size_t i, size_t j)
{
	return !numbers_cmp(c, &c->list.at[i], &c->list.at[j]);
}
