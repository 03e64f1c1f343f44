/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Datagrams that come in fragments: only the first one has ports. What became of it is kept for the
 * others, under what all fragments of a datagram have in common (RFC 791 section 3.2, RFC 8200
 * section 4.5); and of the others those that came before it, as they are.
 */
#pragma once

#include "sluice/flow.h"
#include "sluice/half.h"

struct sluice_fragment_key {
	__be32 src[4];		/* IPv4: in the last word, the others are 0 */
	__be32 dst[4];
	__be32 id;		/* IPv4: 16 bits, as in memory */
	__u32 via;		/* the device of a pod or of this host's own; 0: the wire, whose
				 * packets may take several uplinks */
	__u8 proto;		/* IPv4 only: in IPv6 the later ones need not repeat it */
	__u8 v6;
	__u8 zero[6];
};
_Static_assert(sizeof(struct sluice_fragment_key) == 48, "fragment key is pinned ABI");

/* Nobody waits for the rest of a datagram so long after its first fragment: the kernel's
 * reassembly of IPv4 does not either; */
#define SLUICE_FRAGMENT_SEC 30
/* or so long after the last one that came: what comes then with the same identification, which has
 * 16 bits in IPv4, is rather of another datagram. */
#define SLUICE_FRAGMENT_GAP_SEC 3

/* What became of the first fragment, and so becomes of the others. */
struct sluice_fragment {
	__u32 at;		/* jiffies */
	__u32 used;		/* jiffies of the latest fragment, more or less */
	__u32 why;		/* enum sluice_reason. OK: it went on, rewritten as below */
	__u32 service;		/* row, on whose account it was stopped; SLUICE_NONE: on nobody's */
	union {			/* the rewrite that it had */
		struct sluice_flow f;
		struct sluice_flow4 v4;
		struct sluice_flow6 v6;
	} flow;
};
_Static_assert(sizeof(struct sluice_fragment) == 104, "sluice_fragment is pinned ABI");

/*
 * Fragments that wait for their first, in buckets by source and destination: a sender, or one who
 * plays him, fills his own and leaves fifteen of sixteen others theirs. The next one in a bucket
 * takes the place of the oldest. 64 KB come in 46 fragments at an MTU of 1500, in 54 at 1280.
 *
 * A bucket begins with a word a row, of the same kind and with the same protocol as those of
 * sluice/half.h: 0 free, BUSY somebody's own, else hash and time. Rows are apart.
 */
#define SLUICE_HELD_BUCKETS	16u
#define SLUICE_HELD_WAYS	128u
#define SLUICE_HELD_SEC		2	/* they wait so long */

struct sluice_held_bucket {
	__u32 next;		/* way that is taken next, modulo WAYS */
	__u32 last;		/* jiffies when one was taken */
	__u64 zero[7];
	__u64 tag[SLUICE_HELD_WAYS];
};
_Static_assert(sizeof(struct sluice_held_bucket) % 64 == 0, "whole cache lines");

/* The largest frame that can wait. */
#define SLUICE_HELD_FRAME	1984u

struct sluice_held {
	struct sluice_fragment_key key;
	__u32 len;
	__u32 tag;		/* of VLAN 0: protocol, as in memory, and TCI; 0: none */
	__u32 ifindex;		/* where it came in: of the wire's, not always where the first did */
	__u32 zero;
	__u8 frame[SLUICE_HELD_FRAME];
};
_Static_assert(sizeof(struct sluice_held) == 2048, "sluice_held is pinned ABI");

/* IPv6: of the source the /64, which is one subscriber's. */
static inline __u32 sluice_held_row(const struct sluice_fragment_key *k, __u64 secret)
{
	__u64 h = secret;

	h = sluice_half_mix(h ^ ((__u64)k->src[0] << 32 | k->src[1]));
	h = sluice_half_mix(h ^ ((__u64)k->dst[2] << 32 | k->dst[3]));
	if (!k->v6)
		h = sluice_half_mix(h ^ k->src[3]);
	return (__u32)h & (SLUICE_HELD_BUCKETS - 1);
}

static inline __u64 sluice_held_hash(const struct sluice_fragment_key *k, __u64 secret)
{
	__u64 h = 0;

	for (int i = 0; i < 4; i += 2) {
		h = sluice_half_mix(h ^ secret ^ ((__u64)k->src[i] << 32 | k->src[i + 1]));
		h = sluice_half_mix(h ^ secret ^ ((__u64)k->dst[i] << 32 | k->dst[i + 1]));
	}
	h = sluice_half_mix(h ^ secret ^ ((__u64)k->via << 32 | k->id));
	return sluice_half_mix(h ^ secret ^ ((__u64)k->v6 << 32 | k->proto));
}
