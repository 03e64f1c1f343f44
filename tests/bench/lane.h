/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A lane: one program under test and its packets. The real program's lane and its floor's
 * have the same packets in the same order. Every run is checked: what it claims to
 * have measured must be what the programs counted.
 */
#pragma once

#include "bench/conn.h"

enum traffic {
	TRAFFIC_FORWARD,	/* established, client to backend */
	TRAFFIC_REPLY,
	TRAFFIC_STRANGE,	/* neither a service nor a backend */
	TRAFFIC_LOOKALIKE,	/* the same, but the filter cannot tell */
	TRAFFIC_REJECTED,	/* to a service without endpoints, answered */
	TRAFFIC_LIMITED,	/* the same, beyond the limit of answers */
};

struct lane {
	struct setup *setup;
	enum traffic traffic;
	bool real;
	struct driver driver;
	__u32 n_steps;
	__u64 ran_ms;		/* when, last */
};

/* What one run says, ns a packet. */
struct lane_ns {
	double renew;		/* the first pass: each flow is renewed; 0 if too few flows */
	double plain;
};

/* A lane with @n flows of @c through the program @prog. 0 or -errno. */
int lane_open(struct lane *l, const struct conns *c, enum traffic t, const char *prog,
	      const char *dir);
void lane_close(struct lane *l);

int lane_run(struct lane *l, struct lane_ns *ret);

/* Each flow's packet once: how many percent the real program translated. */
int lane_kept(struct lane *l, double *ret_percent);

/* A few packets, one by one: the verdict is the traffic's, and both make the same bytes. */
int lane_compare(struct lane *real, struct lane *floor);
