/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * XDP on one device, by a link pinned as "xdp" in the device's directory.
 */
#pragma once

#include "datapath/datapath.h"
#include "datapath/note.h"

/* What our link is on @ifindex of this network namespace right now: OFF if nothing. */
enum xdp_mode xdp_mode_here(const char *dir, uint32_t ifindex);

/*
 * Brings the device to @want. AUTO keeps native if that is what there is, else tries native,
 * else does without; @not_native, if not NULL, says why it should not try native.
 * Without AUTO a mode that cannot be had is an error. What did not work goes to @why.
 */
int xdp_attach(const char *dir, uint32_t ifindex, enum xdp_mode want, const char *not_native,
	       int prog_fd, enum xdp_mode *ret, struct note *why, struct err *reterr);

int xdp_detach(const char *dir);
