/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Writing rows, on arrays of our own instead of mapped ones.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <string.h>

#include "datapath/frontends.h"
#include "datapath/rows.h"
#include "datapath/slots.h"

#define N 16

struct memory {
	struct sluice_service services[N];
	struct sluice_backend backends[N];
	struct sluice_filter filter;
	struct sluice_settings settings;
	struct sluice_slot_count base[N];
};

static struct rows rows_on(struct memory *m)
{
	return (struct rows){
		.services = { .at = (uint8_t *)m->services, .n = N, .stride = 64 },
		.backends = { .at = (uint8_t *)m->backends, .n = N, .stride = 32 },
		.filter = { .at = (uint8_t *)&m->filter, .n = 1, .stride = sizeof(m->filter) },
		.settings = { .at = (uint8_t *)&m->settings, .n = 1,
			      .stride = sizeof(m->settings) },
		.base = { .at = (uint8_t *)m->base, .n = N, .stride = 64 },
	};
}

static struct memory *memory_new(void)
{
	struct memory *m = calloc(1, sizeof(*m));

	cr_assert_neq(m, NULL);
	return m;
}

Test(datapath_rows, a_backend_row_is_written_whole_and_alone)
{
	own(free) struct memory *m = memory_new();
	struct rows r = rows_on(m);
	struct sluice_backend b = {
		.addr.ip6 = { 1, 2, 3, 4 }, .port = 5, .flags = SLUICE_BE_USED, .gen = 6,
		.service = 7,
	};
	struct sluice_backend none = { 0 };

	rows_put_backend(&r, 3, &b);
	cr_assert_eq(memcmp(&m->backends[3], &b, sizeof(b)), 0);
	cr_assert_eq(memcmp(&m->backends[2], &none, sizeof(none)), 0);
	cr_assert_eq(memcmp(&m->backends[4], &none, sizeof(none)), 0);
}

Test(datapath_rows, a_service_row_is_written_whole_and_alone)
{
	own(free) struct memory *m = memory_new();
	struct rows r = rows_on(m);
	struct sluice_service none = { 0 };
	struct sluice_service s = {
		.id = { 1, 2 }, .flags = SLUICE_SVC_USED,
		.cluster = { .base = 3, .size = 4, .gen = 5 },
		.local = { .base = 6, .size = 7, .gen = 8 },
	};

	rows_put_service(&r, 1, &s);
	cr_assert_eq(memcmp(&m->services[1], &s, sizeof(s)), 0);
	cr_assert_eq(memcmp(&m->services[2], &none, sizeof(none)), 0);
}

/* Some come into memory at a time, and blocks do not care for where they end. */
Test(datapath_rows, choices_are_words_side_by_side)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), words = page / sizeof(uint32_t);
	const uint32_t block[] = { 11, 12, 13, 14, 15 };
	const uint32_t first[] = { 3, (uint32_t)words - 2, (uint32_t)(3 * words) - 5 };
	int fd = memfd_create("choices", 0);
	struct rows r = { .choices = { .n = 3 * page / 8, .stride = 8 }, .choices_fd = fd,
			  .window = 2 * words };
	const uint32_t *all;

	cr_assert_eq(ftruncate(fd, (off_t)(3 * page)), 0);
	all = mmap(NULL, 3 * page, PROT_READ, MAP_SHARED, fd, 0);
	cr_assert_neq(all, MAP_FAILED);
	cr_assert_eq(rows_n_choices(&r), 3 * words);
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
		const uint32_t *at = rows_choices(&r, first[i], 5);

		cr_assert_eq(rows_put_choices(&r, first[i], block, 5), 0);
		cr_assert_eq(memcmp(all + first[i], block, sizeof(block)), 0);
		cr_assert_eq(memcmp(at, block, sizeof(block)), 0);
		cr_assert_eq(all[first[i] - 1], 0);
	}
	/* As the programs read word 4. */
	cr_assert_eq(((const struct sluice_choices *)all)[4 / SLUICE_CHOICES_PER_ROW]
			     .slots[4 % SLUICE_CHOICES_PER_ROW], 12);
	rows_close(&r);
	munmap((void *)all, 3 * page);
	close(fd);
}

Test(datapath_rows, filter_bits_are_added_then_trimmed)
{
	own(free) struct memory *m = memory_new();
	own(free) struct sluice_filter *want = calloc(1, sizeof(*want));
	struct rows r = rows_on(m);

	cr_assert_neq(want, NULL);
	m->filter.words[5] = 0xf0;
	want->words[5] = 0x0f;
	want->addrs4 = (union sluice_net4){ .host = 1, .last = 2 };
	want->range6 = (struct sluice_net6){ { 3, 4 }, { 5, 6 } };
	rows_filter_add(&r, want);
	cr_assert_eq(m->filter.words[5], 0xff);
	cr_assert_eq(m->filter.addrs4.word, want->addrs4.word);
	cr_assert_arr_eq(&m->filter.range6, &want->range6, sizeof(want->range6));
	rows_filter_set(&r, want);
	cr_assert_eq(m->filter.words[5], 0x0f);
}

Test(datapath_rows, settings_are_written_only_when_they_differ)
{
	own(free) struct memory *m = memory_new();
	struct rows r = rows_on(m);
	struct sluice_settings s = { .snat_min = 1024, .udp_sec = 120 };

	cr_assert(rows_put_settings(&r, &s));
	cr_assert_eq(memcmp(&m->settings, &s, sizeof(s)), 0);
	cr_assert_not(rows_put_settings(&r, &s));
}

Test(datapath_rows, counters_of_freed_slots_add_up)
{
	own(free) struct memory *m = memory_new();
	struct rows r = rows_on(m);
	struct sluice_slot_count c = {
		.packets_in = 1, .bytes_in = 2, .packets_out = 3, .bytes_out = 4, .opened = 5,
		.closed = 6,
	};

	rows_base_add(&r, 2, &c);
	rows_base_add(&r, 2, &c);
	cr_assert_eq(m->base[2].packets_in, 2);
	cr_assert_eq(m->base[2].closed, 12);
	rows_base_clear(&r, 2);
	cr_assert_eq(m->base[2].closed, 0);
}

Test(datapath_slots, counts_of_cpus_add_up)
{
	struct sluice_slot_count sum = { .opened = 1 };

	slot_count_add(&sum, &(struct sluice_slot_count){ .opened = 2, .bytes_out = 9 });
	cr_assert_eq(sum.opened, 3);
	cr_assert_eq(sum.bytes_out, 9);
}

Test(datapath_frontends, keys_are_in_network_order)
{
	struct layout_frontend f = { .port = 0x1f90, .proto = PROTO_TCP };
	struct sluice_frontend4_key k4;
	struct sluice_frontend6_key k6;

	cr_assert_eq(addr_parse("10.1.2.3", &f.addr), 0);
	k4 = frontend_key4(&f);
	cr_assert_eq(memcmp(&k4, "\x0a\x01\x02\x03\x1f\x90\x06\x00", sizeof(k4)), 0);
	cr_assert_eq(addr_parse("fd00::9", &f.addr), 0);
	k6 = frontend_key6(&f);
	cr_assert_eq(memcmp(&k6, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\x1f\x90\x06\0", sizeof(k6)),
		     0);
}
