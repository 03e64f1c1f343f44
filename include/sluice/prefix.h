/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Prefixes that packets are compared with.
 */
#pragma once

#include "sluice/types.h"

/*
 * A prefix, as words of an address in memory: @host has the bits behind the prefix, @last is its
 * last address. All zero: no prefix. One compare, and of IPv4 one store.
 */
union sluice_net4 {
	struct {
		__be32 host;
		__be32 last;
	};
	__u64 word;
};

struct sluice_net6 {
	__u64 host[2];
	__u64 last[2];
};

static inline int sluice_net4_has(const union sluice_net4 *n, __be32 addr)
{
	return (addr | n->host) == n->last;
}

static inline int sluice_net6_has(const struct sluice_net6 *n, __u64 high, __u64 low)
{
	return (high | n->host[0]) == n->last[0] && (low | n->host[1]) == n->last[1];
}
