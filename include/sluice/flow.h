/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Flows: one entry is one direction of one connection, found by the 5-tuple
 * exactly as it is on the wire before the rewrite. It is the complete rewrite.
 *
 * A pair of entries is tied by arithmetic, not by a pointer: after the rewrite
 * the forward packet reads (src, dst, sport, dport); swap it and that is the key
 * of the reply's entry. So either half can be found, or rebuilt, from the other.
 *
 * IPv4 and IPv6 have tables of their own. An IPv4 element of the kernel's hash is
 * 48 bytes of its header + 16 of key = one cache line, the value is the next.
 */
#pragma once

#include "sluice/types.h"

struct sluice_flow4_key {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
	__u8 proto;		/* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	__u8 zero[3];		/* keys are compared as bytes */
};
_Static_assert(sizeof(struct sluice_flow4_key) == 16, "flow4 key is pinned ABI");

struct sluice_flow6_key {
	__be32 src[4];
	__be32 dst[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 zero[3];
};
_Static_assert(sizeof(struct sluice_flow6_key) == 40, "flow6 key is pinned ABI");

/*
 * Where a rewritten packet goes. Below SEND_WIRE the next hop is looked up again for every
 * packet, from there on once a second.
 */
enum sluice_send {
	SLUICE_SEND_UNKNOWN,	/* not looked up yet */
	SLUICE_SEND_NEIGH,	/* out of ifindex; the kernel must resolve the neighbour */
	SLUICE_SEND_WIRE,	/* out of ifindex, with the MACs of the entry */
	SLUICE_SEND_POD,	/* into the pod behind the workload device ifindex */
	SLUICE_SEND_STACK,	/* on through the stack from where it is */
	SLUICE_SEND_LOOP,	/* up into the stack through lo: source and destination are
				 * both ours, which no other device may bring in */
	SLUICE_SEND_UPLINK_IN,	/* up into the stack as if it came in by the uplink ifindex: a
				 * local pod answers the host in the name of a service address,
				 * which strict rp_filter takes from there only */
};

/* sluice_flow.flags */
#define SLUICE_FLOW_REPLY	0x01	/* backend to client */
#define SLUICE_FLOW_SNAT	0x02	/* the client's address was replaced too */
#define SLUICE_FLOW_FORWARDED	0x04	/* we act as a router here: TTL - 1 */
#define SLUICE_FLOW_XDP		0x08	/* XDP may send it: transmit, or redirect to a device
					 * that has native XDP of ours */
#define SLUICE_FLOW_PINNED	0x10	/* the next hop was given, not looked up: it is where the
					 * client's packets come from */

/* sluice_flow.state: what this direction has shown. GC reads both halves. */
#define SLUICE_FLOW_ANSWERED	0x01	/* forward half while half-open: the endpoint answered;
					 * TCP: with SYN+ACK, isn is valid */
#define SLUICE_FLOW_FIN		0x02
#define SLUICE_FLOW_RST		0x04
#define SLUICE_FLOW_STICKY	0x08	/* forward half while half-open: its client is recorded for
					 * session affinity once it has proved to be there */

/* The part that both families share. */
struct sluice_flow {
	__u32 slot;		/* backend slot, whose counters this flow feeds */
	__u32 slot_gen;		/* of the slot when the flow was made */
	__u32 seen;		/* jiffies of the last packet, renewed once a second; the
				 * next hop is renewed at the same moment */
	__u32 ifindex;		/* next hop: device, and MACs if SEND_WIRE */
	__u8 dmac[6];
	__u8 smac[6];
	__be16 sport;		/* new ports */
	__be16 dport;
	__u16 addr_delta;	/* what to add to the complement of a checksum (RFC 1624), as
				 * read from the packet: for the addresses alone, */
	__u16 l4_delta;		/* for addresses and ports */
	__u16 mtu;		/* of the way out, 0 = not known */
	__u16 zero;
	__u8 send;		/* enum sluice_send */
	__u8 flags;
	__u8 state;
	__u8 zero2;
	__u32 isn;		/* forward half while half-open: the server's sequence number */
	__u32 born;		/* jiffies */
	__u32 over;		/* forward half: counted as over. Taken by compare-and-swap, as
				 * the last FINs of both sides may meet on two CPUs */
};
_Static_assert(sizeof(struct sluice_flow) == 56, "sluice_flow is pinned ABI");

struct sluice_flow4 {
	struct sluice_flow f;
	__be32 src;		/* new addresses */
	__be32 dst;
};
_Static_assert(sizeof(struct sluice_flow4) == 64, "one cache line");

struct sluice_flow6 {
	struct sluice_flow f;
	__be32 src[4];
	__be32 dst[4];
};
_Static_assert(sizeof(struct sluice_flow6) == 88, "sluice_flow6 is pinned ABI");
