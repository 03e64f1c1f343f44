/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections as the model remembers them: a list, searched from one end to the other.
 *
 * A connection has two directions. Each is half-open at first; both become lasting when the
 * client has proved that it is there. Either direction can be gone while the other is still known.
 */
#pragma once

#include "model/wire.h"
#include "support/scene.h"

#define CONNS_MAX 1024

/* Where a direction's packets go. */
enum way_kind {
	WAY_UNKNOWN,		/* to be looked up */
	WAY_NEIGH,		/* the kernel must find the neighbour first */
	WAY_WIRE,
	WAY_POD,
	WAY_STACK,		/* on through this node's stack */
	WAY_LOOP,		/* up into it through lo */
	WAY_UPLINK_IN,		/* up into it as if by the uplink */
};

struct way {
	enum way_kind kind;
	enum device dev;
	__u8 dmac[6], smac[6];
	__u16 mtu;		/* 0: not known */
	bool xdp;		/* XDP may send it */
	bool direct;		/* by no gateway */
	bool given;		/* by where the client's packets come from: never looked up */
};

enum direction {
	ASK,			/* client to endpoint */
	REPLY,
};

struct leg {
	bool half;		/* known as half-open, */
	bool lasting;		/* or as lasting */
	bool routed;		/* TTL - 1 */
	bool answered;		/* half-open: the endpoint answered, and this leg knows */
	bool fin, rst;
	long seen;		/* the model's clock */
	struct way way;
};

struct conn {
	struct tuple ask;	/* what the client sends, */
	struct tuple to;	/* and what the endpoint gets */
	struct leg leg[2];
	__u32 isn;		/* of the endpoint */
	bool sticky;		/* opened to a Service with session affinity */
	bool over;		/* counted as closed by its ends */
	unsigned member;	/* whose endpoint: see struct member */
	unsigned gen;
	__u32 slot;		/* where it is counted, */
	__u32 slot_gen;		/* for as long as the slot is not given away */
};

struct conns {
	unsigned n;
	struct conn at[CONNS_MAX];
};

/* The tuple of a direction's packets, before and after the translation. */
struct tuple conn_before(const struct conn *c, enum direction d);
struct tuple conn_after(const struct conn *c, enum direction d);

/* What routing is asked: of requests before masquerade, as the kernel does. */
struct tuple conn_routed(const struct conn *c, enum direction d);

struct found {
	struct conn *conn;	/* NULL: none */
	enum direction d;
};

/* Who has a leg in this state for packets with @t. */
struct found conns_find_half(struct conns *all, const struct tuple *t);
struct found conns_find_lasting(struct conns *all, const struct tuple *t);

/* Room for one more; what is known of nothing any more goes. NULL: full. */
struct conn *conns_new(struct conns *all);
