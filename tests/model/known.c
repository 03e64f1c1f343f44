/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets of connections that are known. What XDP learns about a connection stays learnt, also when
 * it then leaves the packet to tc.
 */
#include "model/route.h"
#include "model/trial.h"

/* The client's acknowledgment may cover data that came with SYN+ACK already, but not more. */
#define ACK_WINDOW 16384

static bool is_current(const struct model *m, const struct conn *c)
{
	const struct member *e = model_member(m, c);

	return e->in && e->gen == c->gen;
}

static bool is_closing(const struct leg *a, const struct leg *b)
{
	return a->rst || b->rst || (a->fin && b->fin);
}

/* FIN or RST on a lasting connection; the moment at which it is over is counted once. */
static void note_end(const struct trial *t, struct found f)
{
	struct leg *leg = &f.conn->leg[f.d];
	bool fin = leg->fin || t->w.flags & FIN, rst = leg->rst || t->w.flags & RST;
	bool news = fin != leg->fin || rst != leg->rst;
	bool stale = leg->seen < t->m->clock;

	leg->fin = fin;
	leg->rst = rst;
	t->m->changed |= news;
	if (news && is_closing(&f.conn->leg[ASK], &f.conn->leg[REPLY]) && !f.conn->over) {
		f.conn->over = true;
		t->m->counts.slots[f.conn->slot].over++;
	}
	/* Who was said to have reset it speaks on, a while later: it was somebody else. */
	if (!news && rst && !(t->w.flags & RST) && stale) {
		leg->rst = false;
		t->m->changed = true;
		if (f.conn->over && !is_closing(&f.conn->leg[ASK], &f.conn->leg[REPLY])) {
			f.conn->over = false;
			t->m->counts.slots[f.conn->slot].over--;
		}
	}
}

/* The Service wants no talk with endpoints that have left; asked after a moment of silence. */
static bool is_cut(const struct trial *t, struct found f)
{
	const struct member *e = model_member(t->m, f.conn);

	return t->w.t.proto == IPPROTO_TCP && e->resets && e->gen != f.conn->gen &&
	       f.conn->leg[f.d].seen < t->m->clock;
}

/*
 * 2.10: UDP leaves an endpoint that is gone; TCP and SCTP never. A SYN may reuse what is closing.
 */
static bool lasting_stays(const struct trial *t, struct found f)
{
	struct conn *c = f.conn;

	if (t->w.t.proto == IPPROTO_SCTP)
		return true;
	if (t->w.t.proto == IPPROTO_UDP) {
		if (f.d == REPLY || is_current(t->m, c))
			return true;
		conn_end(t->m, c);
		return false;
	}
	if (f.d == ASK && (t->w.flags & (SYN | ACK)) == SYN &&
	    is_closing(&c->leg[ASK], &c->leg[REPLY])) {
		conn_end(t->m, c);
		return false;
	}
	note_end(t, f);
	return true;
}

/* Forgets a half-open connection, and the reply's leg only if nobody else has its tuple now. */
static void end_half(struct model *m, struct conn *c)
{
	c->leg[ASK].half = false;
	c->leg[REPLY].half = false;
	m->changed = true;
}

static void half_answered(const struct trial *t, struct conn *c)
{
	struct found ask;

	if (c->leg[REPLY].answered)
		return;
	if (t->w.t.proto == IPPROTO_TCP && (t->w.flags & (SYN | ACK)) != (SYN | ACK))
		return;
	/* The client may have begun anew meanwhile. */
	ask = conns_find_half(&t->m->conns, &c->ask);
	if (!ask.conn || ask.d != ASK)
		return;
	ask.conn->isn = t->w.seq;
	ask.conn->leg[ASK].answered = true;
	c->leg[REPLY].answered = true;
	t->m->changed = true;
}

/* Whether the client shows that it has seen the answer, so that its address is its own. */
static bool half_proved(const struct trial *t, const struct conn *c)
{
	if (!c->leg[ASK].answered)
		return false;
	if (t->w.t.proto != IPPROTO_TCP)
		return true;
	return (t->w.flags & (SYN | ACK | RST)) == ACK && t->w.ack - 1 - c->isn < ACK_WINDOW;
}

/* The reply's leg is there, or is made again. False: its tuple is another connection's. */
static bool half_has_reply(const struct trial *t, struct conn *c)
{
	struct tuple before = conn_before(c, REPLY);
	struct found f = conns_find_half(&t->m->conns, &before);

	if (f.conn)
		return f.conn == c && f.d == REPLY;
	if (conns_find_lasting(&t->m->conns, &before).conn)
		return false;
	c->leg[REPLY] = (struct leg){ .half = true };
	reply_way(t, c, &c->leg[REPLY]);
	c->leg[REPLY].seen = t->m->clock;
	t->m->changed = true;
	return true;
}

static void promote(struct model *m, struct conn *c)
{
	for (int d = ASK; d <= REPLY; d++) {
		c->leg[d].half = false;
		c->leg[d].lasting = true;
		c->leg[d].seen = m->clock;
	}
	m->counts.slots[c->slot].opened++;
	if (c->ask.proto == IPPROTO_TCP)
		affinity_note(m, c);
	m->changed = true;
}

/*
 * Half-open connections do not hold their slot. Once it is given away (the endpoint left, and the
 * maps were written again), they cannot become lasting any more.
 */
static bool slot_is_there(const struct model *m, const struct conn *c)
{
	return m->places.slot[c->slot].used && m->places.slot[c->slot].gen - c->slot_gen <= 1;
}

/* A half-open connection's packet. False: it is as good as new. */
static bool half_stays(const struct trial *t, struct found f)
{
	struct conn *c = f.conn;
	struct leg *leg = &c->leg[f.d];
	bool first = t->w.t.proto != IPPROTO_TCP || t->w.flags & SYN;

	t->m->changed |= (t->w.flags & FIN && !leg->fin) || (t->w.flags & RST && !leg->rst);
	leg->fin |= !!(t->w.flags & FIN);
	leg->rst |= !!(t->w.flags & RST);
	if (f.d == REPLY) {
		half_answered(t, c);
		return true;
	}
	if (first && !is_current(t->m, c)) {
		end_half(t->m, c);
		return false;
	}
	if (!half_proved(t, c)) {
		if (!first || half_has_reply(t, c))
			return true;
		end_half(t->m, c);
		return false;
	}
	if (!slot_is_there(t->m, c) || !half_has_reply(t, c)) {
		end_half(t->m, c);
		return false;
	}
	promote(t->m, c);
	return true;
}

bool half_is_old(const struct trial *t, const struct leg *leg, __u8 proto)
{
	const struct model_limits *l = &t->m->limits;

	return t->m->clock - leg->seen > (proto == IPPROTO_TCP ? l->syn : l->udp);
}

/* ---- the packet --------------------------------------------------------------------- */

/* Looks the way up again, if it is time. False: there is none. */
static bool leg_renew(const struct trial *t, const struct found *f)
{
	struct leg *leg = &f->conn->leg[f->d];
	struct tuple asked = conn_routed(f->conn, f->d);
	bool stale = leg->seen < t->m->clock;

	if (!stale && leg->way.kind >= WAY_WIRE)
		return true;
	t->m->changed = true;
	leg->seen = t->m->clock;
	if (leg->way.given || leg->way.kind > WAY_POD)
		return true;
	return way_look(t, &asked, &leg->way);
}

/* The answer of an address that nothing leads to can come in nowhere. */
static bool split_has_input(const struct trial *t, const struct tuple *after, enum direction d)
{
	const struct rule_front *front = rule_front_find(&t->m->fronts, &after->src, after->sport,
							 after->proto, after->v6);
	struct way back;

	return d == ASK || route_find(&after->dst, &after->src, after->v6, &back) ||
	       (front && front->kind == SLUICE_FE_NODE_PORT);
}

static void judge_packet(const struct trial *t, const struct found *f)
{
	struct leg *leg = &f->conn->leg[f->d];
	struct tuple after = conn_after(f->conn, f->d);
	struct outcome *o;
	enum leave leave;

	if (!leg_renew(t, f)) {
		if (t->xdp)
			outcome_pass(t, SLUICE_R_OK);
		else
			outcome_drop(t, SLUICE_R_NO_ROUTE, 0);
		return;
	}
	leave = way_allows(t, leg);
	if (leave == SPLIT && !split_has_input(t, &after, f->d))
		leave = TOO_BIG;
	if (leave != MAY_GO && leave != SPLIT) {
		outcome_stay(t, leave, leg->way.mtu, 0);
		return;
	}
	if (t->w.fragment && after.proto == IPPROTO_SCTP &&
	    (after.sport != t->w.t.sport || after.dport != t->w.t.dport)) {
		outcome_drop(t, SLUICE_R_SCTP_FRAGMENT, 0);
		return;
	}
	o = outcome_add(t);
	wire_translate(&o->frame, &t->w, &after, leg->routed && leave != SPLIT);
	o->slot = f->conn->slot;
	o->direction = f->d;
	outcome_first(t, o, &after, leg);
	if (leave == SPLIT)
		outcome_split(t, o, &after, &leg->way);
	else
		outcome_send(t, o, &leg->way);
}

bool judge_known(const struct trial *t)
{
	struct found f = conns_find_lasting(&t->m->conns, &t->w.t);

	if (f.conn && t->w.bad) {
		outcome_drop(t, t->w.bad, 0);
		return true;
	}
	if (f.conn && is_cut(t, f)) {
		__u32 row = t->m->places.slot[f.conn->slot].row;

		conn_end(t->m, f.conn);
		if ((t->w.flags & (SYN | ACK)) != SYN) {
			outcome_reject(t, SLUICE_R_GONE, row, 0);
			return true;
		}
		f.conn = NULL;
	}
	if (f.conn && lasting_stays(t, f)) {
		judge_packet(t, &f);
		return true;
	}
	f = conns_find_half(&t->m->conns, &t->w.t);
	if (f.conn && !half_is_old(t, &f.conn->leg[f.d], t->w.t.proto)) {
		if (t->w.bad) {
			outcome_drop(t, t->w.bad, 0);
			return true;
		}
		if (half_stays(t, f)) {
			judge_packet(t, &f);
			return true;
		}
	}
	return false;
}
