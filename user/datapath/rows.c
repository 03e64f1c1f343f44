/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/rows.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "datapath/slots.h"

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static void array_close(struct row_array *a)
{
	if (a->mapped)
		munmap(a->at, a->mapped);
	memset(a, 0, sizeof(*a));
}

/* The kernel keeps array elements 8 bytes aligned, and maps whole pages. */
static int array_open(const struct map *m, const char *name, bool writable,
		      struct row_array *ret, struct err *reterr)
{
	struct row_array a = { .n = m->entries, .stride = round_up(m->value_size, 8) };
	void *at;

	a.mapped = round_up(a.n * a.stride, (size_t)sysconf(_SC_PAGESIZE));
	at = mmap(NULL, a.mapped, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, m->fd, 0);
	if (at == MAP_FAILED)
		return err_sys(reterr, errno, "cannot map %s into memory", name);
	a.at = at;
	*ret = a;
	return 0;
}

int rows_open(const struct maps *maps, bool writable, struct rows *ret, struct err *reterr)
{
	own(rows_close) struct rows rows = { 0 };
	const struct {
		enum map_id map;
		struct row_array *array;
	} all[] = {
		{ MAP_SERVICES, &rows.services }, { MAP_BACKENDS, &rows.backends },
		{ MAP_CHOICES, &rows.choices },   { MAP_FILTER, &rows.filter },
		{ MAP_SETTINGS, &rows.settings }, { MAP_SERVICE_BASE, &rows.base },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int r = array_open(&maps->at[all[i].map], map_specs[all[i].map].name, writable,
				   all[i].array, reterr);

		if (r < 0)
			return r;
	}
	*ret = rows;
	memset(&rows, 0, sizeof(rows));
	return 0;
}

void rows_close(struct rows *r)
{
	array_close(&r->services);
	array_close(&r->backends);
	array_close(&r->choices);
	array_close(&r->filter);
	array_close(&r->settings);
	array_close(&r->base);
}

static void *array_row(const struct row_array *a, uint32_t row)
{
	assert(row < a->n);
	return a->at + row * a->stride;
}

struct sluice_service *rows_service(const struct rows *r, uint32_t row)
{
	return array_row(&r->services, row);
}

struct sluice_backend *rows_backend(const struct rows *r, uint32_t row)
{
	return array_row(&r->backends, row);
}

struct sluice_slot_count *rows_base(const struct rows *r, uint32_t row)
{
	return array_row(&r->base, row);
}

struct sluice_filter *rows_filter(const struct rows *r)
{
	return array_row(&r->filter, 0);
}

struct sluice_settings *rows_settings(const struct rows *r)
{
	return array_row(&r->settings, 0);
}

/* --- choices ------------------------------------------------------------------ */

size_t rows_n_choices(const struct rows *r)
{
	return r->choices.n * SLUICE_CHOICES_PER_ROW;
}

const uint32_t *rows_choices(const struct rows *r)
{
	return (const uint32_t *)r->choices.at;
}

void rows_put_choices(struct rows *r, uint32_t first, const uint32_t *words, uint32_t n)
{
	uint32_t *at = (uint32_t *)r->choices.at + first;

	assert(n <= rows_n_choices(r) && first <= rows_n_choices(r) - n);
	for (uint32_t i = 0; i < n; i++)
		__atomic_store_n(&at[i], words[i], __ATOMIC_RELAXED);
}

/* --- whole rows --------------------------------------------------------------- */

/* By whole words, so that no reader sees half a field. */
static void store_words(void *to, const void *from, size_t bytes)
{
	uint64_t *at = to;

	assert(bytes % sizeof(*at) == 0);
	for (size_t i = 0; i < bytes / sizeof(*at); i++) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)from + i * sizeof(word), sizeof(word));
		__atomic_store_n(&at[i], word, __ATOMIC_RELAXED);
	}
}

void rows_put_backend(struct rows *r, uint32_t row, const struct sluice_backend *b)
{
	store_words(rows_backend(r, row), b, sizeof(*b));
}

/*
 * The two sets last: who sees one of them sees the flags that belong to it, the block behind
 * it and the backends in the block.
 */
void rows_put_service(struct rows *r, uint32_t row, const struct sluice_service *s)
{
	struct sluice_service *at = rows_service(r, row);
	const size_t sets = offsetof(struct sluice_service, cluster);
	const size_t rest = offsetof(struct sluice_service, flags);

	_Static_assert(offsetof(struct sluice_service, flags) ==
		       offsetof(struct sluice_service, cluster) + 2 * sizeof(union sluice_set),
		       "the sets stand together");
	store_words(at, s, sets);
	store_words((uint8_t *)at + rest, (const uint8_t *)s + rest, sizeof(*s) - rest);
	__atomic_store_n(&at->cluster.word, s->cluster.word, __ATOMIC_RELEASE);
	__atomic_store_n(&at->local.word, s->local.word, __ATOMIC_RELEASE);
}

bool rows_put_settings(struct rows *r, const struct sluice_settings *s)
{
	if (memcmp(rows_settings(r), s, sizeof(*s)) == 0)
		return false;
	store_words(rows_settings(r), s, sizeof(*s));
	return true;
}

/* --- filter ------------------------------------------------------------------- */

#define FILTER_WORDS (sizeof(struct sluice_filter) / sizeof(uint64_t))

static void filter_store(struct rows *r, const struct sluice_filter *f, bool keep)
{
	uint64_t *at = (uint64_t *)rows_filter(r)->words;

	for (size_t i = 0; i < FILTER_WORDS; i++) {
		uint64_t word = f->words[i] | (keep ? at[i] : 0);

		if (at[i] != word)
			__atomic_store_n(&at[i], word, __ATOMIC_RELEASE);
	}
}

void rows_filter_add(struct rows *r, const struct sluice_filter *f)
{
	filter_store(r, f, true);
}

void rows_filter_set(struct rows *r, const struct sluice_filter *f)
{
	filter_store(r, f, false);
}

/* --- what services keep ------------------------------------------------------- */

void rows_base_add(struct rows *r, uint32_t row, const struct sluice_slot_count *c)
{
	struct sluice_slot_count sum = *rows_base(r, row);

	slot_count_add(&sum, c);
	store_words(rows_base(r, row), &sum, sizeof(sum));
}

void rows_base_clear(struct rows *r, uint32_t row)
{
	const struct sluice_slot_count none = { 0 };

	store_words(rows_base(r, row), &none, sizeof(none));
}
