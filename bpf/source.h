/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * loadBalancerSourceRanges: who may dial a load-balancer VIP. By the address on the packet as it
 * came to this node; for new flows only, and only at services that have ranges.
 */
#pragma once

#include "bpf/flow.h"

/* Whether the client of the packet in the scratch is in a range of @service. */
__noinline int sluice_source_in_range(__u32 service)
{
	struct sluice_range_key k = { .prefixlen = SLUICE_RANGE_BITS, .service = service };
	const struct scratch *s = scratch_get();

	if (!s)
		return false;
	pkt_source(&s->p, &k.client);
	return bpf_map_lookup_elem(&sluice_ranges, &k) != NULL;
}

/* Node ports, external and cluster addresses are open to all, whatever the ranges say. */
static __always_inline bool source_is_refused(const struct sluice_service *svc, __u32 row,
					      __u8 kind)
{
	return kind == SLUICE_FE_LOAD_BALANCER && svc->flags & SLUICE_SVC_RANGES &&
	       !sluice_source_in_range(row);
}
