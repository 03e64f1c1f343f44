/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is of no connection and for no frontend, but for an address of Services: 2.3, "undefined
 * port on a live ClusterIP" and "unallocated IP inside a Service CIDR", and echo requests.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>

#include "model/route.h"
#include "model/trial.h"

/* RFC 6890: hosts do not send from there, and nobody can be answered. */
static bool is_nobody(const struct sluice_addr *a, bool v6)
{
	const __u8 *b = (const __u8 *)a;

	if (!v6)
		return b[12] == 0 || b[12] == 127 || b[12] >= 224;
	for (int i = 0; i < 15; i++)
		if (b[i])
			return b[0] == 0xff;
	return b[15] <= 1;
}

/* All of its header is there, and a type with it. */
static bool has_type(const struct trial *t)
{
	return t->w.kind == WIRE_ICMP && t->w.l4 < t->in->len && t->w.ip_len + ETH_HLEN >= t->w.l4 + 8u;
}

/* RFC 4861: neighbour discovery is the link's. */
static bool is_discovery(const struct trial *t)
{
	__u8 type = t->w.l4 < t->in->len ? t->in->bytes[t->w.l4] : 0;

	return has_type(t) && t->w.t.v6 && type >= 133 && type <= 137;
}

bool trial_is_echo(const struct trial *t)
{
	struct rule_front all[RULE_SPEAKERS_MAX];

	return has_type(t) && wire_is_echo(t->in, &t->w) &&
	       !rule_speakers(&t->m->config, &t->m->fronts, &t->w.t.src, t->w.t.v6, all);
}

static bool is_asked(const struct trial *t)
{
	if (!t->w.reached || t->at->hook == HOOK_LO_OUT ||
	    is_nobody(&t->w.t.src, t->w.t.v6) || is_discovery(t))
		return false;
	/* An error may be about a connection: that is tc's to see. */
	return !(t->xdp && has_type(t) && !trial_is_echo(t));
}

/* As a connection would fare: answered by who has an endpoint for the client. */
static void judge_echo(const struct trial *t, const struct rule_front *front, __u32 row)
{
	const struct config *c = &t->m->config;
	struct rule_sets sets;
	unsigned n;

	if (rule_refuses(c, front, &t->w.t.src)) {
		outcome_drop(t, SLUICE_R_FILTERED, row);
		return;
	}
	rule_sets(c, &front->of, &sets);
	n = rule_uses_local(c, front, t->client) ? sets.local.n : sets.cluster.n;
	if (n)
		outcome_echo(t);
	else if (sets.any)
		outcome_drop(t, SLUICE_R_NO_LOCAL, row);
	else
		outcome_reject(t, SLUICE_R_NO_BACKEND, row, 0);
}

/* One of those who may speak for the address that the packet is for; false: nobody. */
static bool speaker_find(const struct trial *t, struct rule_front *ret)
{
	const struct places *p = &t->m->places;
	struct rule_front all[RULE_SPEAKERS_MAX];
	unsigned n = rule_speakers(&t->m->config, &t->m->fronts, &t->w.t.dst, t->w.t.v6,
				   all);

	if (!n)
		return false;
	*ret = all[0];
	for (unsigned i = 0; i < p->n_addrs; i++)
		for (unsigned k = 0; k < n; k++)
			if (p->addrs[i].v6 == t->w.t.v6 &&
			    rule_same_addr(&p->addrs[i].addr, &t->w.t.dst, t->w.t.v6) &&
			    p->row[port_id(&all[k].of, all[k].proto)] == p->addrs[i].row)
				*ret = all[k];
	return true;
}

/*
 * In the range of Services, and the packet would leave the node for a gateway. Who is on a link of
 * the node, or the node itself, is somebody; and where no way leads nothing has to be stopped.
 */
static bool is_unallocated(const struct trial *t)
{
	const struct tuple *to = &t->w.t;
	struct way way;

	if (!rule_is_for_services(&t->m->config, &to->dst, to->v6) ||
	    !route_find(&to->src, &to->dst, to->v6, &way) || way.direct)
		return false;
	/* What a process sent was routed already: of IPv4 only a route by that very device counts. */
	return t->from != SENDER_NODE || to->v6 || way.dev == t->at->dev;
}

bool judge_address(const struct trial *t)
{
	struct rule_front front;
	__u32 row;

	if (!is_asked(t))
		return false;
	if (!speaker_find(t, &front)) {
		if (!is_unallocated(t))
			return false;
		outcome_drop(t, SLUICE_R_UNALLOCATED, 0);
		return true;
	}
	row = t->m->places.row[port_id(&front.of, front.proto)];
	if (trial_is_echo(t) && !t->m->config.node.no_echo) {
		judge_echo(t, &front, row);
		return true;
	}
	/* Other ports of a balancer's address are others' to serve. */
	if (front.kind != SLUICE_FE_CLUSTER_IP)
		return false;
	if (t->w.bad)
		outcome_drop(t, t->w.bad, row);
	else
		outcome_reject(t, SLUICE_R_UNDEFINED_PORT, row, 0);
	return true;
}
