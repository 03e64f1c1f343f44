/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet being judged, for the files that do it:
 *
 *	judge.c		is it looked at, and what is it; ICMP errors
 *	known.c		packets of connections that are known, lasting or half-open
 *	fresh.c		packets that open a connection, or may not
 *	address.c	packets for addresses of Services that are no frontend's
 *	datagram.c	later fragments
 *	outcome.c	what can become of a packet, and where it goes
 */
#pragma once

#include "model/model.h"

struct trial {
	struct model *m;
	const struct arrival *at;
	const struct frame *in;
	struct wire w;
	enum sender from;	/* by where it is met, */
	enum sender client;	/* and for the rules that ask for pods */
	bool xdp;
};

/* ---- outcomes: each adds one to the model's ------------------------------------------- */

struct outcome *outcome_add(const struct trial *t);

/* On, untouched. OK: not counted. */
void outcome_pass(const struct trial *t, enum sluice_reason why);
void outcome_drop(const struct trial *t, enum sluice_reason why, __u32 row);

/*
 * A reject: RST to TCP where nobody listens, else ICMP. Never to an RST or an ICMP error. What
 * this node's own processes sent is answered by the way it came.
 */
void outcome_reject(const struct trial *t, enum sluice_reason why, __u32 row, __u16 mtu);

/* An echo request that may be answered: not one from an address of Services, which is ours. */
bool trial_is_echo(const struct trial *t);

/* An echo request, answered in the name of its address. */
void outcome_echo(const struct trial *t);

/*
 * The packet goes like this: if it is the first fragment of a datagram, so do the others.
 */
void outcome_first(const struct trial *t, struct outcome *o, const struct tuple *after,
		   const struct leg *leg);

/* The first fragment of a datagram, and @o says how it was stopped or left alone, if it was. */
void outcome_first_stays(const struct trial *t, struct outcome *o);

/* ---- the way out -------------------------------------------------------------------- */

/* Looks the way of packets with @after up. False: there is none, and @way stays. */
bool way_look(const struct trial *t, const struct tuple *after, struct way *way);

enum leave {
	MAY_GO,
	NOT_HERE,		/* XDP cannot, tc will */
	TTL_OVER,
	TOO_BIG,
	SPLIT,			/* too big, but the stack may fragment it */
};

enum leave way_allows(const struct trial *t, const struct leg *leg);

/* Puts @o, whose frame is translated or will be, on its way. */
void outcome_send(const struct trial *t, struct outcome *o, const struct way *way);

/*
 * Puts @o, which goes by @way with the tuple @after once the stack has fragmented it, up into that.
 */
void outcome_split(const struct trial *t, struct outcome *o, const struct tuple *after,
		   const struct way *way);

/* A packet that cannot go: dropped, answered, or left to tc. */
void outcome_stay(const struct trial *t, enum leave leave, __u16 mtu, __u32 row);

bool dev_is_uplink(enum device dev);

/* ---- connections -------------------------------------------------------------------- */

/* Half-open, and silent for too long to be known any more. */
bool half_is_old(const struct trial *t, const struct leg *leg, __u8 proto);

/* Where replies go, as far as it is known from where the client's packets come. */
void reply_way(const struct trial *t, const struct conn *c, struct leg *leg);

/* TCP, UDP, SCTP: true if the packet is of a connection that is known, and judged. */
bool judge_known(const struct trial *t);

/* Else it may open one. False: it dials nobody. */
bool judge_fresh(const struct trial *t);

/* Else it may be for an address of a Service all the same: true, and judged. */
bool judge_address(const struct trial *t);

/* A fragment without ports. */
void judge_later(const struct trial *t);
