/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Whole frames cut into fragments: so the checksums in them are those of the datagram. */
#pragma once

#include "support/frame.h"

#define PIECE 104u		/* bytes of what is fragmented */
#define PIECES 4

/* What of a frame is fragmented: all behind the IPv4 header and its options, or the IPv6 header. */
__u32 pieces_len(const struct frame *whole);

/* The fragment with the bytes from @from to @to of that. @id: of the datagram, for IPv6. */
struct frame pieces_cut(const struct frame *whole, __u16 id, __u32 from, __u32 to);

/* One of the PIECES that the tests cut a datagram into. */
struct frame pieces_take(const struct frame *whole, __u16 id, __u32 n);
