/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One direction of tc on one device. TCX (Linux 6.6): a link pinned as "in" or "out" in the
 * device's directory. Before: a filter at clsact, which cannot be pinned, so its program is,
 * as "in-clsact" or "out-clsact"; and as "qdisc" if the clsact qdisc was made by us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum tc_direction {
	TC_IN,
	TC_OUT,
};

/* TCX if the kernel has it, else clsact. Without a gap if something of ours is there. */
int tc_attach(const char *dir, uint32_t ifindex, enum tc_direction d, int prog_fd,
	      struct err *reterr);

/* The second way alone. */
int tc_attach_clsact(const char *dir, uint32_t ifindex, enum tc_direction d, int prog_fd,
		     struct err *reterr);

/* Whether ours is on @ifindex of this network namespace right now. */
bool tc_is_here(const char *dir, uint32_t ifindex, enum tc_direction d, bool *ret_tcx);

/* Whether clsact was used or was about to be. */
bool tc_has_clsact(const char *dir);

/*
 * Takes both directions away, and the qdisc if it is ours and nobody else uses it. @present: the
 * device is still @ifindex of this network namespace.
 */
int tc_detach(const char *dir, uint32_t ifindex, bool present, struct err *reterr);
