/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Pure arithmetic on
 * 16-bit words as they lie in memory: one's complement sums do not care about byte order.
 */
#pragma once

#include "bpf/net.h"

/* A sum of at most 2^16 words to 16 bits. Twice: the carry can carry. */
static __always_inline __u16 csum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The words of @n 32-bit values, added up. */
static __always_inline __u32 csum_words(const __be32 *w, int n)
{
	__u32 sum = 0;

	for (int i = 0; i < n; i++)
		sum += (w[i] & 0xffff) + (w[i] >> 16);
	return sum;
}

/* The same of their complements: what a change takes away. */
static __always_inline __u32 csum_words_not(const __be32 *w, int n)
{
	__u32 sum = 0;

	for (int i = 0; i < n; i++)
		sum += (~w[i] & 0xffff) + (~w[i] >> 16);
	return sum;
}

/*
 * RFC 1624, equation 3: HC' = ~(~HC + ~m + m'), where @delta = ~m + m' over all that changed,
 * folded or not. A checksum over something that is not all zero is never 0xffff, and stays so.
 */
static __always_inline __sum16 csum_apply(__sum16 check, __u32 delta)
{
	return (__sum16)~csum_fold((__u16)~check + delta);
}

/* The delta of TTL - 1. TTL is the low byte of its 16-bit word as read on little-endian: for
 * m' = m - 1, ~m + m' is 0xfffe. */
#define CSUM_TTL_LESS	0xfffeu

/* UDP: 0 means "no checksum", so a sum of 0 travels as 0xffff (RFC 768). */
static __always_inline __sum16 csum_apply_udp(__sum16 check, __u16 delta)
{
	if (!check)
		return 0;
	check = csum_apply(check, delta);
	return check ? check : 0xffff;
}

/* The delta that undoes @delta. */
static __always_inline __u16 csum_inverse(__u16 delta)
{
	return ~delta;
}

/* @all less @part: what remains of a delta when a part of it is applied elsewhere. */
static __always_inline __u16 csum_without(__u16 all, __u16 part)
{
	return csum_fold((__u32)all + (__u16)~part);
}
