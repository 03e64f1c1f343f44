/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bpf/crc32c.h on the host: the change of a checksum against the checksum of the changed packet. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "bpf/crc32c.h"

static __u32 crc32c_slow(const __u8 *bytes, size_t len)
{
	__u32 crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ CRC32C_POLY : crc >> 1;
	}
	return ~crc;
}

/* RFC 3720 appendix B.4. */
Test(sctp_checksum, reference_is_crc32c)
{
	__u8 zeros[32] = { 0 }, ones[32];

	memset(ones, 0xff, sizeof(ones));
	cr_expect_eq(crc32c_slow(zeros, 32), 0x8a9136aa);
	cr_expect_eq(crc32c_slow(ones, 32), 0x62a8ab43);
	cr_expect_eq(crc32c_slow((const __u8 *)"123456789", 9), 0xe3069283);
}

static void expect_followed(__u8 *bytes, __u32 len, __u32 ports)
{
	__u32 before = crc32c_slow(bytes, len), was;

	memcpy(&was, bytes, sizeof(was));
	memcpy(bytes, &ports, sizeof(ports));
	cr_assert_eq(before ^ crc32c_ports_delta(was ^ ports, len), crc32c_slow(bytes, len),
		     "%u bytes, %08x to %08x", len, was, ports);
}

Test(sctp_checksum, follows_the_ports_at_any_length)
{
	static __u8 bytes[65535];

	srand(7);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (__u8)rand();
	for (__u32 len = 12; len < 200; len++)
		expect_followed(bytes, len, (__u32)rand());
	for (int i = 0; i < 200; i++)
		expect_followed(bytes, 12 + (__u32)rand() % 65524, (__u32)rand() << 16 ^ (__u32)rand());
	expect_followed(bytes, 65535, 0);
	expect_followed(bytes, 65535, ~0u);
}

Test(sctp_checksum, nothing_changed_is_no_change)
{
	for (__u32 len = 0; len < 65536; len += 13)
		cr_assert_eq(crc32c_ports_delta(0, len), 0);
}
