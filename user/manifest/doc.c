/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/doc.h"

#include <string.h>

#define CHUNK_BYTES (64 * 1024)
#define ALIGN 16

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	_Alignas(ALIGN) unsigned char bytes[];
};

const struct doc_node *doc_find(const struct doc_node *map, const char *key)
{
	if (map->type != DOC_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++) {
		if (!strcmp(map->pairs[i].key, key))
			return doc_is_null(map->pairs[i].value) ? NULL : map->pairs[i].value;
	}
	return NULL;
}

bool doc_is_null(const struct doc_node *n)
{
	return n->type == DOC_SCALAR && n->scalar == SCALAR_NULL;
}

const char *doc_type_text(const struct doc_node *n)
{
	if (n->type == DOC_MAP)
		return "a map";
	if (n->type == DOC_LIST)
		return "a list";
	switch (n->scalar) {
	case SCALAR_TEXT:
		return "a string";
	case SCALAR_NULL:
		return "null";
	case SCALAR_TRUE:
	case SCALAR_FALSE:
		return "a boolean";
	case SCALAR_INT:
	case SCALAR_FLOAT:
		return "a number";
	}
	return "?";
}

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c = malloc(sizeof(*c) + size);

	if (c)
		*c = (struct arena_chunk){ .size = size };
	return c;
}

/* A chunk of its own, behind the current one, which stays in use. */
static struct arena_chunk *chunk_large(struct arena *a, size_t size)
{
	struct arena_chunk *c = chunk_new(size);
	struct arena_chunk **at = a->chunks ? &a->chunks->next : &a->chunks;

	if (!c)
		return NULL;
	c->next = *at;
	*at = c;
	return c;
}

static struct arena_chunk *chunk_current(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;

	if (c && c->size - c->used >= size)
		return c;
	c = chunk_new(CHUNK_BYTES);
	if (!c)
		return NULL;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c;
	void *at;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	c = size > CHUNK_BYTES / 4 ? chunk_large(a, size) : chunk_current(a, size);
	if (!c)
		return NULL;
	at = c->bytes + c->used;
	c->used += size;
	return memset(at, 0, size);
}

static void chunks_free(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *c = a->chunks;

	if (!c || c->size > CHUNK_BYTES) {
		arena_done(a);
		return;
	}
	chunks_free(c->next);
	c->next = NULL;
	c->used = 0;
}

void arena_done(struct arena *a)
{
	chunks_free(a->chunks);
	a->chunks = NULL;
}
