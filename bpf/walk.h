/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet's walk through the path knows beside the packet itself. Plain data, so that it
 * may go into global functions, which the verifier proves once and not at every call.
 */
#pragma once

#include "bpf/net.h"

/* Where the packet was met: the hook knows. */
enum origin {
	FROM_WIRE,		/* tc ingress or XDP of an uplink */
	FROM_POD,		/* tc ingress of a workload device */
	FROM_HOST,		/* tc egress, sent by a process of this host */
};

struct walk {
	__u32 ifindex;		/* the device of the hook */
	__u32 from;		/* enum origin */
	__s32 action;		/* what the program returns, once the path says OK */
	__u32 service;		/* row, or SLUICE_NONE while none was found */
	__u32 mtu;		/* of the way out, for TOO_BIG */
	__u32 maybe;		/* MAYBE_*: what the filter says, 0 = not ours */
	__u32 via_neigh;	/* this packet must go by the kernel's neighbour table */
	__u32 sticky;		/* a new flow's service has session affinity */
	__u32 lo;		/* on lo: this host talks to itself */
	__u32 echo;		/* it is an ICMP echo request, and for an address of ours */
};
