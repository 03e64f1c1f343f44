/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A backend of floor D, as the bench fills it and the programs read it. Types only. */
#pragma once

#include <linux/types.h>

/* Rows of both tables: a choice is a row of the backends, which are as many as sluice's own. */
#define FLOOR_BACKENDS 64

struct floor_backend {
	__be32 addr[4];		/* IPv4: the last word */
	__be16 port;
	__u8 dmac[6];
	__u8 smac[6];
	__u16 zero;
	__u32 ifindex;
};
