/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* sluice/fragment.h: where fragments wait. */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>

#include "sluice/fragment.h"

#define SECRET 0x5eed0fa5ec4e7ull

static struct sluice_fragment_key key4(__u32 src, __u32 dst, __u16 id)
{
	return (struct sluice_fragment_key){
		.src = { [3] = htonl(src) }, .dst = { [3] = htonl(dst) }, .id = htons(id), .proto = 17,
	};
}

/* What a sender can choose: the identification, and in IPv6 the lower half of his address. */
Test(fragment_held, one_sender_has_one_bucket)
{
	struct sluice_fragment_key k = key4(0xc6336407, 0xc0000201, 1);
	__u32 row = sluice_held_row(&k, SECRET);

	for (__u32 id = 0; id < 65536; id++) {
		k.id = htons((__u16)id);
		cr_assert_eq(sluice_held_row(&k, SECRET), row);
	}
	k = (struct sluice_fragment_key){ .src = { htonl(0x20010db8), 7 }, .dst = { 1, 2, 3, 4 },
					  .v6 = 1 };
	row = sluice_held_row(&k, SECRET);
	for (__u32 i = 0; i < 65536; i++) {
		k.src[2] = i * 0x9e3779b1u;
		k.src[3] = k.id = i;
		cr_assert_eq(sluice_held_row(&k, SECRET), row);
	}
}

/* A grid of clients: no bucket has more than a quarter over its share. */
Test(fragment_held, senders_are_spread)
{
	__u32 n[SLUICE_HELD_BUCKETS] = { 0 };

	for (__u32 i = 0; i < 65536; i++) {
		struct sluice_fragment_key k = key4(0x0a000000 + i, 0xc0000201, 1);

		n[sluice_held_row(&k, SECRET)]++;
	}
	for (__u32 i = 0; i < SLUICE_HELD_BUCKETS; i++)
		cr_expect(n[i] > 65536 / SLUICE_HELD_BUCKETS * 3 / 4 &&
			  n[i] < 65536 / SLUICE_HELD_BUCKETS * 5 / 4, "%u: %u", i, n[i]);
}

/* Every field of the key is in the hash, whatever its place. */
Test(fragment_held, hash_tells_datagrams_apart)
{
	struct sluice_fragment_key k = { 0 };
	__u64 none = sluice_held_hash(&k, SECRET);

	for (size_t i = 0; i < offsetof(struct sluice_fragment_key, zero); i++) {
		memset(&k, 0, sizeof(k));
		((__u8 *)&k)[i] = 1;
		cr_expect_neq(sluice_half_mark(sluice_held_hash(&k, SECRET)),
			      sluice_half_mark(none), "byte %zu", i);
	}
}
