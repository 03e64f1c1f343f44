/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Services as the datapath knows them: frontend → service port → set → choice →
 * backend slot. All of it is written by user space and only read by the programs.
 */
#pragma once

#include "sluice/prefix.h"
#include "sluice/types.h"

/*
 * What kind of address the client dialled: policies and masquerade hang on it. Where an address
 * is several of them for one service, the first holds.
 */
enum sluice_frontend_kind {
	SLUICE_FE_CLUSTER_IP,
	SLUICE_FE_LOAD_BALANCER,	/* a VIP of status.loadBalancer */
	SLUICE_FE_EXTERNAL,		/* an externalIP */
	SLUICE_FE_NODE_PORT,
	SLUICE_FE_LOCALHOST,		/* a node port at 127.0.0.1: on lo, and nowhere else */
};

/* Port and protocol 0: the address itself. Such a row is there for cluster addresses and VIPs. */
struct sluice_frontend4_key {
	__be32 addr;
	__be16 port;
	__u8 proto;
	__u8 zero;
};
_Static_assert(sizeof(struct sluice_frontend4_key) == 8, "frontend4 key is pinned ABI");

struct sluice_frontend6_key {
	__be32 addr[4];
	__be16 port;
	__u8 proto;
	__u8 zero;
};
_Static_assert(sizeof(struct sluice_frontend6_key) == 20, "frontend6 key is pinned ABI");

struct sluice_frontend {
	__u32 service;		/* row of sluice_services; of an address: one of those behind it */
	__u8 kind;		/* enum sluice_frontend_kind */
	__u8 zero[3];
};
_Static_assert(sizeof(struct sluice_frontend) == 8, "sluice_frontend is pinned ABI");

/*
 * A backend set is a block of words in sluice_choices: word base + a hash scaled to
 * size gives the slot. It is published by storing this as one aligned 8-byte word; gen makes
 * two words differ even if a block was reused, for readers that check twice.
 */
union sluice_set {
	struct {
		__u32 base;
		__u16 size;	/* 0: empty set */
		__u16 gen;
	};
	__u64 word;
};
_Static_assert(sizeof(union sluice_set) == 8, "a set is published by one store");

/* A row of sluice_choices: two words of a block, since an array spends 8 bytes on a row anyway. */
#define SLUICE_CHOICES_PER_ROW 2u

struct sluice_choices {
	__u32 slots[SLUICE_CHOICES_PER_ROW];
};
_Static_assert(sizeof(struct sluice_choices) == 8, "rows lie side by side without gaps");

/* sluice_service.flags */
#define SLUICE_SVC_USED		0x01
#define SLUICE_SVC_IPV6		0x02
#define SLUICE_SVC_EXT_LOCAL	0x04	/* externalTrafficPolicy: Local */
#define SLUICE_SVC_INT_LOCAL	0x08	/* internalTrafficPolicy: Local */
#define SLUICE_SVC_HAS_ANY	0x10	/* a usable endpoint exists somewhere: an empty
					 * local set drops instead of rejecting */
#define SLUICE_SVC_RANGES	0x20	/* its load-balancer VIPs are only for clients in
					 * sluice_ranges */
#define SLUICE_SVC_AFFINITY	0x40	/* a client's new flows stay with one backend: see
					 * sluice/affinity.h */

struct sluice_service {
	__u64 id[2];		/* hash of family/namespace/name/port/protocol: how user
				 * space finds the row again */
	union sluice_set cluster;
	union sluice_set local;
	__u32 flags;		/* one word with */
	__u32 affinity_sec;	/* with SLUICE_SVC_AFFINITY: for so long after its last new flow */
	__u32 zero[6];
};
_Static_assert(sizeof(struct sluice_service) == 64, "one cache line");

/*
 * loadBalancerSourceRanges: a prefix of clients' addresses, behind the service's row. The value
 * is the key's own prefix length, so that user space can tell an entry from a wider one.
 */
struct sluice_range_key {
	__u32 prefixlen;	/* in bits, of all that follows */
	__u32 service;		/* row of sluice_services */
	struct sluice_addr client;
};
_Static_assert(sizeof(struct sluice_range_key) == 24, "sluice_range_key is pinned ABI");

#define SLUICE_RANGE_BITS	(8u * (sizeof(struct sluice_range_key) - sizeof(__u32)))

struct sluice_range {
	__u32 prefixlen;
};
_Static_assert(sizeof(struct sluice_range) == 4, "sluice_range is pinned ABI");

/*
 * Row 0 of sluice_services is no service but user space's note to itself. The programs never
 * look at it. Whoever writes the tables without knowing of it must zero @objects.
 */
struct sluice_note {
	__u64 objects;		/* what the tables were made from: struct datapath_stamp */
	__u64 host;
	__u32 services_end;	/* rows from here on are free */
	__u32 backends_end;
	__u32 counted;		/* 0: what follows is not known */
	__u32 frontends[2];	/* how many there are, IPv4 and IPv6 */
	__u32 ranges;
	__u32 zero[6];
};
_Static_assert(sizeof(struct sluice_note) == sizeof(struct sluice_service), "it is a row");

/* sluice_backend.flags */
#define SLUICE_BE_USED		0x01
#define SLUICE_BE_RETIRED	0x02	/* in no set any more; kept while flows count on it */
#define SLUICE_BE_HOST		0x04	/* an address of this node: a host socket */
#define SLUICE_BE_IN_CLUSTER	0x08	/* the service's published set has it: for who comes with */
#define SLUICE_BE_IN_LOCAL	0x10	/* a slot in hand (affinity), not by a choice */
#define SLUICE_BE_RESET		0x20	/* when the endpoint is gone, its TCP connections are reset
					 * at their next packet instead of going on */

/*
 * A backend slot: one (service port, endpoint) pair. Its index is the index of its
 * counters. gen goes up when the endpoint leaves, so that UDP flows move at their
 * next packet. A slot is given to another endpoint only when no flow counts on it.
 */
struct sluice_backend {
	struct sluice_addr addr;
	__be16 port;
	__u8 flags;
	__u8 zero;
	__u32 gen;
	__u32 service;		/* row of sluice_services */
	__u32 zero2;
};
_Static_assert(sizeof(struct sluice_backend) == 32, "sluice_backend is pinned ABI");

/*
 * A bitmap over all frontends and all backends, by address, port and protocol. Every packet of
 * ours has a frontend for its destination or a backend for its source; most packets of a NIC
 * have neither and pay two loads here instead of a hash lookup. A set bit means "perhaps".
 * User space sets bits before it adds rows. It clears one only when no flow can need it any
 * more, for flows outlive their frontends.
 */
#define SLUICE_FILTER_BITS	(1u << 19)

/*
 * What is neither may still dial an address of ours, at a port that nobody has. That is looked
 * for behind the bitmap and only in @addrs, which has all cluster addresses and the range: @range,
 * if the operator has said that all of it is for Services.
 */
struct sluice_filter {
	__u64 words[SLUICE_FILTER_BITS / 64];
	union sluice_net4 addrs4;
	union sluice_net4 range4;
	struct sluice_net6 addrs6;
	struct sluice_net6 range6;
};
_Static_assert(sizeof(struct sluice_filter) == SLUICE_FILTER_BITS / 8 + 80,
	       "sluice_filter is pinned ABI");

/* Which of them a packet is compared with. */
#define SLUICE_FILTER_FRONTEND	0u	/* its destination */
#define SLUICE_FILTER_BACKEND	1u	/* its source */
#define SLUICE_FILTER_ADDRESS	2u	/* its destination, of which only the address counts */
#define SLUICE_FILTER_LOCALHOST	3u	/* its destination, if it is on lo: who sends such a
					 * packet from outside must not even find its flow */

/*
 * The bit of an address and port: @word is the last 4 bytes of the address, as in memory. One
 * multiplication whose high bits all inputs reach (Knuth, TAOCP vol. 3, 6.4: 2^64 / golden ratio).
 */
static inline __u32 sluice_filter_bit(__u32 role, __be32 word, __be16 port, __u8 proto)
{
	__u64 k = (__u64)(__u32)word << 32 | (__u32)port << 16 | role << 8 | proto;

	return k * 0x9e3779b97f4a7c15ull >> (64 - 19);
}

/* The bit of an address in a role, with whatever port: fragments have none, but for the first. */
static inline __u32 sluice_filter_addr_bit(__u32 role, __be32 word)
{
	return sluice_filter_bit(role, word, 0, 0);
}
