/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Read it beside the description of the semantics: one rule, one function. */
#include "model/rules.h"

#include <string.h>

bool rule_same_addr(const struct sluice_addr *a, const struct sluice_addr *b, bool v6)
{
	return v6 ? !memcmp(a, b, sizeof(*a)) : a->ip6[3] == b->ip6[3];
}

bool rule_is_node(const struct sluice_addr *a, bool v6)
{
	return rule_same_addr(a, &node.ip[v6], v6) || rule_same_addr(a, &node_up1.ip[v6], v6);
}

/* ---- frontends (0.3, 1.5, 2.6) ------------------------------------------------------ */

/* 1.1: another proxy's Services do not exist for us. */
static bool service_counts(const struct config_service *s)
{
	return s->exists && !s->others;
}

/* ipMode Proxy: the address is the load balancer's, not ours to capture. */
static unsigned service_vips(const struct config_service *s)
{
	return s->type == TYPE_LOAD_BALANCER ? s->vips & ~s->proxied_vips : 0;
}

/* Who comes first keeps the address: Services in their order, and within one the order of calls. */
static void front_add(struct rule_fronts *f, struct rule_front front)
{
	if (!rule_front_find(f, &front.addr, front.port, front.proto, front.of.v6))
		f->at[f->n++] = front;
}

bool rule_has_node_ports(const struct config *c, const struct host *h)
{
	return c->node.node_ports == NODE_PORTS_ALL ||
	       (h == &node) == (c->node.node_ports == NODE_PORTS_PRIMARY);
}

static void port_fronts(const struct config *c, struct rule_port of, struct rule_fronts *ret)
{
	const struct config_service *s = &c->services[of.service];
	const struct config_port *p = &s->ports[of.port];
	struct rule_front front = { .port = p->port, .proto = p->proto, .of = of };

	front.kind = SLUICE_FE_CLUSTER_IP;
	front.addr = config_cluster_ip(of.service, of.v6);
	front_add(ret, front);
	for (unsigned i = 0; i < CONFIG_OUTSIDE; i++) {
		front.addr = config_outside[i]->ip[of.v6];
		front.kind = SLUICE_FE_LOAD_BALANCER;
		if (service_vips(s) >> i & 1)
			front_add(ret, front);
		front.kind = SLUICE_FE_EXTERNAL;
		if (s->external_ips >> i & 1)
			front_add(ret, front);
	}
	if (!p->node_port)
		return;
	front.kind = SLUICE_FE_NODE_PORT;
	front.port = p->node_port;
	front.addr = node.ip[of.v6];
	if (rule_has_node_ports(c, &node))
		front_add(ret, front);
	front.addr = node_up1.ip[of.v6];
	if (rule_has_node_ports(c, &node_up1))
		front_add(ret, front);
	/* 127.0.0.1 has them too, [::1] never. */
	if (of.v6 || !c->node.localhost)
		return;
	front.kind = SLUICE_FE_LOCALHOST;
	front.addr = localhost.ip[0];
	front_add(ret, front);
}

void rule_fronts(const struct config *c, struct rule_fronts *ret)
{
	ret->n = 0;
	for (unsigned i = 0; i < CONFIG_SERVICES; i++)
		for (unsigned k = 0; k < c->services[i].n_ports; k++)
			for (int v6 = 0; v6 < 2; v6++)
				if (service_counts(&c->services[i]) && c->services[i].family[v6])
					port_fronts(c, (struct rule_port){ i, k, v6 }, ret);
}

const struct rule_front *rule_front_find(const struct rule_fronts *f, const struct sluice_addr *addr,
					 __u16 port, __u8 proto, bool v6)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct rule_front *at = &f->at[i];

		if (at->of.v6 == v6 && at->port == port && at->proto == proto &&
		    rule_same_addr(&at->addr, addr, v6))
			return at;
	}
	return NULL;
}

/* ---- endpoints (2.1, 2.2) ----------------------------------------------------------- */

struct candidate {
	const struct config_endpoint *e;
	struct rule_backend backend;
};

static bool is_ready(const struct config_endpoint *e)
{
	return e->ready != NO;
}

static bool is_draining(const struct config_endpoint *e)
{
	return e->serving != NO && e->terminating == YES;
}

/* 2.2: several slices are one list; of two equal entries the one that does not terminate counts. */
static unsigned candidates(const struct config_service *s, const struct rule_port *p,
			   struct candidate ret[CONFIG_ENDPOINTS])
{
	unsigned n = 0;

	for (unsigned slice = 0; slice < CONFIG_SLICES; slice++) {
		for (unsigned i = 0; i < s->n_endpoints; i++) {
			const struct config_endpoint *e = &s->endpoints[i];
			struct candidate new = { e, { e->host->ip[p->v6],
						      s->ports[p->port].target[slice] } };
			unsigned k = 0;

			if (e->slice != slice)
				continue;
			while (k < n && (ret[k].backend.port != new.backend.port ||
					 !rule_same_addr(&ret[k].backend.addr, &new.backend.addr,
							 p->v6)))
				k++;
			if (k == n)
				ret[n++] = new;
			else if (ret[k].e->terminating == YES && e->terminating != YES)
				ret[k] = new;
		}
	}
	return n;
}

/* 2.1, topology: hints hold only if every ready endpoint has some, and one of them means us. */
static bool hints_hold(const struct candidate *c, unsigned n, bool by_node)
{
	bool here = false;

	for (unsigned i = 0; i < n; i++) {
		__u8 hints = by_node ? c[i].e->node_hints : c[i].e->zone_hints;

		if (!is_ready(c[i].e))
			continue;
		if (!hints)
			return false;
		here |= hints & HINT_HERE;
	}
	return here;
}

static bool hints_allow(const struct candidate *c, unsigned n, bool zone,
			const struct config_endpoint *e)
{
	if (hints_hold(c, n, true))
		return e->node_hints & HINT_HERE;
	if (zone && hints_hold(c, n, false))
		return e->zone_hints & HINT_HERE;
	return true;
}

static void set_add(struct rule_set *set, const struct candidate *c)
{
	set->at[set->n++] = c->backend;
}

static void cluster_set(const struct candidate *c, unsigned n, bool zone, struct rule_set *ret)
{
	for (unsigned i = 0; i < n; i++)
		if (is_ready(c[i].e) && hints_allow(c, n, zone, c[i].e))
			set_add(ret, &c[i]);
	if (ret->n)
		return;
	for (unsigned i = 0; i < n; i++)
		if (is_draining(c[i].e))
			set_add(ret, &c[i]);
}

static void local_set(const struct candidate *c, unsigned n, struct rule_set *ret)
{
	for (unsigned i = 0; i < n; i++)
		if (is_ready(c[i].e) && c[i].e->node == HERE)
			set_add(ret, &c[i]);
	if (ret->n)
		return;
	for (unsigned i = 0; i < n; i++)
		if (is_draining(c[i].e) && c[i].e->node == HERE)
			set_add(ret, &c[i]);
}

/* 0.4: whether anything but the cluster address leads to the port. */
static bool is_external(const struct config_service *s, unsigned port)
{
	return s->ports[port].node_port || s->external_ips || service_vips(s);
}

void rule_sets(const struct config *c, const struct rule_port *p, struct rule_sets *ret)
{
	const struct config_service *s = &c->services[p->service];
	bool external = service_counts(s) && p->port < s->n_ports && is_external(s, p->port);
	struct candidate all[CONFIG_ENDPOINTS];
	unsigned n;

	memset(ret, 0, sizeof(*ret));
	if (!service_counts(s) || p->port >= s->n_ports || !s->family[p->v6])
		return;
	n = candidates(s, p, all);
	for (unsigned i = 0; i < n; i++)
		ret->any |= is_ready(all[i].e) || is_draining(all[i].e);
	if (!s->internal_local || external)
		cluster_set(all, n, c->zone, &ret->cluster);
	if (s->internal_local || (s->external_local && external))
		local_set(all, n, &ret->local);
}

/* ---- which set, whose address (2.4, 2.5, 2.7) ---------------------------------------- */

static bool range_has(const struct config_range *r, const struct sluice_addr *a)
{
	const __u8 *x = (const __u8 *)(r->v6 ? &r->base.ip6[0] : &r->base.ip6[3]);
	const __u8 *y = (const __u8 *)(r->v6 ? &a->ip6[0] : &a->ip6[3]);

	for (unsigned i = 0; i < r->bits; i++)
		if ((x[i / 8] ^ y[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

bool rule_is_for_services(const struct config *c, const struct sluice_addr *a, bool v6)
{
	enum config_cidr cidr = c->node.cidr[v6];

	return cidr != CIDR_NONE && range_has(&config_cidrs[cidr][v6], a);
}

/* 2.4, the detector. */
enum sender rule_client(const struct config *c, enum sender from, const struct sluice_addr *a,
			bool v6)
{
	if (from == SENDER_POD && c->node.pods == PODS_NOBODY)
		return SENDER_OUTSIDE;
	if (from == SENDER_OUTSIDE && c->node.pods == PODS_BY_CIDR &&
	    range_has(&config_pod_range[v6], a))
		return SENDER_POD;
	return from;
}

/* 0.6; 2.5: what this node and its pods send goes "up to the load balancer and comes back". */
bool rule_uses_local(const struct config *c, const struct rule_front *f, enum sender from)
{
	const struct config_service *s = &c->services[f->of.service];

	if (f->kind == SLUICE_FE_CLUSTER_IP)
		return s->internal_local;
	return s->external_local && from == SENDER_OUTSIDE;
}

/* 2.4; the hairpin case, which depends on the endpoint, is the caller's. */
bool rule_masquerades(const struct config *c, const struct rule_front *f, enum sender from)
{
	const struct config_service *s = &c->services[f->of.service];

	if (from == SENDER_NODE)
		return true;
	if (f->kind != SLUICE_FE_CLUSTER_IP)
		return !s->external_local;
	return c->node.masquerade_all ||
	       (from == SENDER_OUTSIDE && c->node.pods != PODS_NOBODY);
}

/* How alive a port is at one of its addresses: 2 for everybody, 1 for this node and its pods. */
static unsigned port_life(const struct config *c, const struct rule_front *f)
{
	struct rule_sets sets;

	rule_sets(c, &f->of, &sets);
	if (rule_uses_local(c, f, SENDER_OUTSIDE) ? sets.local.n : sets.cluster.n)
		return 2;
	return sets.any;
}

unsigned rule_speakers(const struct config *c, const struct rule_fronts *f,
		       const struct sluice_addr *addr, bool v6,
		       struct rule_front ret[RULE_SPEAKERS_MAX])
{
	unsigned best = 0, n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		const struct rule_front *at = &f->at[i];
		unsigned life = port_life(c, at);

		if (at->of.v6 != v6 || !rule_same_addr(&at->addr, addr, v6) ||
		    (at->kind != SLUICE_FE_CLUSTER_IP && at->kind != SLUICE_FE_LOAD_BALANCER) ||
		    rule_is_node(addr, v6) || life < best)
			continue;
		if (life > best)
			n = 0;
		ret[n++] = *at;
		best = life;
	}
	return n;
}

bool rule_refuses(const struct config *c, const struct rule_front *f,
		  const struct sluice_addr *client)
{
	const struct config_service *s = &c->services[f->of.service];
	bool some = false, in = false, node_in = false;

	if (f->kind != SLUICE_FE_LOAD_BALANCER)
		return false;
	for (unsigned i = 0; i < CONFIG_RANGES; i++) {
		const struct config_range *r = &config_ranges[i];

		if (!(s->ranges >> i & 1) || r->v6 != f->of.v6)
			continue;
		if (!r->bits)
			return false;	/* everybody */
		some = true;
		in |= range_has(r, client);
		node_in |= range_has(r, &node.ip[r->v6]) || range_has(r, &node_up1.ip[r->v6]);
	}
	for (unsigned i = 0; node_in && i < CONFIG_OUTSIDE; i++)
		if (service_vips(s) >> i & 1)
			in |= rule_same_addr(client, &config_outside[i]->ip[f->of.v6], f->of.v6);
	return some && !in;
}
