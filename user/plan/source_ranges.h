/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * loadBalancerSourceRanges: who may dial the load-balancer VIPs of a Service in one family.
 */
#pragma once

#include "base/addr.h"
#include "model/object.h"

/*
 * Fills *@ret, an empty vec, from the field's texts: the family's prefixes, sorted by base and
 * bits, each once. Empty: the VIPs are open to all. Where a prefix has an address of this node
 * (@node), the @vips are let in too. 0 or -ENOMEM.
 */
int source_ranges_make(const text_vec *texts, enum family family, const addr_vec *vips,
		       const addr_vec *node, cidr_vec *ret);
