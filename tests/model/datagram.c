/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Datagrams in fragments: the first one goes as every packet, the later ones as it went, or did not
 * go. Those that nothing is known of are kept, if they may be of ours, until the first one comes; here
 * it never does, for every datagram has an identification of its own.
 */
#include "model/trial.h"

/* Nobody waits longer for the rest: after the first one, after the latest one. Seconds. */
#define DATAGRAM_SEC 30
#define GAP_SEC 3
/* IP and Ethernet of the largest that can be kept. */
#define HELD_MAX 1984

static struct tuple datagram_tuple(const struct tuple *t)
{
	return (struct tuple){ .v6 = t->v6, .proto = t->v6 ? 0 : t->proto, .src = t->src,
			       .dst = t->dst };
}

/* Pods and this node do not mix with others; what comes from outside may take several uplinks. */
static enum device datagram_via(const struct trial *t)
{
	return t->from == SENDER_OUTSIDE ? DEV_COUNT : t->at->dev;
}

static struct datagram *datagram_find(struct model *m, const struct tuple *key, __u32 id,
				      enum device via)
{
	for (unsigned i = 0; i < m->n_datagrams; i++) {
		struct datagram *d = &m->datagrams[i];

		if (d->id == id && d->via == via && tuple_same(&d->key, key))
			return d;
	}
	return NULL;
}

void model_note_datagram(struct model *m, const struct datagram *d)
{
	struct datagram *at = datagram_find(m, &d->key, d->id, d->via);

	if (!at && m->n_datagrams == MODEL_DATAGRAMS)
		return;
	if (!at)
		at = &m->datagrams[m->n_datagrams++];
	*at = *d;
}

void outcome_first(const struct trial *t, struct outcome *o, const struct tuple *after,
		   const struct leg *leg)
{
	if (!t->w.fragment)
		return;
	o->first = true;
	o->datagram = (struct datagram){
		.key = datagram_tuple(&t->w.t), .id = t->w.id, .via = datagram_via(t),
		.after = *after, .leg = *leg, .at = t->m->clock, .used = t->m->clock,
	};
}

void outcome_first_stays(const struct trial *t, struct outcome *o)
{
	if (o->first || !o->why || t->w.cut || o->why == SLUICE_R_TRUNCATED)
		return;
	if (o->why == SLUICE_R_NOT_OURS &&
	    (t->from == SENDER_NODE || !model_looks_at_later(t->m, &t->w.t)))
		return;
	o->first = true;
	o->datagram = (struct datagram){
		.key = datagram_tuple(&t->w.t), .id = t->w.id, .via = datagram_via(t),
		.why = o->why, .row = o->row, .at = t->m->clock, .used = t->m->clock,
	};
}

/* Nobody's ports, so nobody looked it up: whether its addresses may be ours must do. */
static void judge_unknown(const struct trial *t)
{
	if (t->xdp)
		outcome_pass(t, SLUICE_R_OK);
	else if (t->from == SENDER_NODE || !model_looks_at_later(t->m, &t->w.t))
		outcome_pass(t, SLUICE_R_NOT_OURS);
	else if (t->in->len > HELD_MAX)
		outcome_pass(t, SLUICE_R_FRAGMENT);
	else
		outcome_drop(t, SLUICE_R_HELD, 0);
}

/* It was not translated. */
static void judge_as_first(const struct trial *t, const struct datagram *d)
{
	switch (d->why) {
	case SLUICE_R_NOT_OURS:
		outcome_pass(t, SLUICE_R_NOT_OURS);
		break;
	case SLUICE_R_ECHO:
		outcome_echo(t);
		break;
	default:
		outcome_drop(t, d->why, d->row);
	}
}

void judge_later(const struct trial *t)
{
	struct tuple key = datagram_tuple(&t->w.t);
	struct datagram *d = datagram_find(t->m, &key, t->w.id, datagram_via(t));
	struct outcome *o;
	enum leave leave;

	/* IPv4 says of each which protocol it is of. */
	if (!t->w.t.v6 && !wire_has_ports(t->w.t.proto) && !model_looks_at_later(t->m, &t->w.t)) {
		outcome_pass(t, SLUICE_R_NOT_OURS);
		return;
	}
	if (!d || t->m->clock - d->at > DATAGRAM_SEC || t->m->clock - d->used > GAP_SEC) {
		judge_unknown(t);
		return;
	}
	d->used = t->m->clock;
	if (d->why) {
		judge_as_first(t, d);
		return;
	}
	leave = way_allows(t, &d->leg);
	if (leave != MAY_GO) {
		outcome_stay(t, leave, d->leg.way.mtu, 0);
		return;
	}
	o = outcome_add(t);
	wire_translate_later(&o->frame, &d->after, d->leg.routed);
	o->slot = d->slot;
	o->direction = d->direction;
	outcome_send(t, o, &d->leg.way);
}
