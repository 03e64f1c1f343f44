/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a change of SCTP's ports means for its checksum (CRC-32C, RFC 9260 appendix A) without a look
 * at the rest of the packet. A CRC is linear: two messages of one length that differ by D have
 * checksums that differ by D(x) * x^n mod P, n being the bits of the message behind D and the CRC's
 * own 32. x^n comes by squaring, as in zlib's crc32_combine(). Also compiled for the host.
 */
#pragma once

#include "bpf/net.h"

/* Castagnoli's polynomial; bit 31 is x^0, as in everything here. */
#define CRC32C_POLY 0x82f63b78u

/* @v if @bit is 1, 0 if it is 0. Never a branch, which clang would like: the verifier would walk both
 * sides of each of a thousand. */
static __always_inline __u32 crc32c_if(__u32 bit, __u32 v)
{
	__u32 mask = -bit;

	barrier_var(mask);
	return v & mask;
}

/* a * b mod P. */
static __always_inline __u32 crc32c_multiply(__u32 a, __u32 b)
{
	__u32 product = 0;

	for (int i = 31; i >= 0; i--) {
		product ^= crc32c_if(a >> i & 1, b);
		b = b >> 1 ^ crc32c_if(b & 1, CRC32C_POLY);
	}
	return product;
}

/*
 * How the checksum of an SCTP packet of @len bytes changes when the word of its ports changes by
 * @diff, both words as loaded on little-endian: to be added (exclusive or) to the checksum as loaded.
 */
static __always_inline __u32 crc32c_ports_delta(__u32 diff, __u32 len)
{
	const __u32 one = 1u << 31;
	__u32 power = 1u << 23;		/* x^8: a byte */

	for (int i = 0; i < 16; i++) {
		/* power or one */
		diff = crc32c_multiply(diff, one ^ crc32c_if(len >> i & 1, power ^ one));
		power = crc32c_multiply(power, power);
	}
	return diff;
}
