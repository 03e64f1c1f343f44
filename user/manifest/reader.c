/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libyaml's events become a tree. A stack of open maps and lists instead of recursion:
 * its depth is bounded, as is everything else an input could grow.
 */
#include "manifest/reader.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/quote.h"
#include "base/vec.h"
#include "manifest/bounds.h"
#include "manifest/json_text.h"
#include "manifest/map.h"

#define YAML_TAG_PREFIX "tag:yaml.org,2002:"

struct anchor {
	const char *name;
	struct doc_node *node;
	bool open;		/* its end has not come yet */
};

/* A map or list whose end has not come yet. */
struct frame {
	struct doc_node *node;
	doc_pair_vec pairs;
	VEC(const struct doc_node *) items;
	const struct doc_node *key;	/* read, its value not yet */
	size_t anchor;			/* its number + 1; 0 if it has none */
};

struct reader {
	const char *name;
	char *own_text;		/* if the text had to be changed */
	const char *text;
	size_t len;
	yaml_parser_t parser;
	struct arena arena;	/* of the current document */
	VEC(struct anchor) anchors;
	struct frame frames[MANIFEST_DEPTH_MAX];
	size_t depth;
	size_t nodes;
	size_t nodes_max;
	size_t aliases;
	size_t alias_nodes;
	size_t documents;
	struct doc_node *root;
	struct err *err;	/* the caller's, during a call */
};

int reader_open(const char *name, const char *text, size_t len, size_t nodes_max,
		struct reader **ret, struct err *reterr)
{
	own(reader_close) struct reader *r = NULL;

	if (len > MANIFEST_BYTES_MAX)
		return err_set(reterr, EFBIG, "%s: larger than %u MiB", name,
			       MANIFEST_BYTES_MAX >> 20);
	r = calloc(1, sizeof(*r));
	if (!r || !yaml_parser_initialize(&r->parser))
		return err_nomem(reterr);
	r->name = name;
	r->nodes_max = nodes_max ?: MANIFEST_NODES_MAX;
	r->text = text;
	r->len = len;
	if (json_text_is(text, len) && json_text_to_yaml(text, &r->len, &r->own_text) < 0)
		return err_nomem(reterr);
	if (r->own_text)
		r->text = r->own_text;
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
	*ret = TAKE(r);
	return 0;
}

/* Its memory is kept for the next one at this depth. */
static void frame_clear(struct frame *f)
{
	f->pairs.n = f->items.n = 0;
	f->node = NULL;
	f->key = NULL;
	f->anchor = 0;
}

static void frames_done(struct reader *r)
{
	for (size_t i = 0; i < MANIFEST_DEPTH_MAX; i++) {
		vec_done(&r->frames[i].pairs);
		vec_done(&r->frames[i].items);
	}
}

static void document_done(struct reader *r)
{
	for (size_t i = 0; i < r->depth; i++)
		frame_clear(&r->frames[i]);
	r->depth = 0;
	r->nodes = r->aliases = r->alias_nodes = 0;
	r->anchors.n = 0;
	r->root = NULL;
	/* Most documents are small and many: they take turns in the same memory. */
	arena_reset(&r->arena);
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	document_done(r);
	frames_done(r);
	arena_done(&r->arena);
	vec_done(&r->anchors);
	yaml_parser_delete(&r->parser);
	free(r->own_text);
	free(r);
}

/* --- errors --------------------------------------------------------------------- */

static unsigned int event_line(const yaml_event_t *ev)
{
	return (unsigned int)ev->start_mark.line + 1;
}

#define reader_error(r, line, fmt, ...)                                            \
	err_set((r)->err, EINVAL, "%s:%u: " fmt, (r)->name, (line), ##__VA_ARGS__)

/* libyaml gives only an offset for bytes that are no text at all. */
static unsigned int offset_line(const struct reader *r, size_t offset)
{
	unsigned int line = 1;

	for (size_t i = 0; i < offset && i < r->len; i++)
		line += r->text[i] == '\n';
	return line;
}

static int syntax_error(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";
	size_t at = p->problem_mark.index;
	unsigned int line;

	switch (p->error) {
	case YAML_MEMORY_ERROR:
		return err_nomem(r->err);
	case YAML_READER_ERROR:
		return reader_error(r, offset_line(r, p->problem_offset), "%s", problem);
	default:
		break;
	}
	if (at < r->len && r->text[at] == '\t')
		problem = "a tab cannot indent, use spaces";
	line = (unsigned int)p->problem_mark.line + 1;
	if (!p->context)
		return reader_error(r, line, "%s", problem);
	if (p->context_mark.line == p->problem_mark.line)
		return reader_error(r, line, "%s, %s", problem, p->context);
	return reader_error(r, line, "%s, %s that began in line %zu", problem, p->context,
			    p->context_mark.line + 1);
}

/* --- nodes ---------------------------------------------------------------------- */

static struct doc_node *node_new(struct reader *r, enum doc_type type, const yaml_event_t *ev)
{
	struct doc_node *n;

	if (++r->nodes > r->nodes_max) {
		reader_error(r, event_line(ev), "more than %zu values in one document",
			     r->nodes_max);
		return NULL;
	}
	n = arena_alloc(&r->arena, sizeof(*n));
	if (!n) {
		err_nomem(r->err);
		return NULL;
	}
	n->type = type;
	n->line = event_line(ev);
	n->weight = 1;
	return n;
}

/* Remembers @node by its name; *ret_number counts from 1, 0 if there is no name. */
static int anchor_add(struct reader *r, const yaml_event_t *ev, const unsigned char *name,
		      struct doc_node *node, bool open, size_t *ret_number)
{
	size_t n = name ? strlen((const char *)name) + 1 : 0;
	char *copy;

	*ret_number = 0;
	if (!name)
		return 0;
	if (r->anchors.n >= MANIFEST_ANCHORS_MAX)
		return reader_error(r, event_line(ev), "more than %u anchors in one document",
				    MANIFEST_ANCHORS_MAX);
	copy = arena_alloc(&r->arena, n);
	if (!copy || vec_reserve(&r->anchors, 1) < 0)
		return err_nomem(r->err);
	memcpy(copy, name, n);
	r->anchors.at[r->anchors.n++] = (struct anchor){ copy, node, open };
	*ret_number = r->anchors.n;
	return 0;
}

static int value_put(struct reader *r, struct doc_node *value)
{
	struct frame *f;

	if (!r->depth) {
		r->root = value;
		return 0;
	}
	f = &r->frames[r->depth - 1];
	f->node->weight += value->weight;
	if (f->node->type == DOC_LIST)
		return vec_push(&f->items, value) < 0 ? err_nomem(r->err) : 0;
	if (f->key) {
		struct doc_pair pair = { f->key->text, f->key->line, value };

		f->key = NULL;
		return vec_push(&f->pairs, pair) < 0 ? err_nomem(r->err) : 0;
	}
	if (value->type != DOC_SCALAR)
		return reader_error(r, value->line, "a key must be a string, not %s",
				    doc_type_text(value));
	f->key = value;
	return 0;
}

static bool tag_is(const unsigned char *tag, const char *name)
{
	return tag && !strncmp((const char *)tag, YAML_TAG_PREFIX, strlen(YAML_TAG_PREFIX)) &&
	       !strcmp((const char *)tag + strlen(YAML_TAG_PREFIX), name);
}

/* @allowed: names behind the prefix, NULL at the end. */
static int tag_check(struct reader *r, const yaml_event_t *ev, const unsigned char *tag,
		     const char *const *allowed)
{
	char q[QUOTE_MAX];

	if (!tag || !strcmp((const char *)tag, "!"))
		return 0;
	for (; *allowed; allowed++) {
		if (tag_is(tag, *allowed))
			return 0;
	}
	return reader_error(r, event_line(ev), "the tag %s is not supported here",
			    quote((const char *)tag, q));
}

static int scalar_event(struct reader *r, const yaml_event_t *ev)
{
	static const char *const tags[] = { "str", "int", "bool", "float", "null", NULL };
	const char *text = (const char *)ev->data.scalar.value;
	const unsigned char *tag = ev->data.scalar.tag;
	size_t n = ev->data.scalar.length;
	struct doc_node *node;
	size_t number;
	char *copy;

	if (n > MANIFEST_TEXT_MAX)
		return reader_error(r, event_line(ev), "a string of more than %u KiB",
				    MANIFEST_TEXT_MAX >> 10);
	if (memchr(text, 0, n))
		return reader_error(r, event_line(ev), "a string with a NUL character");
	if (tag_check(r, ev, tag, tags) < 0)
		return -EINVAL;
	node = node_new(r, DOC_SCALAR, ev);
	copy = node ? arena_alloc(&r->arena, n + 1) : NULL;
	if (!copy)
		return node ? err_nomem(r->err) : -EINVAL;
	memcpy(copy, text, n);
	node->text = copy;
	if (tag ? !tag_is(tag, "str") && strcmp((const char *)tag, "!") != 0 :
		  ev->data.scalar.plain_implicit)
		node->scalar = scalar_resolve(copy);
	return anchor_add(r, ev, ev->data.scalar.anchor, node, false, &number) ?:
	       value_put(r, node);
}

static int alias_event(struct reader *r, const yaml_event_t *ev)
{
	const char *name = (const char *)ev->data.alias.anchor;
	char q[QUOTE_MAX];
	size_t i = r->anchors.n;

	if (++r->aliases > MANIFEST_ALIASES_MAX)
		return reader_error(r, event_line(ev), "more than %u aliases in one document",
				    MANIFEST_ALIASES_MAX);
	/* A name may be given again: the last one counts. */
	while (i > 0 && strcmp(r->anchors.at[i - 1].name, name) != 0)
		i--;
	if (!i)
		return reader_error(r, event_line(ev), "the alias %s has no anchor",
				    quote(name, q));
	if (r->anchors.at[i - 1].open)
		return reader_error(r, event_line(ev), "the alias %s stands for what it is in",
				    quote(name, q));
	r->alias_nodes += r->anchors.at[i - 1].node->weight;
	if (r->alias_nodes > MANIFEST_ALIAS_NODES_MAX)
		return reader_error(r, event_line(ev), "the aliases stand for more than %u values",
				    MANIFEST_ALIAS_NODES_MAX);
	return value_put(r, r->anchors.at[i - 1].node);
}

/* --- maps and lists ------------------------------------------------------------- */

static int open_event(struct reader *r, const yaml_event_t *ev, enum doc_type type)
{
	static const char *const map_tags[] = { "map", NULL };
	static const char *const list_tags[] = { "seq", NULL };
	bool map = type == DOC_MAP;
	const unsigned char *tag = map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;
	const unsigned char *anchor = map ? ev->data.mapping_start.anchor :
					    ev->data.sequence_start.anchor;
	struct frame *f;

	if (r->depth >= MANIFEST_DEPTH_MAX)
		return reader_error(r, event_line(ev), "maps and lists more than %u deep",
				    MANIFEST_DEPTH_MAX);
	if (r->depth && r->frames[r->depth - 1].node->type == DOC_MAP &&
	    !r->frames[r->depth - 1].key)
		return reader_error(r, event_line(ev), "a key must be a string, not %s",
				    map ? "a map (templates have to be rendered first)" :
					  "a list");
	if (tag_check(r, ev, tag, map ? map_tags : list_tags) < 0)
		return -EINVAL;
	f = &r->frames[r->depth];
	f->node = node_new(r, type, ev);
	if (!f->node || anchor_add(r, ev, anchor, f->node, true, &f->anchor) < 0)
		return -EINVAL;
	r->depth++;
	return 0;
}

static int list_close(struct reader *r, struct frame *f)
{
	size_t bytes = f->items.n * sizeof(*f->items.at);
	const struct doc_node **items = arena_alloc(&r->arena, bytes);

	if (!items)
		return err_nomem(r->err);
	if (bytes)
		memcpy(items, f->items.at, bytes);
	f->node->items = items;
	f->node->n = f->items.n;
	return 0;
}

static int map_close(struct reader *r, struct frame *f)
{
	size_t bytes;
	int err = map_resolve(r->name, &f->pairs, r->err);

	if (err)
		return err;
	bytes = f->pairs.n * sizeof(*f->pairs.at);
	f->node->pairs = arena_alloc(&r->arena, bytes);
	if (!f->node->pairs)
		return err_nomem(r->err);
	if (bytes)
		memcpy(f->node->pairs, f->pairs.at, bytes);
	f->node->n = f->pairs.n;
	return 0;
}

static int close_event(struct reader *r)
{
	struct frame *f = &r->frames[r->depth - 1];
	struct doc_node *node = f->node;
	int err = node->type == DOC_LIST ? list_close(r, f) : map_close(r, f);

	if (f->anchor)
		r->anchors.at[f->anchor - 1].open = false;
	frame_clear(f);
	r->depth--;
	return err ?: value_put(r, node);
}

/* --- documents ------------------------------------------------------------------ */

/*
 * metadata.managedFields is often the greater part of what kubectl prints, and nobody
 * here reads it: do not even build it.
 */
static bool is_unread(const struct reader *r, const yaml_event_t *ev)
{
	const struct frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;

	return ev->type == YAML_SEQUENCE_START_EVENT && f && f->key &&
	       !strcmp(f->key->text, "managedFields");
}

static int skip_list(struct reader *r)
{
	size_t depth = 1;

	while (depth) {
		yaml_event_t ev;
		unsigned int line;

		if (!yaml_parser_parse(&r->parser, &ev))
			return syntax_error(r);
		line = event_line(&ev);
		if (ev.type == YAML_SEQUENCE_START_EVENT || ev.type == YAML_MAPPING_START_EVENT)
			depth++;
		if (ev.type == YAML_SEQUENCE_END_EVENT || ev.type == YAML_MAPPING_END_EVENT)
			depth--;
		yaml_event_delete(&ev);
		if (r->depth + depth > MANIFEST_DEPTH_MAX)
			return reader_error(r, line, "maps and lists more than %u deep",
					    MANIFEST_DEPTH_MAX);
	}
	r->frames[r->depth - 1].key = NULL;
	return 0;
}

static int node_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return scalar_event(r, ev);
	case YAML_ALIAS_EVENT:
		return alias_event(r, ev);
	case YAML_MAPPING_START_EVENT:
		return open_event(r, ev, DOC_MAP);
	case YAML_SEQUENCE_START_EVENT:
		return is_unread(r, ev) ? skip_list(r) : open_event(r, ev, DOC_LIST);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		return close_event(r);
	default:
		return 0;
	}
}

/* Reads to the end of a document, or of the stream: *ret_more is false then. */
static int document_read(struct reader *r, bool *ret_more)
{
	for (;;) {
		yaml_event_t ev;
		yaml_event_type_t type;
		int err;

		if (!yaml_parser_parse(&r->parser, &ev))
			return syntax_error(r);
		type = ev.type;
		err = node_event(r, &ev);
		yaml_event_delete(&ev);
		if (err)
			return err;
		*ret_more = type != YAML_STREAM_END_EVENT;
		if (type == YAML_DOCUMENT_END_EVENT || type == YAML_STREAM_END_EVENT)
			return 0;
	}
}

int reader_next(struct reader *r, const struct doc_node **ret, struct err *reterr)
{
	bool more = false;
	int err;

	document_done(r);
	r->err = reterr;
	err = document_read(r, &more);
	r->err = NULL;
	if (err)
		return err;
	if (more && ++r->documents > MANIFEST_DOCS_MAX)
		return err_set(reterr, EFBIG, "%s: more than %u documents", r->name,
			       MANIFEST_DOCS_MAX);
	*ret = more ? r->root : NULL;
	return 0;
}
