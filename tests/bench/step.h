/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the bench program and its driver programs in the kernel share: one
 * frame as a template, a row per packet with what differs, and a clock reading
 * per batch. Types only.
 */
#pragma once

#include <linux/types.h>

/* Long enough for Ethernet + IPv6 + TCP, a multiple of 8 for a quick copy. */
#define BENCH_HEADERS 80
#define BENCH_FRAME 128
/* Packets between two readings of the clock: 30 ns each 1,024 is nothing. */
#define BENCH_BATCH 1024

/*
 * One packet. The low 32 bits of each address vary; the template has the
 * rest. 16 bytes, read in order: the prefetcher hides them. The checksums are
 * right, so that a program that verifies or recomputes them is treated fairly.
 */
struct bench_step {
	__be32 src;
	__be32 dst;
	__be16 sport;
	__be16 dport;
	__u16 ip_csum;
	__u16 l4_csum;
};

_Static_assert(sizeof(struct bench_step) == 16, "four steps a cache line");

struct bench_ctl {
	__u8 headers[BENCH_HEADERS];
	__u32 is_v6;
	__u32 is_udp;
	__u32 n_steps;
	__u32 total;		/* packets of this run; one more call ends it */
	__u32 done;
	__u32 at;		/* the next step */
	__u32 missed;		/* tail calls that fell through: must stay 0 */
	__u64 start;		/* XDP: address of the packet's first byte, */
	__u64 end;		/* and of its end; tc: the packet's length */
};
