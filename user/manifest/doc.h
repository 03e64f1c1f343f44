/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A document as a tree, before anybody knows what it means. Nodes live in the document's
 * arena and die with it. An alias is the anchored node itself: the tree may share
 * nodes, but what it stands for when expanded is bounded, and no node is within itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/own.h"
#include "manifest/scalar.h"

enum doc_type {
	DOC_SCALAR,
	DOC_MAP,
	DOC_LIST,
};

struct doc_node {
	enum doc_type type;
	enum scalar scalar;	/* of a DOC_SCALAR; anything in quotes is SCALAR_TEXT */
	unsigned int line;	/* from 1 */
	uint32_t weight;	/* nodes in it, itself included, aliases expanded */
	size_t n;		/* pairs or items */
	union {
		const char *text;	/* no NUL within, valid UTF-8 */
		struct doc_pair *pairs;	/* keys are unique; merge keys are resolved */
		const struct doc_node **items;
	};
};

struct doc_pair {
	const char *key;
	unsigned int line;
	const struct doc_node *value;
};

/* NULL if @map has no such key, or if it is there with a null value. */
const struct doc_node *doc_find(const struct doc_node *map, const char *key);

bool doc_is_null(const struct doc_node *n);

/* For messages: "a map", "a list", "a string", "a number", "a boolean", "null". */
const char *doc_type_text(const struct doc_node *n);

/* --- memory ---------------------------------------------------------------------- */

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

/* Zeroed and aligned for anything; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* Frees all that it gave, and may keep a little for what comes next. */
void arena_reset(struct arena *a);
void arena_done(struct arena *a);
DEFINE_OWN_DONE(struct arena, arena_done)
