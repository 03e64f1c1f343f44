/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Connections through a setup: made by sending a SYN, a SYN+ACK and an ACK (UDP: a packet, an
 * answer, another packet) through the real programs, many at a time; the three passes are what
 * a new connection costs.
 */
#pragma once

#include "bench/driver_run.h"
#include "bench/setup.h"

#define CONN_CHUNK 4096u

struct conn {
	struct tuple dial;	/* as the client sends */
	struct tuple reply;	/* as the backend answers */
};

enum conn_pass { CONN_OPEN, CONN_ANSWER, CONN_CONFIRM, N_CONN_PASSES };

struct conns {
	struct setup *setup;
	struct driver pass[N_CONN_PASSES];
	struct driver floor;		/* floor C, for the first pass */
	struct conn *at;
	__u32 n;			/* made by conns_warm() */
	__u32 next_id;			/* no connection is ever dialled twice */
};

struct frame_kind conn_frame(const struct setup *s, const struct side *side, __u8 tcp_flags);

/* Loads drivers, fills the half-open tables (their normal state), makes @n connections. */
int conns_open(struct conns *c, struct setup *s, __u32 n, const char *dir);
void conns_close(struct conns *c);

/* What CONN_CHUNK new connections cost: ns each of every pass and of floor C; they are gone
 * afterwards. */
int conns_measure(struct conns *c, double ns[N_CONN_PASSES], double *floor_ns);
