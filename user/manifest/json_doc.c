/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Whatever is unusual (a byte that is not ASCII, \u, a key twice, a very long key) is not
 * "plain" here, so that there is one place only that knows what to do with it: the reader.
 */
#include "manifest/json_doc.h"

#include <errno.h>
#include <string.h>

#include "base/vec.h"
#include "manifest/bounds.h"

/* Maps of more keys are not searched for twins here. */
#define KEYS_MAX 64u
#define KEY_MAX 256u

struct json {
	const char *at;
	const char *end;
	unsigned int line;
	unsigned int depth;
	size_t nodes;
	size_t nodes_max;
	struct arena *arena;
	/* Of the maps and lists that are open, the innermost last. */
	VEC(struct doc_pair) pairs;
	VEC(const struct doc_node *) items;
};

static void json_done(struct json *j)
{
	vec_done(&j->pairs);
	vec_done(&j->items);
}
DEFINE_OWN_DONE(struct json, json_done)

static void skip_space(struct json *j)
{
	for (; j->at < j->end; j->at++) {
		if (*j->at == '\n')
			j->line++;
		else if (*j->at != ' ' && *j->at != '\t' && *j->at != '\r')
			return;
	}
}

/* The next character that is no space; 0 at the end. */
static char peek(struct json *j)
{
	skip_space(j);
	return j->at < j->end ? *j->at : '\0';
}

static int take(struct json *j, char c)
{
	if (peek(j) != c)
		return -EINVAL;
	j->at++;
	return 0;
}

static int node_new(struct json *j, enum doc_type type, struct doc_node **ret)
{
	struct doc_node *n;

	if (++j->nodes > j->nodes_max)
		return -EINVAL;
	n = arena_alloc(j->arena, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->type = type;
	n->line = j->line;
	n->weight = 1;
	*ret = n;
	return 0;
}

/* --- texts ------------------------------------------------------------------------ */

static char escaped(char c)
{
	switch (c) {
	case '"': case '\\': case '/':
		return c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	}
	return '\0';
}

/* Behind the opening quote: the bytes up to the closing one, escapes and all. */
static int string_length(struct json *j, size_t *ret)
{
	for (const char *p = j->at; p < j->end; p++) {
		unsigned char c = *p;

		if (c == '"') {
			*ret = p - j->at;
			return *ret > MANIFEST_TEXT_MAX ? -EINVAL : 0;
		}
		if (c < ' ' || c > '~')
			return -EINVAL;
		if (c == '\\')
			p++;
	}
	return -EINVAL;
}

static int string_read(struct json *j, const char **ret)
{
	size_t len = 0, n = 0;
	char *copy;
	int r = take(j, '"') ?: string_length(j, &len);

	if (r)
		return r;
	copy = arena_alloc(j->arena, len + 1);
	if (!copy)
		return -ENOMEM;
	for (const char *p = j->at; p < j->at + len; p++) {
		char c = *p;

		if (c == '\\') {
			c = escaped(*++p);
			if (!c)
				return -EINVAL;
		}
		copy[n++] = c;
	}
	j->at += len + 1;
	*ret = copy;
	return 0;
}

/* --- numbers, true, false, null --------------------------------------------------- */

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* JSON's numbers, which mean the same to YAML; NULL if it is none. */
static const char *number_end(const char *p, const char *end)
{
	const char *digits;

	p += p < end && *p == '-';
	digits = p;
	p = digits_end(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return NULL;
	if (p < end && *p == '.') {
		digits = ++p;
		p = digits_end(p, end);
		if (p == digits)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		digits = p;
		p = digits_end(p, end);
		if (p == digits)
			return NULL;
	}
	return p;
}

static const char *word_end(const struct json *j)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t left = j->end - j->at;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (n <= left && !memcmp(j->at, words[i], n))
			return j->at + n;
	}
	return NULL;
}

static int plain_read(struct json *j, const struct doc_node **ret)
{
	const char *end = word_end(j) ?: number_end(j->at, j->end);
	struct doc_node *node = NULL;
	size_t n = end ? end - j->at : 0;
	char *copy;
	int r;

	/* What follows must not go on with the word: `nullable`, `1.2.3`. */
	if (!n || n > KEY_MAX || (end < j->end && !strchr(",]} \t\r\n", *end)))
		return -EINVAL;
	r = node_new(j, DOC_SCALAR, &node);
	if (r)
		return r;
	copy = arena_alloc(j->arena, n + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, j->at, n);
	node->text = copy;
	node->scalar = scalar_resolve(copy);
	j->at = end;
	*ret = node;
	return 0;
}

static int text_read(struct json *j, const struct doc_node **ret)
{
	struct doc_node *node = NULL;
	int r = node_new(j, DOC_SCALAR, &node);

	if (!r)
		r = string_read(j, &node->text);
	*ret = node;
	return r;
}

/* --- lists and maps --------------------------------------------------------------- */

static int value_read(struct json *j, const struct doc_node **ret);

/* What an open map or list has on its stack goes into the arena. */
static int close_stack(struct json *j, const void *stack, size_t first, size_t n,
		       size_t size, void **ret)
{
	*ret = arena_alloc(j->arena, n * size);
	if (!*ret)
		return -ENOMEM;
	if (n)
		memcpy(*ret, (const char *)stack + first * size, n * size);
	return 0;
}

static int list_read(struct json *j, const struct doc_node **ret)
{
	size_t first = j->items.n;
	struct doc_node *node = NULL;
	void *items = NULL;
	int r = node_new(j, DOC_LIST, &node) ?: take(j, '[');
	bool more = !r && peek(j) != ']';

	while (more && !r) {
		const struct doc_node *item = NULL;

		r = value_read(j, &item);
		if (!r)
			r = vec_push(&j->items, item);
		more = !r && peek(j) == ',';
		j->at += more;
	}
	if (!r)
		r = take(j, ']');
	if (!r)
		r = close_stack(j, j->items.at, first, j->items.n - first,
				sizeof(*j->items.at), &items);
	if (r)
		return r;
	node->items = items;
	node->n = j->items.n - first;
	j->items.n = first;
	*ret = node;
	return 0;
}

/* "<<" is not a key to YAML, and twins are an error with a text. */
static bool key_is_plain(const struct json *j, size_t first, const char *key)
{
	if (!strcmp(key, "<<") || strlen(key) > KEY_MAX || j->pairs.n - first >= KEYS_MAX)
		return false;
	for (size_t i = first; i < j->pairs.n; i++)
		if (!strcmp(j->pairs.at[i].key, key))
			return false;
	return true;
}

static int pair_read(struct json *j, size_t first)
{
	struct doc_pair pair = { .key = NULL };
	int r;

	skip_space(j);
	pair.line = j->line;
	r = string_read(j, &pair.key);
	if (r)
		return r;
	if (!key_is_plain(j, first, pair.key))
		return -EINVAL;
	r = take(j, ':') ?: value_read(j, &pair.value);
	if (r)
		return r;
	/* Nobody reads it, as the reader has it: it is not even there. */
	if (pair.value->type == DOC_LIST && !strcmp(pair.key, "managedFields"))
		return 0;
	return vec_push(&j->pairs, pair);
}

static int map_read(struct json *j, const struct doc_node **ret)
{
	size_t first = j->pairs.n;
	struct doc_node *node = NULL;
	void *pairs = NULL;
	int r = node_new(j, DOC_MAP, &node) ?: take(j, '{');
	bool more = !r && peek(j) != '}';

	while (more && !r) {
		r = pair_read(j, first);
		more = !r && peek(j) == ',';
		j->at += more;
	}
	if (!r)
		r = take(j, '}');
	if (!r)
		r = close_stack(j, j->pairs.at, first, j->pairs.n - first,
				sizeof(*j->pairs.at), &pairs);
	if (r)
		return r;
	node->pairs = pairs;
	node->n = j->pairs.n - first;
	j->pairs.n = first;
	*ret = node;
	return 0;
}

static int value_read(struct json *j, const struct doc_node **ret)
{
	char c = peek(j);
	int r;

	if (c == '"')
		return text_read(j, ret);
	if (c != '{' && c != '[')
		return plain_read(j, ret);
	if (j->depth >= MANIFEST_DEPTH_MAX)
		return -EINVAL;
	j->depth++;
	r = c == '{' ? map_read(j, ret) : list_read(j, ret);
	j->depth--;
	return r;
}

int json_doc_read(const char *text, size_t len, size_t nodes_max, struct arena *arena,
		  const struct doc_node **ret)
{
	own(json_done) struct json j = {
		.at = text, .end = text + len, .line = 1, .arena = arena,
		.nodes_max = nodes_max ?: MANIFEST_NODES_MAX,
	};
	char c = peek(&j);
	int r;

	if ((c != '{' && c != '[') || len > MANIFEST_BYTES_MAX)
		return -EINVAL;
	r = value_read(&j, ret);
	return r ? r : peek(&j) || j.at < j.end ? -EINVAL : 0;
}
