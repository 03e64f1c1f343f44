/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/rows.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "datapath/slots.h"

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

void array_close(struct row_array *a)
{
	if (a->mapped)
		munmap(a->at, a->mapped);
	memset(a, 0, sizeof(*a));
}

/* The kernel keeps array elements 8 bytes aligned, and maps whole pages. */
int array_open(const struct map *m, const char *name, size_t n, bool writable,
	       struct row_array *ret, struct err *reterr)
{
	struct row_array a = { .n = n < m->entries ? n : m->entries,
			       .stride = round_up(m->value_size, 8) };
	void *at;

	a.mapped = round_up(a.n * a.stride, (size_t)sysconf(_SC_PAGESIZE));
	at = mmap(NULL, a.mapped, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, m->fd, 0);
	if (at == MAP_FAILED)
		return err_sys(reterr, errno, "cannot map %s into memory", name);
	a.at = at;
	*ret = a;
	return 0;
}

struct extent {
	enum map_id map;
	size_t n;		/* rows at most */
	struct row_array *array;
};

static int arrays_open(const struct maps *maps, const struct extent *all, size_t n, bool writable,
		       struct err *reterr)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = array_open(&maps->at[all[i].map], map_specs[all[i].map].name, all[i].n,
			       writable, all[i].array, reterr);
	return r;
}

/* How many words come into memory at once, when one of them is asked for. */
#define WINDOW_WHOLE (1u << 19)
#define WINDOW_PART ((size_t)sysconf(_SC_PAGESIZE) / sizeof(uint32_t))

static struct rows choices_unmapped(const struct maps *maps, size_t window)
{
	const struct map *m = &maps->at[MAP_CHOICES];

	return (struct rows){
		.choices = { .n = m->entries, .stride = sizeof(struct sluice_choices) },
		.choices_fd = m->fd,
		.window = window,
	};
}

int rows_open(const struct maps *maps, bool writable, struct rows *ret, struct err *reterr)
{
	own(rows_close) struct rows rows = choices_unmapped(maps, WINDOW_WHOLE);
	const struct extent all[] = {
		{ MAP_SERVICES, SIZE_MAX, &rows.services },
		{ MAP_BACKENDS, SIZE_MAX, &rows.backends },
		{ MAP_FILTER, SIZE_MAX, &rows.filter },
		{ MAP_SETTINGS, SIZE_MAX, &rows.settings },
		{ MAP_SERVICE_BASE, SIZE_MAX, &rows.base },
	};
	int r = arrays_open(maps, all, sizeof(all) / sizeof(*all), writable, reterr);

	if (r < 0)
		return r;
	*ret = rows;
	memset(&rows, 0, sizeof(rows));
	return 0;
}

static int note_read(const struct maps *maps, struct sluice_note *ret, struct err *reterr)
{
	uint32_t row = 0;

	if (bpf_map_lookup_elem(maps->at[MAP_SERVICES].fd, &row, ret) == 0)
		return 0;
	return err_sys(reterr, errno, "cannot read map %s", map_specs[MAP_SERVICES].name);
}

int rows_open_part(const struct maps *maps, size_t more_services, size_t more_backends,
		   struct rows *ret, struct err *reterr)
{
	own(rows_close) struct rows rows = choices_unmapped(maps, WINDOW_PART);
	struct sluice_note note = { 0 };
	int r = note_read(maps, &note, reterr);
	/* Row 0 is there in any case. */
	const size_t services = 1 + note.services_end + more_services;
	const struct extent all[] = {
		{ MAP_SERVICES, services, &rows.services },
		{ MAP_BACKENDS, 1 + note.backends_end + more_backends, &rows.backends },
		{ MAP_FILTER, SIZE_MAX, &rows.filter },
		{ MAP_SETTINGS, SIZE_MAX, &rows.settings },
		{ MAP_SERVICE_BASE, services, &rows.base },
	};

	if (!r)
		r = arrays_open(maps, all, sizeof(all) / sizeof(*all), true, reterr);
	if (r < 0)
		return r;
	*ret = rows;
	memset(&rows, 0, sizeof(rows));
	return 0;
}

void rows_close(struct rows *r)
{
	vec_each(w, &r->windows)
		munmap(w->at, w->n * sizeof(*w->at));
	vec_done(&r->windows);
	array_close(&r->services);
	array_close(&r->backends);
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

static uint32_t *window_find(const struct rows *r, size_t first, size_t n)
{
	vec_each(w, &r->windows)
		if (w->first <= first && first + n <= w->first + w->n)
			return w->at + (first - w->first);
	return NULL;
}

static uint32_t *window_open(struct rows *r, size_t first, size_t n)
{
	struct row_window w = { .first = first / r->window * r->window };
	size_t end = round_up(first + n, r->window);
	size_t most = round_up(rows_n_choices(r), WINDOW_PART);	/* the kernel maps whole pages */

	w.n = (end < most ? end : most) - w.first;
	w.at = mmap(NULL, w.n * sizeof(*w.at), PROT_READ | PROT_WRITE, MAP_SHARED, r->choices_fd,
		    (off_t)(w.first * sizeof(*w.at)));
	if (w.at == MAP_FAILED)
		return NULL;
	if (vec_push(&r->windows, w)) {
		munmap(w.at, w.n * sizeof(*w.at));
		return NULL;
	}
	return w.at + (first - w.first);
}

uint32_t *rows_choices(struct rows *r, uint32_t first, uint32_t n)
{
	uint32_t *at;

	assert(n <= rows_n_choices(r) && first <= rows_n_choices(r) - n);
	at = window_find(r, first, n);
	return at ? at : window_open(r, first, n);
}

int rows_put_choices(struct rows *r, uint32_t first, const uint32_t *words, uint32_t n)
{
	uint32_t *at = rows_choices(r, first, n);

	for (uint32_t i = 0; at && i < n; i++)
		__atomic_store_n(&at[i], words[i], __ATOMIC_RELAXED);
	return at ? 0 : -ENOMEM;
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

bool rows_settings_differ(const struct rows *r, const struct sluice_settings *s)
{
	return memcmp(rows_settings(r), s, sizeof(*s)) != 0;
}

bool rows_put_settings(struct rows *r, const struct sluice_settings *s)
{
	if (!rows_settings_differ(r, s))
		return false;
	store_words(rows_settings(r), s, sizeof(*s));
	return true;
}

/* --- the stamp ---------------------------------------------------------------- */

struct sluice_note *rows_note(const struct rows *r)
{
	return (struct sluice_note *)rows_service(r, 0);
}

/* A writer that dies must not leave a stamp that the tables do not bear out: keep the order. */
void rows_put_stamp(struct rows *r, struct datapath_stamp s)
{
	struct sluice_note *note = rows_note(r);

	__atomic_store_n(&note->objects, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&note->host, s.host, __ATOMIC_SEQ_CST);
	__atomic_store_n(&note->objects, s.objects, __ATOMIC_SEQ_CST);
}

/* --- filter ------------------------------------------------------------------- */

#define FILTER_WORDS (SLUICE_FILTER_BITS / 64)

/* Half of a prefix must match nothing, least of all everything: see sluice_net6_has(). */
static void net6_store(struct sluice_net6 *at, const struct sluice_net6 *n)
{
	if (!memcmp(at, n, sizeof(*at)))
		return;
	__atomic_store_n(&at->last[0], 0, __ATOMIC_RELEASE);
	__atomic_store_n(&at->host[0], 0, __ATOMIC_RELEASE);
	__atomic_store_n(&at->last[1], n->last[1], __ATOMIC_RELEASE);
	__atomic_store_n(&at->host[1], n->host[1], __ATOMIC_RELEASE);
	__atomic_store_n(&at->host[0], n->host[0], __ATOMIC_RELEASE);
	__atomic_store_n(&at->last[0], n->last[0], __ATOMIC_RELEASE);
}

static void nets_store(struct rows *r, const struct sluice_filter *f)
{
	struct sluice_filter *at = rows_filter(r);

	__atomic_store_n(&at->addrs4.word, f->addrs4.word, __ATOMIC_RELEASE);
	__atomic_store_n(&at->range4.word, f->range4.word, __ATOMIC_RELEASE);
	net6_store(&at->addrs6, &f->addrs6);
	net6_store(&at->range6, &f->range6);
}

static void filter_store(struct rows *r, const struct sluice_filter *f, bool keep)
{
	uint64_t *at = (uint64_t *)rows_filter(r)->words;

	for (size_t i = 0; i < FILTER_WORDS; i++) {
		uint64_t word = f->words[i] | (keep ? at[i] : 0);

		if (at[i] != word)
			__atomic_store_n(&at[i], word, __ATOMIC_RELEASE);
	}
	nets_store(r, f);
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
