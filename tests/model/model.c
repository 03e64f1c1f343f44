/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the model keeps from packet to packet: endpoints, connections, counters. */
#include "model/model.h"

#include <linux/in.h>
#include <string.h>

unsigned port_id(const struct rule_port *p, __u8 proto)
{
	unsigned n = proto == IPPROTO_TCP ? 0 : proto == IPPROTO_UDP ? 1 : 2;

	return ((p->service * CONFIG_PORTS + p->port) * 2 + p->v6) * 3 + n;
}

/* ---- endpoints ---------------------------------------------------------------------- */

static struct member *member_get(struct model *m, unsigned port, const struct rule_backend *b,
				 bool v6)
{
	for (unsigned i = 0; i < m->n_members; i++) {
		struct member *e = &m->members[i];

		if (e->port == port && e->backend.port == b->port &&
		    rule_same_addr(&e->backend.addr, &b->addr, v6))
			return e;
	}
	if (m->n_members == MODEL_MEMBERS)
		return NULL;
	m->members[m->n_members] = (struct member){ .port = port, .backend = *b, .v6 = v6 };
	return &m->members[m->n_members++];
}

static void set_note(struct model *m, unsigned port, const struct rule_set *set,
		     const struct config_service *s, bool v6, bool now[MODEL_MEMBERS])
{
	for (unsigned i = 0; i < set->n; i++) {
		struct member *e = member_get(m, port, &set->at[i], v6);

		if (!e)
			continue;
		now[e - m->members] = true;
		e->resets = s->resets;
	}
}

/* Who is in a set of a port; who was and is not any more has left. */
static void members_note(struct model *m)
{
	bool now[MODEL_MEMBERS] = { false };

	for (unsigned i = 0; i < CONFIG_SERVICES; i++) {
		const struct config_service *s = &m->config.services[i];

		for (unsigned k = 0; k < s->n_ports * 2; k++) {
			struct rule_port p = { i, k / 2, k % 2 };
			unsigned id = port_id(&p, s->ports[k / 2].proto);
			struct rule_sets sets;

			rule_sets(&m->config, &p, &sets);
			set_note(m, id, &sets.cluster, s, p.v6, now);
			set_note(m, id, &sets.local, s, p.v6, now);
		}
	}
	for (unsigned i = 0; i < m->n_members; i++) {
		m->members[i].gen += m->members[i].in && !now[i];
		m->members[i].in = now[i];
	}
}

const struct member *model_member(const struct model *m, const struct conn *c)
{
	return &m->members[c->member];
}

void model_configure(struct model *m, const struct config *c, const struct places *places)
{
	m->config = *c;
	m->places = *places;
	rule_fronts(c, &m->fronts);
	members_note(m);
}

/* ---- what is looked at -------------------------------------------------------------- */

static bool filter_says(const struct model *m, __u32 role, const struct sluice_addr *a, __u16 port,
			__u8 proto)
{
	__u32 bit = sluice_filter_bit(role, a->ip6[3], __builtin_bswap16(port), proto);

	return m->places.filter.words[bit / 64] >> bit % 64 & 1;
}

/*
 * The bitmap before the tables is taken as it is: what it leaves out of half-open connections to
 * deleted Services is left to it. It must have the rest: see play.c.
 */
bool model_looks_at(const struct model *m, const struct tuple *t, bool lo)
{
	return (lo && filter_says(m, SLUICE_FILTER_LOCALHOST, &t->dst, t->dport, t->proto)) ||
	       filter_says(m, SLUICE_FILTER_FRONTEND, &t->dst, t->dport, t->proto) ||
	       filter_says(m, SLUICE_FILTER_BACKEND, &t->src, t->sport, t->proto);
}

bool model_looks_at_later(const struct model *m, const struct tuple *t)
{
	if (filter_says(m, SLUICE_FILTER_ADDRESS, &t->dst, 0, 0) ||
	    rule_is_for_services(&m->config, &t->dst, t->v6))
		return true;
	return (t->v6 || wire_has_ports(t->proto)) &&
	       (filter_says(m, SLUICE_FILTER_FRONTEND, &t->dst, 0, 0) ||
		filter_says(m, SLUICE_FILTER_BACKEND, &t->src, 0, 0));
}

/* ---- settling ----------------------------------------------------------------------- */

static __u32 slot_find(const struct model *m, __u32 row, const struct rule_backend *b, bool v6)
{
	for (__u32 i = 1; i < MODEL_SLOTS; i++)
		if (m->places.slot[i].used && !m->places.slot[i].retired &&
		    m->places.slot[i].row == row && m->places.slot[i].backend.port == b->port &&
		    rule_same_addr(&m->places.slot[i].backend.addr, &b->addr, v6))
			return i;
	return 0;
}

static void half_forget(struct model *m, const struct tuple *t)
{
	struct found f = conns_find_half(&m->conns, t);

	if (f.conn)
		f.conn->leg[f.d].half = false;
}

static bool conn_open(struct model *m, const struct conn *c)
{
	struct tuple ask = c->ask, reply = conn_before(c, REPLY);
	struct conn *new;

	port_take(m, c);
	half_forget(m, &reply);
	half_forget(m, &ask);
	new = conns_new(&m->conns);
	if (!new)
		return false;
	*new = *c;
	for (int d = ASK; d <= REPLY; d++) {
		new->leg[d].half = true;
		new->leg[d].seen = m->clock;
	}
	/* TCP has to prove first that its client is there. */
	if (c->ask.proto != IPPROTO_TCP)
		affinity_note(m, new);
	m->changed = true;
	return true;
}

/* Holds @o, which opens a connection, against what came out; the connection is then complete. */
static bool opening_is(struct model *m, struct outcome *o, __u32 action, const struct frame *in,
		       const struct frame *out)
{
	struct wire was = wire_read(in), is = wire_read(out);
	const struct rule_front *front;
	struct rule_backend b = { o->conn.to.dst, o->conn.to.dport };
	struct member *e;
	unsigned port;

	if (is.kind != WIRE_PORTS || action != o->action ||
	    !port_is_legal(m, &o->conn, o->any_port, is.t.sport))
		return false;
	o->conn.to.sport = is.t.sport;
	wire_translate(&o->frame, &was, &o->conn.to, o->conn.leg[ASK].routed && !o->split);
	if (o->frame.len != out->len || memcmp(o->frame.bytes, out->bytes, out->len))
		return false;
	front = rule_front_find(&m->fronts, &was.t.dst, was.t.dport, was.t.proto, was.t.v6);
	port = port_id(&front->of, front->proto);
	e = member_get(m, port, &b, was.t.v6);
	o->slot = slot_find(m, m->places.row[port], &b, was.t.v6);
	if (!e || !o->slot)
		return false;
	o->conn.member = (unsigned)(e - m->members);
	o->conn.gen = e->gen;
	o->conn.slot = o->slot;
	o->conn.slot_gen = m->places.slot[o->slot].gen;
	return true;
}

static void outcome_count(struct model *m, const struct outcome *o)
{
	struct sluice_slot_count *slot = &m->counts.slots[o->slot];

	if (o->slot && o->direction == ASK) {
		slot->packets_in += o->packets;
		slot->bytes_in += o->bytes;
	} else if (o->slot) {
		slot->packets_out += o->packets;
		slot->bytes_out += o->bytes;
	}
	if (o->why) {
		m->counts.reasons[o->why].packets += o->packets;
		m->counts.reasons[o->why].bytes += o->bytes;
	}
	if (o->failed) {
		m->counts.reasons[o->failed].packets++;
		m->counts.reasons[o->failed].bytes += o->failed_bytes;
	}
	if (o->row)
		m->counts.drops[o->row][o->why] += o->packets;
}

/* Whether the outcome looks like what came out; one that opens a connection is held against it. */
static bool outcome_is(struct model *m, struct outcome *o, __u32 action, const struct frame *in,
		       const struct frame *out)
{
	if (o->opens)
		return opening_is(m, o, action, in, out);
	return action == o->action && o->frame.len == out->len &&
	       !memcmp(o->frame.bytes, out->bytes, out->len);
}

bool model_needs_counts(const struct model *m)
{
	for (unsigned i = 1; i < m->n_outcomes; i++)
		if (m->outcomes[i].why != m->outcomes[0].why)
			return true;
	return false;
}

int model_settle(struct model *m, __u32 action, const struct frame *in, const struct frame *out,
		 const struct counts *now)
{
	for (unsigned i = 0; i < m->n_outcomes; i++) {
		struct outcome *o = &m->outcomes[i];

		/* Drops for two reasons look the same. */
		if (now && o->why &&
		    now->reasons[o->why].packets == m->counts.reasons[o->why].packets)
			continue;
		if (!outcome_is(m, o, action, in, out))
			continue;
		if (o->opens && !conn_open(m, &o->conn))
			return -1;
		outcome_count(m, o);
		if (o->first) {
			o->datagram.slot = o->slot;
			o->datagram.direction = o->direction;
			model_note_datagram(m, &o->datagram);
		}
		return (int)i;
	}
	return -1;
}

/* ---- ends ---------------------------------------------------------------------------- */

void conn_end(struct model *m, struct conn *c)
{
	struct tuple other = conn_before(c, REPLY);
	struct found f = conns_find_lasting(&m->conns, &other);

	c->leg[ASK].lasting = false;
	if (f.conn)
		f.conn->leg[f.d].lasting = false;
	m->counts.slots[c->slot].closed++;
	m->counts.slots[c->slot].over -= c->over;
	m->changed = true;
}

/* ---- the collector ------------------------------------------------------------------ */

static __u32 patience(const struct model *m, const struct conn *c)
{
	const struct leg *a = &c->leg[ASK], *b = &c->leg[REPLY];

	if (c->ask.proto == IPPROTO_UDP)
		return m->limits.udp;
	if (c->ask.proto == IPPROTO_SCTP)
		return m->limits.sctp;
	if (a->rst || b->rst || (a->fin && b->fin))
		return m->limits.closing;
	return a->fin || b->fin ? m->limits.half_closed : m->limits.established;
}

unsigned model_collect(struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->conns.n; i++) {
		struct conn *c = &m->conns.at[i];
		__u32 sec = patience(m, c);

		if (!c->leg[ASK].lasting || m->clock - c->leg[ASK].seen <= sec ||
		    m->clock - c->leg[REPLY].seen <= sec)
			continue;
		c->leg[ASK].lasting = c->leg[REPLY].lasting = false;
		m->counts.slots[c->slot].closed++;
		m->counts.slots[c->slot].over -= c->over;
		n++;
	}
	return n;
}
