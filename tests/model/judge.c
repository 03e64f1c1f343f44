/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet's way through the node:
 *
 *	is it looked at → what is it → whose is it (lasting, half-open, new) → where does it go
 *	                                        → nobody's → an address of a Service?
 *
 * XDP does the same as tc, but sends only from wire to wire; what it cannot finish it leaves as it
 * is.
 */
#include <string.h>

#include "model/trial.h"

static enum sender sender_of(enum hook hook)
{
	switch (hook) {
	case HOOK_XDP:
	case HOOK_UPLINK_IN:
		return SENDER_OUTSIDE;
	case HOOK_WORKLOAD_IN:
		return SENDER_POD;
	default:
		return SENDER_NODE;
	}
}

/*
 * An error about a packet that we translated goes to who sent that packet, and speaks of it as its
 * sender knows it. It takes the way of the packets that travel against the quoted one. False: it is
 * none.
 */
static bool judge_icmp(const struct trial *t)
{
	struct tuple against, outer, asked, quoted;
	struct wire_quote q;
	struct found f;
	struct leg leg;
	struct outcome *o;
	enum leave leave;

	if (t->xdp || t->w.fragment || !wire_read_quote(t->in, &t->w, &q) ||
	    !rule_same_addr(&t->w.t.dst, &q.t.src, t->w.t.v6))
		return false;
	against = tuple_swap(&q.t);
	f = conns_find_lasting(&t->m->conns, &against);
	if (!f.conn) {
		f = conns_find_half(&t->m->conns, &against);
		if (f.conn && half_is_old(t, &f.conn->leg[f.d], q.t.proto))
			f.conn = NULL;
	}
	if (!f.conn || !model_looks_at(t->m, &against, false))
		return false;
	outer = conn_after(f.conn, f.d);
	quoted = tuple_swap(&outer);
	asked = conn_routed(f.conn, f.d);
	/* It proves nothing about the connection: what is looked up is not kept. */
	leg = f.conn->leg[f.d];
	if (!leg.way.given && leg.way.kind <= WAY_POD &&
	    (leg.way.kind < WAY_WIRE || leg.seen < t->m->clock) &&
	    !way_look(t, &asked, &leg.way)) {
		outcome_drop(t, SLUICE_R_NO_ROUTE, 0);
		return true;
	}
	leave = way_allows(t, &leg);
	if (leave != MAY_GO) {
		outcome_stay(t, leave, leg.way.mtu, 0);
		return true;
	}
	o = outcome_add(t);
	wire_translate_error(&o->frame, &t->w, &q, &quoted, &outer, leg.routed);
	o->slot = f.conn->slot;
	o->direction = f.d;
	outcome_send(t, o, &leg.way);
	return true;
}

/* Frames that are not for this node, and what the other end of a hook has seen already. */
static bool is_ignored(const struct trial *t)
{
	switch (t->at->hook) {
	case HOOK_XDP:
	case HOOK_UPLINK_IN:
		return memcmp(t->in->bytes, scene_mac(t->at->dev), 6);
	case HOOK_WORKLOAD_IN:
		return t->in->bytes[0] & 1;	/* broadcast and multicast are not forwarded */
	case HOOK_UPLINK_OUT:
	case HOOK_WORKLOAD_OUT:
		return t->at->forwarded_from != DEV_LO;
	default:
		return false;
	}
}

static void judge_nobodys(const struct trial *t)
{
	if (!judge_address(t))
		outcome_pass(t, SLUICE_R_NOT_OURS);
}

void model_judge(struct model *m, const struct arrival *at, const struct frame *in)
{
	struct trial t = { .m = m, .at = at, .in = in, .from = sender_of(at->hook),
			   .xdp = at->hook == HOOK_XDP };

	m->n_outcomes = 0;
	m->changed = false;
	if (is_ignored(&t)) {
		outcome_pass(&t, SLUICE_R_OK);
		return;
	}
	t.w = wire_read(in);
	t.client = rule_client(&m->config, t.from, &t.w.t.src, t.w.t.v6);
	switch (t.w.kind) {
	case WIRE_OTHER:
		outcome_pass(&t, SLUICE_R_OK);
		break;
	case WIRE_BROKEN:
		outcome_drop(&t, SLUICE_R_MALFORMED, 0);
		break;
	case WIRE_FRAGMENT:
		judge_later(&t);
		break;
	case WIRE_NO_PORTS:
		judge_nobodys(&t);
		break;
	case WIRE_ICMP:
		if (!judge_icmp(&t))
			judge_nobodys(&t);
		break;
	case WIRE_PORTS:
		if (!model_looks_at(m, &t.w.t, at->hook == HOOK_LO_OUT) || !(judge_known(&t) || judge_fresh(&t)))
			judge_nobodys(&t);
		break;
	}
	for (unsigned i = 0; i < m->n_outcomes && t.w.fragment && t.w.kind != WIRE_FRAGMENT; i++)
		outcome_first_stays(&t, &m->outcomes[i]);
}
