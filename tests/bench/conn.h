/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections through a setup: made by sending a SYN, a SYN+ACK and an ACK (UDP: a packet, an
 * answer, another packet) through the real programs, many at a time; the three passes are what
 * a new connection costs.
 */
#pragma once

#include "bench/driver_run.h"
#include "bench/setup.h"

/* New connections at a time: to have them, and to measure them. */
#define CONN_MAKE 4096u
#define CONN_CHUNK 4096u

/* Connections that a setup needs room for, if it has @n that live. */
#define CONN_ROOM(n) ((n) + (n) / 16 + (1u << 17))

struct conn {
	struct tuple dial;	/* as the client sends */
	struct tuple reply;	/* as the backend answers */
};

enum conn_pass { CONN_OPEN, CONN_ANSWER, CONN_CONFIRM, N_CONN_PASSES };
enum conn_floor { CONN_FLOOR_C, CONN_FLOOR_D, N_CONN_FLOORS };

struct conns {
	struct setup *setup;
	struct driver pass[N_CONN_PASSES];
	struct driver floor[N_CONN_FLOORS];	/* for the first pass */
	struct conn *at;
	__u32 n;			/* made by conns_open() */
	__u32 next_id;			/* no connection is ever dialled twice */
};

struct frame_kind conn_frame(const struct setup *s, const struct side *side, __u8 tcp_flags);

/* Loads drivers, fills the half-open tables (their normal state), makes @n connections. */
int conns_open(struct conns *c, struct setup *s, __u32 n, const char *dir);
void conns_close(struct conns *c);

/* What a new connection costs, ns a packet. */
struct conn_ns {
	double pass[N_CONN_PASSES];
	double floor[N_CONN_FLOORS];
};

/* Makes CONN_CHUNK new connections; they are gone afterwards. */
int conns_measure(struct conns *c, struct conn_ns *ret);
