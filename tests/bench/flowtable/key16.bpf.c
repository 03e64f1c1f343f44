/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IPv4's own flow table. Kernel header 48 + key 16 is one cache line of a
 * preallocated element, the value is the next.
 */
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

typedef __be32 addr;

static __always_inline addr addr_of(__be32 v4)
{
	return v4;
}

static __always_inline __be32 addr_v4(const addr *a)
{
	return *a;
}

#define FLOW_KEY_SIZE 16
#define FLOW_SIZE 64
#define FLOW_PAD 12
#include "bench/flowtable/flowtable.h"
