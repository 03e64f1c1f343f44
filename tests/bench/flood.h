/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A SYN flood: every packet a new flow of a source that never answers, more of them in one run
 * than the table of half-open flows holds. Beside it floor D, which keeps no state; and
 * connections from before, which must not notice.
 */
#pragma once

#include "bench/lane.h"

struct flood {
	struct setup *setup;
	struct driver real;
	struct driver floor;
	struct lane live[2];	/* forward and reply of the connections from before */
	__u32 next_id;		/* no flow comes twice */
};

struct flood_ns {
	double real;
	double floor;
	double kept_percent;	/* packets of live connections translated, right after it */
};

int flood_open(struct flood *f, const struct conns *live, const char *dir);
void flood_close(struct flood *f);
int flood_run(struct flood *f, struct flood_ns *ret);
