/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Builds what the driver programs send: header templates and their steps. */
#pragma once

#include <stdbool.h>

#include "bench/step.h"

#define FRAME_SYN 0x02
#define FRAME_ACK 0x10		/* acknowledges a sequence number of 0, which all packets have */

struct frame_kind {
	bool v6;
	bool udp;
	__u8 tcp_flags;		/* FRAME_* */
	/* IPv6: the first 12 bytes of either address; IPv4 ignores them. */
	__u8 src_net[12];
	__u8 dst_net[12];
	__u8 dmac[6];
	__u8 smac[6];
};

/* One direction of one connection, host order: the low 32 address bits. */
struct tuple {
	__u32 src;
	__u32 dst;
	__u16 sport;
	__u16 dport;
};

void frame_template(const struct frame_kind *k, __u8 headers[BENCH_HEADERS]);

/* The step that makes the template of @k the packet of @t, its checksums right. */
struct bench_step frame_step(const struct frame_kind *k, const struct tuple *t);

/* Where a whole frame of this kind has its TCP or UDP checksum. */
__u32 frame_csum_off(const struct frame_kind *k);

/* The tuple that @bytes, a whole frame of this kind, has by now. */
struct tuple frame_tuple(const struct frame_kind *k, const __u8 *bytes);
