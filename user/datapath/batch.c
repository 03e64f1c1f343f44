/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/batch.h"

#include <string.h>

#include <bpf/bpf.h>

/* Bytes of values read by one call: bounds the memory, however many CPUs there are. */
#define CHUNK_BYTES (1u << 20)
/* A hash needs room for its longest bucket. */
#define CHUNK_MIN 256u
#define CHUNK_MAX 8192u

struct chunk {
	void *keys;
	void *values;
	uint32_t rows;		/* there is room for */
	size_t value_size;
};

static void chunk_done(struct chunk *c)
{
	free(c->keys);
	free(c->values);
}
DEFINE_OWN_DONE(struct chunk, chunk_done)

static int chunk_init(struct chunk *c, const struct map *m, uint32_t cpus, struct err *reterr)
{
	size_t rounded = ((size_t)m->value_size + 7) / 8 * 8;

	c->value_size = cpus ? rounded * cpus : m->value_size;
	c->rows = (uint32_t)(CHUNK_BYTES / c->value_size);
	if (c->rows < CHUNK_MIN)
		c->rows = CHUNK_MIN;
	if (c->rows > CHUNK_MAX)
		c->rows = CHUNK_MAX;
	c->keys = calloc(c->rows, m->key_size);
	c->values = calloc(c->rows, c->value_size);
	return c->keys && c->values ? 0 : err_nomem(reterr);
}

/* A bucket with more rows than there is room for. */
static int chunk_double(struct chunk *c, const struct map *m, struct err *reterr)
{
	void *keys = reallocarray(c->keys, 2ul * c->rows, m->key_size);
	void *values;

	if (!keys)
		return err_nomem(reterr);
	c->keys = keys;
	values = reallocarray(c->values, 2ul * c->rows, c->value_size);
	if (!values)
		return err_nomem(reterr);
	c->values = values;
	c->rows *= 2;
	return 0;
}

int batch_walk(const struct map *m, const char *name, uint32_t cpus, batch_fn *fn, void *arg,
	       struct err *reterr)
{
	own(chunk_done) struct chunk c = { 0 };
	uint64_t cursor = 0;	/* the kernel's, a u32 for hashes */
	bool first = true;
	int r = chunk_init(&c, m, cpus, reterr);

	while (r == 0) {
		uint32_t n = c.rows;
		uint64_t next = cursor;
		int code = 0;

		if (bpf_map_lookup_batch(m->fd, first ? NULL : &cursor, &next, c.keys, c.values,
					 &n, NULL) < 0)
			code = errno;
		if (code == ENOSPC) {
			r = chunk_double(&c, m, reterr);
			continue;
		}
		if (code && code != ENOENT)
			return err_sys(reterr, code, "cannot read map %s", name);
		r = n ? fn(arg, c.keys, c.values, n) : 0;
		if (code == ENOENT)
			return r;
		cursor = next;
		first = false;
	}
	return r;
}

int batch_walk_array(const struct map *m, const char *name, uint32_t cpus, uint32_t n,
		     batch_fn *fn, void *arg, struct err *reterr)
{
	own(chunk_done) struct chunk c = { 0 };
	int r = chunk_init(&c, m, cpus, reterr);

	for (uint32_t at = 0; r == 0 && at < n;) {
		uint32_t before = at - 1;	/* the kernel goes on behind this index */
		uint32_t last = 0;
		uint32_t got = n - at < c.rows ? n - at : c.rows;

		if (bpf_map_lookup_batch(m->fd, at ? &before : NULL, &last, c.keys, c.values,
					 &got, NULL) < 0 && errno != ENOENT)
			return err_sys(reterr, errno, "cannot read map %s", name);
		if (!got)
			return err_set(reterr, EIO, "map %s ends at row %u", name, at);
		r = fn(arg, c.keys, c.values, got);
		at += got;
	}
	return r;
}

static int put_one(const struct map *m, const char *name, const void *key, const void *value,
		   struct err *reterr)
{
	if (bpf_map_update_elem(m->fd, key, value, BPF_ANY) == 0)
		return 0;
	if (errno == E2BIG)
		return err_set(reterr, ENOSPC, "map %s is full (%u rows)", name, m->entries);
	return err_sys(reterr, errno, "cannot write map %s", name);
}

int batch_put(const struct map *m, const char *name, const void *keys, const void *values,
	      uint32_t n, struct err *reterr)
{
	uint32_t done = n;

	if (!n || bpf_map_update_batch(m->fd, keys, values, &done, NULL) == 0)
		return 0;
	/* The count is not set on every failure: go one by one, which repeats harmlessly. */
	for (uint32_t i = 0; i < n; i++) {
		int r = put_one(m, name, (const uint8_t *)keys + (size_t)i * m->key_size,
				(const uint8_t *)values + (size_t)i * m->value_size, reterr);

		if (r < 0)
			return r;
	}
	return 0;
}

int batch_del(const struct map *m, const char *name, const void *keys, uint32_t n,
	      struct err *reterr)
{
	uint32_t done = n;

	if (!n || bpf_map_delete_batch(m->fd, keys, &done, NULL) == 0)
		return 0;
	/* It stops at the first absent row. */
	for (uint32_t i = 0; i < n; i++)
		if (bpf_map_delete_elem(m->fd, (const uint8_t *)keys +
					(size_t)i * m->key_size) < 0 && errno != ENOENT)
			return err_sys(reterr, errno, "cannot write map %s", name);
	return 0;
}
