/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The half-open table's hash: clients that are alike must not meet in the same buckets. */
#include <criterion/criterion.h>

#include <string.h>

#include "sluice/half.h"

/* Rows that find their bucket full, of a grid of clients: hosts of a network × ports. */
static unsigned pushed_out(unsigned hosts, unsigned host_step, unsigned ports, unsigned port_step)
{
	static __u8 load[SLUICE_HALF_BUCKETS4];
	unsigned lost = 0;

	memset(load, 0, sizeof(load));
	for (unsigned h = 0; h < hosts; h++) {
		for (unsigned p = 0; p < ports; p++) {
			struct sluice_flow4_key k = {
				.src = __builtin_bswap32(0xc0000200 + h * host_step),
				.dst = __builtin_bswap32(0xc6336401),
				.sport = __builtin_bswap16((__u16)(32768 + p * port_step)),
				.dport = __builtin_bswap16(443),
				.proto = 6,
			};
			__u64 hash = sluice_half_hash4(&k, 0x5eed0fa5ec4e7ull);
			__u32 row = sluice_half_bucket(hash, SLUICE_HALF_BUCKETS4);

			lost += load[row] == SLUICE_HALF_WAYS;
			load[row] += load[row] < SLUICE_HALF_WAYS;
		}
	}
	return lost;
}

/* 65,536 rows in 16,384 buckets of eight: of random ones about 550 find theirs full. */
Test(half_hash, neighbours_spread_as_strangers_do)
{
	cr_expect_lt(pushed_out(256, 1, 256, 1), 800);
	cr_expect_lt(pushed_out(256, 256, 256, 1), 800);
	cr_expect_lt(pushed_out(1024, 1, 64, 1), 800);
	cr_expect_lt(pushed_out(64, 4, 1024, 2), 800);
	cr_expect_lt(pushed_out(65536, 1, 1, 1), 800);
	cr_expect_lt(pushed_out(256, 1, 64, 1), 5);
}

/* Two tuples whose difference is known meet for few secrets only: nobody can aim. */
Test(half_hash, no_difference_of_tuples_helps_to_aim)
{
	for (unsigned bit = 0; bit < 8; bit++) {
		for (unsigned port = 1; port < 1u << 15; port <<= 1) {
			unsigned meet = 0;

			for (__u64 i = 1; i <= 64; i++) {
				struct sluice_flow4_key a = { .src = 0x01020a0a, .dst = 7, .sport = 99 };
				struct sluice_flow4_key b = a;
				__u64 secret = sluice_half_mix(i);

				b.src ^= 1u << (24 + bit);
				b.sport ^= (__be16)port;
				meet += sluice_half_bucket(sluice_half_hash4(&a, secret),
							   SLUICE_HALF_BUCKETS4) ==
					sluice_half_bucket(sluice_half_hash4(&b, secret),
							   SLUICE_HALF_BUCKETS4);
			}
			cr_expect_leq(meet, 2, "bit %u, port %#x: %u of 64", bit, port, meet);
		}
	}
}
