/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "base/hash.h"
#include "base/own.h"
#include "plan/maglev.h"

static uint64_t *ids_new(size_t n)
{
	uint64_t *ids = calloc(n + 1, sizeof(*ids));

	cr_assert_not_null(ids);
	for (size_t i = 0; i < n; i++)
		ids[i] = hash_mix(i + 1);
	return ids;
}

/* The owner's id at each place. */
static uint64_t *owners_new(const uint64_t *ids, size_t n, uint16_t size)
{
	own(free) uint32_t *table = calloc(size, sizeof(*table));
	uint64_t *owners = calloc(size, sizeof(*owners));

	cr_assert(table && owners);
	cr_assert_eq(maglev_fill(table, size, ids, n), 0);
	for (size_t i = 0; i < size; i++) {
		cr_assert_lt(table[i], n);
		owners[i] = ids[table[i]];
	}
	return owners;
}

Test(maglev, size_follows_the_ladder)
{
	static const struct {
		size_t n;
		uint16_t size;
	} rows[] = {
		{ 0, 0 }, { 1, 1 }, { 2, 127 }, { 3, 127 }, { 4, 251 }, { 7, 251 }, { 8, 509 },
		{ 15, 509 }, { 16, 1021 }, { 31, 1021 }, { 32, 2039 }, { 63, 2039 }, { 64, 4093 },
		{ 1000, 32749 }, { 2047, 65521 }, { 2048, 65521 }, { 100000, 65521 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(maglev_size(rows[i].n), rows[i].size, "%zu", rows[i].n);
}

Test(maglev, sizes_are_prime_and_large_enough)
{
	for (size_t n = 2; n <= 2047; n++) {
		uint32_t size = maglev_size(n);

		cr_assert_geq(size, 32 * n);
		for (uint32_t d = 2; d * d <= size; d++)
			cr_assert_neq(size % d, 0, "%u", size);
	}
}

Test(maglev, nothing_to_fill_is_fine)
{
	cr_assert_eq(maglev_fill(NULL, 0, NULL, 0), 0);
}

Test(maglev, one_backend_owns_all)
{
	uint64_t id = 7;
	uint32_t word = 99;

	cr_assert_eq(maglev_fill(&word, 1, &id, 1), 0);
	cr_assert_eq(word, 0);
}

Test(maglev, shares_differ_by_one_place)
{
	static const size_t sizes[] = { 2, 3, 7, 10, 31, 100, 1000 };

	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		size_t n = sizes[k];
		uint16_t size = maglev_size(n);
		own(free) uint64_t *ids = ids_new(n);
		own(free) uint32_t *table = calloc(size, sizeof(*table));
		own(free) size_t *share = calloc(n, sizeof(*share));

		cr_assert(table && share);
		cr_assert_eq(maglev_fill(table, size, ids, n), 0);
		for (size_t i = 0; i < size; i++)
			share[table[i]]++;
		for (size_t i = 0; i < n; i++)
			cr_assert(share[i] == size / n || share[i] == size / n + 1,
				  "%zu of %zu has %zu", i, n, share[i]);
	}
}

Test(maglev, more_backends_than_places_still_fills)
{
	size_t n = 70000;
	own(free) uint64_t *ids = ids_new(n);
	own(free) uint64_t *owners = owners_new(ids, n, maglev_size(n));

	cr_assert_not_null(owners);
}

Test(maglev, the_order_of_backends_does_not_matter)
{
	size_t n = 50;
	uint16_t size = maglev_size(n);
	own(free) uint64_t *ids = ids_new(n);
	own(free) uint64_t *before = owners_new(ids, n, size);

	for (unsigned int round = 0; round < 20; round++) {
		own(free) uint64_t *after = NULL;

		for (size_t i = n - 1; i > 0; i--) {
			size_t j = hash_mix(round * 1000 + i) % (i + 1);
			uint64_t swap = ids[i];

			ids[i] = ids[j];
			ids[j] = swap;
		}
		after = owners_new(ids, n, size);
		cr_assert_arr_eq(before, after, size * sizeof(*before));
	}
}

Test(maglev, the_same_arguments_give_the_same_table)
{
	size_t n = 20;
	own(free) uint64_t *ids = ids_new(n);
	own(free) uint64_t *a = owners_new(ids, n, maglev_size(n));
	own(free) uint64_t *b = owners_new(ids, n, maglev_size(n));

	cr_assert_arr_eq(a, b, maglev_size(n) * sizeof(*a));
}

/* Every node and every version must make this very table, or a packet that reaches another
 * node meets another backend. */
Test(maglev, the_table_is_the_same_for_ever)
{
	size_t n = 10;
	uint16_t size = maglev_size(n);
	own(free) uint64_t *ids = ids_new(n);
	own(free) uint64_t *owners = owners_new(ids, n, size);
	uint64_t h = HASH_INIT;

	for (size_t i = 0; i < size; i++)
		for (int shift = 0; shift < 64; shift += 8) {
			uint8_t byte = owners[i] >> shift;

			h = hash_bytes(h, &byte, 1);
		}
	cr_assert_eq(h, 0x679d0f52be524eebull, "%llx", (unsigned long long)h);
}

/*
 * Places whose owner changed though the old owner is still there. Maglev allows some, consistent
 * hashing in the strict sense none.
 */
static size_t moved_needlessly(const uint64_t *before, const uint64_t *after, uint16_t size,
			       uint64_t gone, uint64_t come)
{
	size_t moved = 0;

	for (size_t i = 0; i < size; i++)
		moved += before[i] != after[i] && before[i] != gone && after[i] != come;
	return moved;
}

Test(maglev, one_backend_less_or_more_moves_few_others)
{
	/* The table keeps its size over all these. */
	static const size_t counts[] = { 5, 6, 10, 12, 15, 20, 25, 40, 50, 60, 100, 500 };

	for (size_t k = 0; k < sizeof(counts) / sizeof(*counts); k++) {
		size_t n = counts[k];
		uint16_t size = maglev_size(n);
		own(free) uint64_t *ids = ids_new(n);
		own(free) uint64_t *all = owners_new(ids, n, size);
		own(free) uint64_t *less = owners_new(ids, n - 1, size);
		size_t gone = moved_needlessly(all, less, size, ids[n - 1], 0);
		size_t come = moved_needlessly(less, all, size, 0, ids[n - 1]);

		cr_assert_eq(maglev_size(n - 1), size);
		cr_expect_lt(gone * 100, size * 12u, "%zu: %zu of %u", n, gone, size);
		cr_expect_lt(come * 100, size * 12u, "%zu: %zu of %u", n, come, size);
	}
}
