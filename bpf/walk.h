/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a packet's walk through the path knows beside the packet itself. Plain data, so that it
 * may go into global functions, which the verifier proves once and not at every call.
 */
#pragma once

#include "bpf/net.h"
#include "sluice/reason.h"

/* Where the packet was met: the hook knows. */
enum origin {
	FROM_WIRE,		/* tc ingress or XDP of an uplink */
	FROM_POD,		/* tc ingress of a workload device */
	FROM_HOST,		/* tc egress, sent by a process of this host */
};

/* Beside the reasons: nothing has become of the packet yet, another part of the path goes on. */
#define PATH_NEW	SLUICE_R_COUNT		/* it is of no flow */
#define PATH_SPLIT	(SLUICE_R_COUNT + 1)	/* it must be fragmented on its way */
#define PATH_LATER	(SLUICE_R_COUNT + 2)	/* a later fragment: a program of tc of its own */
#define PATH_RELEASE	(SLUICE_R_COUNT + 3)	/* a first one, and those who wait for it: the same */

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
