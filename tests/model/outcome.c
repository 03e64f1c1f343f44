/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What can become of a packet: passed, dropped, answered, sent; and by which way. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <string.h>

#include "model/route.h"
#include "model/trial.h"

/* ---- words of the hooks ------------------------------------------------------------- */

static __u32 pass(const struct trial *t)
{
	return t->xdp ? XDP_PASS : (__u32)TC_ACT_UNSPEC;
}

static __u32 drop(const struct trial *t)
{
	return t->xdp ? XDP_DROP : TC_ACT_SHOT;
}

/* ---- outcomes ----------------------------------------------------------------------- */

struct outcome *outcome_add(const struct trial *t)
{
	struct outcome *o = &t->m->outcomes[t->m->n_outcomes++];

	memset(o, 0, sizeof(*o));
	o->frame = *t->in;
	o->action = pass(t);
	o->packets = 1;
	o->bytes = t->w.ip_len;
	/* Each of the packets in one has headers of its own. */
	if (t->at->gso_segs) {
		o->packets = t->at->gso_segs;
		o->bytes += (o->packets - 1) * (t->w.l4 - FRAME_L3 + t->w.l4_header);
	}
	return o;
}

/* tc counts it; XDP does not, since tc sees it next. */
void outcome_pass(const struct trial *t, enum sluice_reason why)
{
	struct outcome *o = outcome_add(t);

	if (!t->xdp && t->w.ip_len)
		o->why = why;
}

void outcome_drop(const struct trial *t, enum sluice_reason why, __u32 row)
{
	struct outcome *o = outcome_add(t);

	o->action = drop(t);
	o->why = why;
	o->row = row;
}

/* An answer is due, but there is none for @why. */
static void outcome_fail(const struct trial *t, struct outcome *o, enum sluice_reason why)
{
	o->failed = why;
	o->failed_bytes = t->w.ip_len;
}

void outcome_echo(const struct trial *t)
{
	struct outcome *o = outcome_add(t);

	o->action = drop(t);
	o->why = SLUICE_R_ECHO;
	if (!t->m->limits.answers) {
		outcome_fail(t, o, SLUICE_R_REJECT_LIMIT);
	} else if (!wire_answer_echo(&o->frame, &t->w)) {
		outcome_fail(t, o, SLUICE_R_NOT_SENT);
	} else {
		o->answer = true;
		o->action = t->xdp ? XDP_TX : TC_ACT_REDIRECT;
	}
}

void outcome_reject(const struct trial *t, enum sluice_reason why, __u32 row, __u16 mtu)
{
	struct icmp_error e = { 0 };
	struct sluice_addr own;
	struct outcome *o;

	outcome_drop(t, why, row);
	o = &t->m->outcomes[t->m->n_outcomes - 1];
	/* RFC 1122 section 3.2.2. */
	if (t->w.flags & RST || t->w.kind == WIRE_FRAGMENT ||
	    (t->w.kind == WIRE_ICMP && !trial_is_echo(t)))
		return;
	if (!t->m->limits.answers || t->w.l4 + 8 > t->in->len) {	/* too short to be quoted */
		outcome_fail(t, o, t->m->limits.answers ? SLUICE_R_NOT_SENT : SLUICE_R_REJECT_LIMIT);
		return;
	}
	if (t->w.t.proto == IPPROTO_TCP && why != SLUICE_R_TTL && why != SLUICE_R_TOO_BIG) {
		wire_answer_rst(&o->frame, &t->w);
	} else {
		switch (why) {
		case SLUICE_R_TTL:
			e.type = t->w.t.v6 ? 3 : 11;
			break;
		case SLUICE_R_TOO_BIG:
			e = (struct icmp_error){ t->w.t.v6 ? 2 : 3, t->w.t.v6 ? 0 : 4, mtu };
			break;
		default:
			e = (struct icmp_error){ t->w.t.v6 ? 1 : 3, t->w.t.v6 ? 4 : 3, 0 };
		}
		/* A router speaks in its own name (RFC 1812 section 4.3.2.4). */
		own = route_source(t->at->dev, t->w.t.v6);
		wire_answer_icmp(&o->frame, &t->w, &e, why == SLUICE_R_TTL ? &own : NULL);
	}
	if (t->at->hook == HOOK_LO_OUT)
		memset(o->frame.bytes, 0, 12);
	o->answer = o->resized = true;
	o->action = t->xdp ? XDP_TX : TC_ACT_REDIRECT;
}

/* ---- the way out -------------------------------------------------------------------- */

static bool is_workload(enum device dev)
{
	return dev == DEV_LXC0 || dev == DEV_LXC1;
}

bool dev_is_uplink(enum device dev)
{
	return dev == DEV_UP0 || dev == DEV_UP1;
}

bool way_look(const struct trial *t, const struct tuple *after, struct way *way)
{
	struct way found;

	if (!route_find(&after->src, &after->dst, after->v6, &found))
		return false;
	/* Only what comes in can be put straight into a pod. */
	if (is_workload(found.dev) && t->from != SENDER_NODE)
		found.kind = WAY_POD;
	found.xdp = found.kind == WAY_WIRE && dev_is_uplink(found.dev) && dev_is_uplink(t->at->dev);
	*way = found;
	return true;
}

/* Of several packets in one, the length of each. */
static __u32 wire_len(const struct trial *t)
{
	if (t->at->gso_segs)
		return t->w.l4 - FRAME_L3 + t->w.l4_header + t->at->gso_size;
	return t->w.ip_len;
}

/* Fragments are not cut again, nor ICMP. */
static bool is_split(const struct trial *t)
{
	return t->w.kind == WIRE_PORTS && t->w.splits && !t->w.fragment;
}

enum leave way_allows(const struct trial *t, const struct leg *leg)
{
	if (t->xdp && !(leg->way.xdp && leg->routed))
		return NOT_HERE;
	if (leg->routed && t->w.ttl <= 1)
		return t->xdp ? NOT_HERE : TTL_OVER;
	if (leg->way.mtu && wire_len(t) > leg->way.mtu)
		return t->xdp ? NOT_HERE : is_split(t) ? SPLIT : TOO_BIG;
	return MAY_GO;
}

void outcome_send(const struct trial *t, struct outcome *o, const struct way *way)
{
	static const __u8 none[6];
	bool macs = way->kind == WAY_WIRE || way->kind == WAY_POD || way->kind == WAY_UPLINK_IN;

	o->way = *way;
	if (macs)
		wire_set_macs(&o->frame, way->dmac, way->smac);
	if (t->xdp) {
		o->action = way->dev == t->at->dev ? XDP_TX : XDP_REDIRECT;
		return;
	}
	o->action = TC_ACT_REDIRECT;
	if (way->kind == WAY_STACK ||
	    (way->kind == WAY_WIRE && t->from == SENDER_NODE && way->dev == t->at->dev))
		o->action = (__u32)TC_ACT_UNSPEC;
	if (way->kind == WAY_LOOP) {
		if (t->at->dev == DEV_LO)
			o->action = (__u32)TC_ACT_UNSPEC;
		else
			wire_set_macs(&o->frame, none, none);
	}
}

/* It comes in where strict rp_filter expects its new source: by lo if that is ours. */
void outcome_split(const struct trial *t, struct outcome *o, const struct tuple *after,
		   const struct way *way)
{
	enum device dev = DEV_LO;
	struct way back;

	if (!rule_is_node(&after->src, false) &&
	    route_find(&after->dst, &after->src, false, &back))
		dev = back.dev;
	o->split = true;
	o->way = *way;
	o->action = (__u32)TC_ACT_UNSPEC;
	if (t->from != SENDER_NODE && dev == t->at->dev)
		return;
	wire_set_macs(&o->frame, scene_mac(dev), scene_mac(dev));
	o->action = TC_ACT_REDIRECT;
}

void outcome_stay(const struct trial *t, enum leave leave, __u16 mtu, __u32 row)
{
	switch (leave) {
	case TTL_OVER:
		outcome_reject(t, SLUICE_R_TTL, row, 0);
		break;
	case TOO_BIG:
		outcome_reject(t, SLUICE_R_TOO_BIG, row, mtu);
		break;
	default:
		outcome_pass(t, SLUICE_R_OK);
	}
}
