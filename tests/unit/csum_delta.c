/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bpf/csum.h on the host: incremental updates against full recomputation. */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "bpf/csum.h"

/* Where carries, complements and both zeros are met. */
static const __u16 edges[] = { 0, 1, 2, 0xff, 0x100, 0x7fff, 0x8000, 0x8001, 0xfefe, 0xff00,
			       0xfffd, 0xfffe, 0xffff };
#define N_EDGES (sizeof(edges) / sizeof(edges[0]))

/* RFC 1071 the slow way: end-around carry after every word. */
static __u16 sum_slow(const __u16 *words, size_t n)
{
	__u32 sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += words[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (__u16)sum;
}

static __u16 check_slow(const __u16 *words, size_t n)
{
	return (__u16)~sum_slow(words, n);
}

/* A message of two words, never all zero, of which one changes. */
Test(csum, any_word_becomes_an_edge)
{
	for (size_t r = 1; r < N_EDGES; r++) {
		for (size_t e = 0; e < N_EDGES; e++) {
			for (__u32 m = 0; m < 65536; m++) {
				const __u16 before[] = { (__u16)m, edges[r] };
				const __u16 after[] = { edges[e], edges[r] };
				__u16 delta = csum_fold((__u16)~m + (__u32)edges[e]);

				cr_assert_eq(csum_apply(check_slow(before, 2), delta),
					     check_slow(after, 2), "%04x %04x to %04x", m,
					     edges[r], edges[e]);
			}
		}
	}
}

Test(csum, an_edge_becomes_any_word)
{
	for (size_t r = 1; r < N_EDGES; r++) {
		for (size_t e = 0; e < N_EDGES; e++) {
			for (__u32 m = 0; m < 65536; m++) {
				const __u16 before[] = { edges[e], edges[r] };
				const __u16 after[] = { (__u16)m, edges[r] };
				__u16 delta = csum_fold((__u16)~edges[e] + m);

				cr_assert_eq(csum_apply(check_slow(before, 2), delta),
					     check_slow(after, 2), "%04x to %04x, %04x", edges[e],
					     m, edges[r]);
			}
		}
	}
}

/* Every checksum that can be, against every delta that matters. */
Test(csum, udp_keeps_none_and_never_makes_it)
{
	for (size_t e = 0; e < N_EDGES; e++) {
		cr_assert_eq(csum_apply_udp(0, edges[e]), 0);
		for (__u32 c = 1; c < 65536; c++) {
			__u16 out = csum_apply_udp((__u16)c, edges[e]);
			__u16 plain = csum_apply((__u16)c, edges[e]);

			cr_assert_neq(out, 0);
			cr_assert_eq(out, plain ? plain : 0xffff);
		}
	}
}

Test(csum, inverse_undoes)
{
	for (__u32 d = 0; d < 65536; d++) {
		for (size_t e = 0; e < N_EDGES - 1; e++) {
			__u16 there = csum_apply(edges[e], (__u16)d);

			/* Both are zero in one's complement; a stored sum is never 0xffff. */
			cr_assert_eq(csum_apply(there, csum_inverse((__u16)d)) % 0xffff,
				     edges[e] % 0xffff, "%04x %04x", edges[e], d);
		}
	}
}

Test(csum, parts_make_the_whole)
{
	for (__u32 all = 0; all < 65536; all++) {
		for (size_t e = 0; e < N_EDGES; e++) {
			__u16 rest = csum_without((__u16)all, edges[e]);
			__u16 twice = csum_apply(csum_apply(0x1234, edges[e]), rest);

			cr_assert_eq(twice, csum_apply(0x1234, (__u16)all), "%04x %04x", all,
				     edges[e]);
		}
	}
}

Test(csum, words_are_added_and_taken_away)
{
	unsigned seed = 1;

	for (int i = 0; i < 100000; i++) {
		union {
			__be32 w[8];
			__u16 half[16];
		} m;
		__u16 all, gone;

		for (int j = 0; j < 8; j++)
			m.w[j] = i % 3 ? (__u32)rand_r(&seed) << 16 ^ (__u32)rand_r(&seed)
				       : edges[rand_r(&seed) % N_EDGES] * 0x10001u;
		all = csum_fold(csum_words(m.w, 8));
		gone = csum_fold(csum_words_not(m.w, 8));
		cr_assert_eq(all % 0xffff, sum_slow(m.half, 16) % 0xffff);
		cr_assert_eq((all + gone) % 0xffff, 0);
	}
}

Test(csum, fold_takes_the_second_carry)
{
	cr_expect_eq(csum_fold(0xffffffff), 0xffff);
	cr_expect_eq(csum_fold(0x1ffff), 1);
	cr_expect_eq(csum_fold(0xfffeffff), 0xfffe);
	cr_expect_eq(csum_fold(0), 0);
}

/* What hook_xdp.h and hook_tc.h add for a TTL less one: the low byte of its word. */
Test(csum, ttl_less_one_is_fffe)
{
	for (__u32 proto = 0; proto < 256; proto++) {
		for (__u32 ttl = 1; ttl < 256; ttl++) {
			const __u16 before[] = { (__u16)(proto << 8 | ttl), 0x0045 };
			const __u16 after[] = { (__u16)(proto << 8 | (ttl - 1)), 0x0045 };

			cr_assert_eq(csum_apply(check_slow(before, 2), 0xfffe),
				     check_slow(after, 2));
		}
	}
}
