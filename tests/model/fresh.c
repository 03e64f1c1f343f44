/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Packets of no known connection: which frontend they dial, which endpoints may be chosen. */
#include <string.h>

#include "model/route.h"
#include "model/trial.h"

void reply_way(const struct trial *t, const struct conn *c, struct leg *leg)
{
	const struct way *out = &c->leg[ASK].way;

	if (rule_is_node(&c->to.dst, c->to.v6)) {
		leg->way.kind = WAY_STACK;	/* its socket's answers are routed already */
		return;
	}
	if (t->from == SENDER_NODE) {
		if (t->at->dev == DEV_LO) {
			leg->way.kind = WAY_LOOP;
		} else if (dev_is_uplink(out->dev) && out->dev == t->at->dev) {
			leg->way.kind = WAY_STACK;
		} else {
			/* Strict rp_filter takes a service's address from the uplink only. */
			leg->way.kind = WAY_UPLINK_IN;
			leg->way.dev = t->at->dev;
			memcpy(leg->way.dmac, scene_mac(t->at->dev), 6);
		}
		return;
	}
	leg->routed = true;
	if (t->from == SENDER_POD) {
		leg->way = (struct way){ .kind = WAY_POD, .dev = t->at->dev, .given = true };
		memcpy(leg->way.dmac, t->in->bytes + 6, 6);
		memcpy(leg->way.smac, t->in->bytes, 6);
	}
}

/* The outcome if @b is the endpoint. */
static void judge_choice(const struct trial *t, const struct rule_front *front,
			 const struct rule_backend *b, __u32 row)
{
	bool v6 = t->w.t.v6, socket = rule_is_node(&b->addr, v6);
	bool masquerade = rule_masquerades(&t->m->config, front, t->client);
	struct conn c = { .ask = t->w.t, .to = t->w.t };
	struct outcome *o;
	enum leave leave;

	c.sticky = t->m->config.services[front->of.service].affinity_sec;
	c.to.dst = b->addr;
	c.to.dport = b->port;
	if (socket) {
		c.leg[ASK].way.kind = t->from == SENDER_NODE ? WAY_LOOP : WAY_STACK;
		/* Our own address must not come in from outside: the socket sees the client. */
		masquerade &= t->from == SENDER_NODE;
	} else {
		c.leg[ASK].routed = t->from != SENDER_NODE;
		if (!way_look(t, &c.to, &c.leg[ASK].way)) {
			outcome_drop(t, SLUICE_R_NO_ROUTE, row);
			return;
		}
	}
	leave = way_allows(t, &c.leg[ASK]);
	if (leave != MAY_GO && leave != SPLIT) {
		outcome_stay(t, leave, c.leg[ASK].way.mtu, row);
		return;
	}
	/* The hairpin: who reaches itself must not see its own address. */
	masquerade |= rule_same_addr(&c.to.src, &c.to.dst, v6);
	/* A process of this node has an address of it already, and takes another one only if the
	 * packet leaves by another device that has one; on lo it may be 127.0.0.1. */
	if (masquerade && (t->from != SENDER_NODE ||
			   (!socket && c.leg[ASK].way.dev != t->at->dev &&
			    (dev_is_uplink(c.leg[ASK].way.dev) || t->at->dev == DEV_LO))))
		c.to.src = route_source(c.leg[ASK].way.dev, v6);
	reply_way(t, &c, &c.leg[REPLY]);

	if (ports_may_run_out(t->m, &c, masquerade))
		outcome_drop(t, SLUICE_R_NO_PORT, row);
	o = outcome_add(t);
	o->opens = true;
	o->any_port = masquerade;
	o->conn = c;
	outcome_first(t, o, &c.to, &c.leg[ASK]);
	if (leave == SPLIT)
		outcome_split(t, o, &c.to, &c.leg[ASK].way);
	else
		outcome_send(t, o, &c.leg[ASK].way);
}

bool judge_fresh(const struct trial *t)
{
	const struct rule_front *front = rule_front_find(&t->m->fronts, &t->w.t.dst, t->w.t.dport,
							 t->w.t.proto, t->w.t.v6);
	const struct rule_backend *kept;
	const struct rule_set *set;
	struct rule_sets sets;
	__u32 row;

	/* Who says 127.0.0.1 on a wire is a martian. */
	if (!front || (front->kind == SLUICE_FE_LOCALHOST && t->at->hook != HOOK_LO_OUT))
		return false;
	row = t->m->places.row[port_id(&front->of, front->proto)];
	if (t->w.bad) {
		outcome_drop(t, t->w.bad, row);
		return true;
	}
	/* Its port may have to change, and with it a checksum over all of the datagram. */
	if (t->w.fragment && t->w.t.proto == IPPROTO_SCTP) {
		outcome_drop(t, SLUICE_R_SCTP_FRAGMENT, row);
		return true;
	}
	if (rule_refuses(&t->m->config, front, &t->w.t.src)) {
		outcome_drop(t, SLUICE_R_FILTERED, row);
		return true;
	}
	if (t->w.t.proto == IPPROTO_TCP && (t->w.flags & (SYN | ACK | RST)) != SYN) {
		outcome_reject(t, SLUICE_R_NO_FLOW, row, 0);
		return true;
	}
	rule_sets(&t->m->config, &front->of, &sets);
	set = rule_uses_local(&t->m->config, front, t->client) ? &sets.local : &sets.cluster;
	/* 2.3: nothing anywhere is refused, nothing here only is silence. */
	if (!set->n && sets.any)
		outcome_drop(t, SLUICE_R_NO_LOCAL, row);
	else if (!set->n)
		outcome_reject(t, SLUICE_R_NO_BACKEND, row, 0);
	kept = affinity_backend(t->m, front, &t->w.t.src, set);
	for (unsigned i = 0; i < set->n; i++)
		if (!kept || kept == &set->at[i])
			judge_choice(t, front, &set->at[i], row);
	return true;
}
