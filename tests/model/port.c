/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Source ports: what makes a connection's tuple towards its endpoint its own. A client keeps its port
 * if nothing speaks against it; else it has any of the range, also one of a connection that only began,
 * or that is over, if ports are scarce. Who looks for one tries only so many, so he may find none
 * although there are some; but none is no news where all could be had.
 */
#include "model/model.h"

/* A connection that is over must have been silent for so long, seconds. */
#define SILENT_SEC 2

/* Who has so many to choose from finds one, by the few that a case has open. */
#define ENOUGH 500

enum port_state {
	PORT_FREE,
	PORT_SCARCE,		/* free only if ports are scarce */
	PORT_TAKEN,
};

/* Whether who has the lasting tuple has done with it. */
static bool is_left(const struct model *m, const struct conn *c)
{
	const struct leg *a = &c->leg[ASK], *b = &c->leg[REPLY];

	if (!a->lasting)
		return true;
	return (a->rst || b->rst || (a->fin && b->fin)) && m->clock - a->seen > SILENT_SEC &&
	       m->clock - b->seen > SILENT_SEC;
}

static enum port_state port_state(struct model *m, const struct conn *c, __u16 port)
{
	struct conn with = *c;
	struct found lasting, half;
	struct tuple reply;

	with.to.sport = port;
	reply = conn_before(&with, REPLY);
	lasting = conns_find_lasting(&m->conns, &reply);
	if (lasting.conn)
		return lasting.d == REPLY && is_left(m, lasting.conn) ? PORT_SCARCE : PORT_TAKEN;
	half = conns_find_half(&m->conns, &reply);
	/* A row that is too old, or that the same client left, may be taken. */
	if (!half.conn || m->clock - half.conn->leg[half.d].seen > m->limits.syn ||
	    (half.d == REPLY && tuple_same(&half.conn->ask, &c->ask)))
		return PORT_FREE;
	return PORT_SCARCE;
}

static bool keeps_its_own(struct model *m, const struct conn *c, bool masquerade)
{
	return !masquerade && port_state(m, c, c->ask.sport) == PORT_FREE;
}

bool port_is_legal(struct model *m, const struct conn *c, bool masquerade, __u16 port)
{
	if (keeps_its_own(m, c, masquerade))
		return port == c->ask.sport;
	return port >= m->limits.snat_min && port <= m->limits.snat_max &&
	       port_state(m, c, port) != PORT_TAKEN;
}

bool ports_may_run_out(struct model *m, const struct conn *c, bool masquerade)
{
	if (m->limits.snat_max - m->limits.snat_min >= ENOUGH || keeps_its_own(m, c, masquerade))
		return false;
	for (__u32 port = m->limits.snat_min; port <= m->limits.snat_max; port++)
		if (port_state(m, c, (__u16)port) == PORT_TAKEN)
			return true;
	return false;
}

void port_take(struct model *m, const struct conn *c)
{
	struct tuple reply = conn_before(c, REPLY);
	struct found f = conns_find_lasting(&m->conns, &reply);

	if (!f.conn)
		return;
	if (f.conn->leg[ASK].lasting)
		conn_end(m, f.conn);
	else
		f.conn->leg[REPLY].lasting = false;
}
