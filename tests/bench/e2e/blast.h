/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the generator and the receivers in blast.bpf.c share with blast.c. */
#pragma once

#include <linux/types.h>

#define BLAST_FRAME 60		/* bytes: Ethernet's least, without its checksum */
#define BLAST_FRAMES 262144
#define BLAST_SEEN 65536

/* A frame as it is sent. */
struct blast_frame {
	__u8 bytes[BLAST_FRAME];
	__u32 zero;
};

/*
 * What to send, and what to count. Of the packets that come, those are expected that have the
 * address (under its mask) and the port as their destination, or as their source.
 */
struct blast_ctl {
	__u64 next;		/* number of the next packet; only grows */
	__u32 first;		/* frame that is sent, */
	__u32 frames;		/* and how many in turn from there: a power of two, */
	__u32 stride;		/* each so far from the last one: odd */
	__u32 fresh;		/* every packet has a source of its own; the frames, whose
				 * source is 0, are the rest of it */
	__be16 fresh_net;	/* the first half of their addresses */
	__be32 addr;
	__be32 mask;
	__be16 port;
	__u8 proto;
	__u8 by_source;
	__u16 zero;
	__u32 zero2;
	__u32 verify;		/* also look at checksums, and remember who came */
};

struct blast_count {
	__u64 good;
	__u64 other;		/* not what was expected */
	__u64 broken;		/* expected, but a checksum is wrong; seen if ctl.verify */
};

/* Addresses and ports of an expected packet. */
struct blast_tuple {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
};
