/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/pieces.h"

#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>

#define NEXT_FRAGMENT 44

static bool is_v6(const struct frame *f)
{
	return f->bytes[FRAME_L3] >> 4 == 6;
}

/* Where that which is fragmented begins. */
static __u32 start(const struct frame *f)
{
	return FRAME_L3 + (is_v6(f) ? 40 : (f->bytes[FRAME_L3] & 0xfu) * 4);
}

__u32 pieces_len(const struct frame *whole)
{
	return whole->len - start(whole);
}

struct frame pieces_cut(const struct frame *whole, __u16 id, __u32 from, __u32 to)
{
	const bool v6 = is_v6(whole);
	const __u32 off = start(whole);
	const unsigned more = to < pieces_len(whole);
	struct frame f = { .len = off + (v6 ? 8 : 0) + to - from };
	__be16 len = htons((__u16)(f.len - FRAME_L3 - (v6 ? 40 : 0)));
	__be16 where = htons((__u16)(v6 ? from | more : from / 8 | more << 13));
	__u8 header[8] = { whole->bytes[FRAME_L3 + 6], [4] = 1, 2, (__u8)(id >> 8), (__u8)id };

	cr_assert(f.len <= FRAME_MAX && from % 8 == 0 && to <= pieces_len(whole));
	memcpy(f.bytes, whole->bytes, off);
	memcpy(f.bytes + f.len - (to - from), whole->bytes + off + from, to - from);
	frame_poke(&f, FRAME_L3 + (v6 ? 4 : 2), &len, 2);
	if (v6) {
		memcpy(header + 2, &where, 2);
		f.bytes[FRAME_L3 + 6] = NEXT_FRAGMENT;
		frame_poke(&f, off, header, 8);
	} else {
		frame_poke(&f, FRAME_L3 + 6, &where, 2);
		frame_fix_ip4(&f);
	}
	return f;
}

struct frame pieces_take(const struct frame *whole, __u16 id, __u32 n)
{
	__u32 to = n == PIECES - 1 ? pieces_len(whole) : (n + 1) * PIECE;

	return pieces_cut(whole, id, n * PIECE, to);
}
