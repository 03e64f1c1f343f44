/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Facts about this node, read for new flows and once a second per flow.
 */
#pragma once

#include "sluice/prefix.h"
#include "sluice/types.h"

/* One row. User space rewrites it whole; each field is used on its own. */
struct sluice_settings {
	struct sluice_addr node4;	/* source for masquerade where the way out has none; */
	struct sluice_addr node6;	/* all zero: the family is absent on this node */
	__u16 snat_min;			/* source ports that we may take, host order */
	__u16 snat_max;
	__u32 seed;			/* for choosing backends; the same on all nodes */
	__u32 lo_ifindex;
	__u32 uplink_ifindex;		/* the first uplink, 0 if none */
	/* Timeouts, seconds without a packet in either direction. */
	__u32 syn_sec;			/* half-open */
	__u32 established_sec;
	__u32 closing_sec;		/* FIN from both sides, or RST */
	__u32 half_closed_sec;		/* FIN from one side */
	__u32 udp_sec;
	__u32 reject_per_sec;		/* RST and ICMP errors, per CPU; and as many echo
					 * replies */
	__u32 pairs4;			/* lasting pairs that may exist, UDP half of them; */
	__u32 pairs6;			/* 0: as many as the table takes */
	__u32 neigh_sec;		/* how often a packet to each neighbour goes by the kernel's
					 * neighbour table; 0: never */
	__u32 zero;
	__u64 secret;			/* random, of this instance: see sluice/half.h */
	__u32 flags;			/* SLUICE_SET_* */
	__u32 zero2;
	union sluice_net4 pods4;	/* who comes from the wire and is a pod all the same */
	struct sluice_net6 pods6;
};
_Static_assert(sizeof(struct sluice_settings) == 144, "sluice_settings is pinned ABI");

/* sluice_settings.flags */
#define SLUICE_SET_ECHO		0x01	/* echo requests to addresses of Services are answered */
#define SLUICE_SET_MASQUERADE	0x02	/* whatever goes to a cluster address is masqueraded */
#define SLUICE_SET_NO_PODS	0x04	/* nobody counts as a pod, and so nobody as not one */
#define SLUICE_SET_LOCALHOST	0x08	/* there are SLUICE_FE_LOCALHOST; user space reads it */

enum sluice_device_kind {
	SLUICE_DEV_UPLINK = 1,
	SLUICE_DEV_WORKLOAD,
};

/* sluice_device.flags */
#define SLUICE_DEV_XDP	0x01	/* native XDP of ours is on it: XDP may redirect to it */
#define SLUICE_DEV_PEER	0x02	/* a veth or netkit: bpf_redirect_peer() works */

/* Key: ifindex. A row for each device that we are attached to. */
struct sluice_device {
	struct sluice_addr addr4;	/* masquerade source on this device, or zero */
	struct sluice_addr addr6;
	__u8 mac[6];
	__u8 kind;			/* enum sluice_device_kind */
	__u8 flags;
};
_Static_assert(sizeof(struct sluice_device) == 40, "sluice_device is pinned ABI");

/*
 * When a packet last went to this MAC by the kernel's neighbour table. The row is a hash of the
 * MAC; two that share one take turns more often, which does no harm.
 */
#define SLUICE_NEIGHBOURS 256

struct sluice_neighbour {
	__u32 at;			/* jiffies */
	__u8 mac[6];
	__u16 zero;
};
_Static_assert(sizeof(struct sluice_neighbour) == 12, "sluice_neighbour is pinned ABI");

/*
 * Constants of a program, set before it is loaded: the uplink that this copy is attached to. All
 * zero: not bound to one.
 */
struct sluice_dev_config {
	__u32 ifindex;
	__u8 mac[6];
	__u16 zero;
};
_Static_assert(sizeof(struct sluice_dev_config) == 12, "the skeletons assert it too");
