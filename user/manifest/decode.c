/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/decode.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "manifest/bounds.h"
#include "manifest/known.h"
#include "manifest/rfc3339.h"

#define SECONDS_MAX 86400

/* --- where we are, and what is wrong there --------------------------------------- */

static size_t path_add(struct decoder *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static size_t path_add(struct decoder *d, const char *fmt, ...)
{
	size_t mark = d->path_len;
	size_t room = sizeof(d->path) - mark;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(d->path + mark, room, fmt, ap);
	va_end(ap);
	/* A path that is too long is cut; it is only for people. */
	d->path_len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
	return mark;
}

/* By hand: every field that is there comes through here, and printf costs more than the rest. */
static size_t path_add_plain(struct decoder *d, const char *key, size_t n)
{
	size_t mark = d->path_len;
	size_t dot = mark > 0;

	if (mark + dot + n >= sizeof(d->path))
		return path_add(d, "%s%s", dot ? "." : "", key);
	d->path[mark] = '.';
	memcpy(d->path + mark + dot, key, n + 1);
	d->path_len = mark + dot + n;
	return mark;
}

size_t decode_enter(struct decoder *d, const char *key)
{
	bool plain = *key;
	const char *p;
	char q[QUOTE_MAX];

	for (p = key; *p; p++)
		plain &= isalnum((unsigned char)*p) || *p == '_' || *p == '-';
	if (plain)
		return path_add_plain(d, key, p - key);
	return path_add(d, "[%s]", quote(key, q));
}

size_t decode_enter_item(struct decoder *d, size_t i)
{
	return path_add(d, "[%zu]", i);
}

void decode_leave(struct decoder *d, size_t mark)
{
	d->path_len = mark;
	d->path[mark] = '\0';
}

int decode_error(struct decoder *d, unsigned int line, const char *fmt, ...)
{
	char why[512], text[ERR_TEXT_MAX];
	va_list ap;

	d->n_wrong++;
	text[0] = '\0';
	if (faults_keeps(d->faults, d->source, line)) {
		va_start(ap, fmt);
		vsnprintf(why, sizeof(why), fmt, ap);
		va_end(ap);
		snprintf(text, sizeof(text), "%s:%u: %s%s%s", d->file, line, d->path,
			 d->path_len ? ": " : "", why);
	}
	return faults_add(d->faults, d->source, line, text) < 0 ? err_nomem(d->err) : -EINVAL;
}

/* What is there instead: `the string "http"`, `the number 80`, `a map`. */
static const char *found(const struct doc_node *n, char buf[static QUOTE_MAX + 16])
{
	char q[QUOTE_MAX];

	if (n->type != DOC_SCALAR || n->scalar == SCALAR_NULL)
		return doc_type_text(n);
	snprintf(buf, QUOTE_MAX + 16, "the %s%s", n->scalar == SCALAR_TEXT ? "string " :
		 n->scalar == SCALAR_TRUE || n->scalar == SCALAR_FALSE ? "boolean " : "number ",
		 n->scalar == SCALAR_TEXT ? quote(n->text, q) : n->text);
	return buf;
}

int decode_wrong(struct decoder *d, const struct doc_node *n, const char *want)
{
	char buf[QUOTE_MAX + 16];

	return decode_error(d, n->line, "must be %s, not %s", want, found(n, buf));
}

int decode_want(struct decoder *d, const struct doc_node *n, enum doc_type type)
{
	if (n->type == type)
		return 0;
	return decode_wrong(d, n, type == DOC_MAP ? "a map" : type == DOC_LIST ? "a list" :
			    "a single value");
}

/* --- fields that are none --------------------------------------------------------- */

static int unknown_tell(struct decoder *d, const struct shape *s, const struct doc_pair *p)
{
	char text[ERR_TEXT_MAX];
	const char *near;
	size_t mark;

	if (d->n_unknown++ >= MANIFEST_UNKNOWN_MAX ||
	    !faults_keeps(d->unknown, d->source, p->line)) {
		faults_count(d->unknown);
		return 0;
	}
	near = known_nearest(s, p->key);
	mark = decode_enter(d, p->key);
	snprintf(text, sizeof(text), "%s:%u: unknown field \"%s\"%s%s%s", d->file, p->line, d->path,
		 near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	decode_leave(d, mark);
	return faults_add(d->unknown, d->source, p->line, text) ? err_nomem(d->err) : 0;
}

/* Below a field that nobody reads: a map, or a list of maps. */
static int unknown_below(struct decoder *d, const struct shape *s, const struct doc_pair *p)
{
	const struct doc_node *value = p->value;
	size_t mark = decode_enter(d, p->key);
	int err = decode_unknown(d, s, value);

	for (size_t i = 0; !err && value->type == DOC_LIST && i < value->n; i++) {
		size_t item = decode_enter_item(d, i);

		err = decode_unknown(d, s, value->items[i]);
		decode_leave(d, item);
	}
	decode_leave(d, mark);
	return err;
}

int decode_unknown(struct decoder *d, const struct shape *s, const struct doc_node *map)
{
	int err = 0;

	if (!d->unknown || s->open || map->type != DOC_MAP)
		return 0;
	for (size_t i = 0; !err && i < map->n; i++) {
		const struct doc_pair *p = &map->pairs[i];
		const struct shape *below;

		if (!known_has(s, p->key, &below))
			err = unknown_tell(d, s, p);
		else if (below)
			err = unknown_below(d, below, p);
	}
	return err;
}

/* --- scalars -------------------------------------------------------------------- */

int decode_borrow(struct decoder *d, const struct doc_node *n, const char **ret)
{
	char buf[QUOTE_MAX + 16];

	if (n->type != DOC_SCALAR || n->scalar == SCALAR_NULL)
		return decode_wrong(d, n, "a string");
	if (n->scalar != SCALAR_TEXT)
		return decode_error(d, n->line, "must be a string, not %s: put it in quotes",
				    found(n, buf));
	*ret = n->text;
	return 0;
}

int decode_text(struct decoder *d, const struct doc_node *n, char **ret)
{
	const char *text = NULL;
	char *copy;
	int err = decode_borrow(d, n, &text);

	if (err)
		return err;
	copy = strdup(text);
	if (!copy)
		return err_nomem(d->err);
	free(*ret);
	*ret = copy;
	return 0;
}

int decode_bool(struct decoder *d, const struct doc_node *n, bool *ret)
{
	if (n->type != DOC_SCALAR || (n->scalar != SCALAR_TRUE && n->scalar != SCALAR_FALSE))
		return decode_wrong(d, n, "true or false");
	*ret = n->scalar == SCALAR_TRUE;
	return 0;
}

/* @wrong says in the API server's words what is wrong with a number outside of 0 to @max. */
static int decode_number(struct decoder *d, const struct doc_node *n, int64_t max,
			 const char *wrong, int64_t *ret)
{
	char want[64];
	int64_t v = 0;

	if (n->type != DOC_SCALAR || n->scalar != SCALAR_INT) {
		snprintf(want, sizeof(want), "a number between 1 and %lld", (long long)max);
		return decode_wrong(d, n, want);
	}
	/* 0 is "none" to some fields; for the others validation refuses it. */
	if (scalar_int(n->text, &v) < 0 || v < 0 || v > max)
		return decode_error(d, n->line, "Invalid value: %.40s: %s", n->text, wrong);
	*ret = v;
	return 0;
}

int decode_port(struct decoder *d, const struct doc_node *n, uint16_t *ret)
{
	int64_t v = 0;
	int err = decode_number(d, n, UINT16_MAX, "must be between 1 and 65535, inclusive", &v);

	if (!err)
		*ret = (uint16_t)v;
	return err;
}

static int decode_seconds(struct decoder *d, const struct doc_node *n, uint32_t *ret)
{
	static const char wrong[] = "must be greater than 0 and less than 86400";
	int64_t v = 0;
	int err = decode_number(d, n, SECONDS_MAX, wrong, &v);

	if (!err && !v)
		err = decode_error(d, n->line, "Invalid value: 0: %s", wrong);
	if (!err)
		*ret = (uint32_t)v;
	return err;
}

static int decode_time(struct decoder *d, const struct doc_node *n, int64_t *ret)
{
	const char *text = NULL;
	int err = decode_borrow(d, n, &text);

	if (err)
		return err;
	return rfc3339_parse(text, ret) < 0 ?
	       decode_wrong(d, n, "a time like 2006-01-02T15:04:05Z") : 0;
}

static int decode_tristate(struct decoder *d, const struct doc_node *n, enum tristate *ret)
{
	bool v = false;
	int err = decode_bool(d, n, &v);

	if (!err)
		*ret = v ? TRI_TRUE : TRI_FALSE;
	return err;
}

static void choices_text(const struct choice *choices, char *buf, size_t size)
{
	size_t at = 0;

	for (; choices->name && at < size; choices++)
		at += (size_t)snprintf(buf + at, size - at, "%s\"%s\"", at ? ", " : "",
				       choices->name);
}

int decode_choice(struct decoder *d, const struct doc_node *n, const struct choice *choices,
		  unsigned int *ret)
{
	char names[128];
	char q[QUOTE_MAX];
	const char *text = NULL;
	int err = decode_borrow(d, n, &text);

	if (err || !*text)
		return err;
	for (const struct choice *c = choices; c->name; c++) {
		if (!strcmp(c->name, text)) {
			*ret = c->value;
			return 0;
		}
	}
	choices_text(choices, names, sizeof(names));
	return decode_error(d, n->line, "Unsupported value: %s: supported values: %s",
			    quote(text, q), names);
}

/* --- lists and labels ------------------------------------------------------------ */

int decode_texts(struct decoder *d, const struct doc_node *n, text_vec *ret)
{
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);
		const char *text = NULL;

		err = decode_borrow(d, n->items[i], &text);
		if (!err && texts_push(ret, text) < 0)
			err = err_nomem(d->err);
		err = decode_go_on(err);
		decode_leave(d, mark);
	}
	return err;
}

static int decode_name(struct decoder *d, const char *sub, const struct doc_node *n,
		       text_vec *ret)
{
	const struct doc_node *value;
	const char *text = NULL;
	size_t mark;
	const struct field only[] = { { .key = sub } };
	const struct shape shape = SHAPE(only);
	int err = decode_want(d, n, DOC_MAP) ?: decode_unknown(d, &shape, n);

	value = err ? NULL : doc_find(n, sub);
	if (!value)
		return err;
	mark = decode_enter(d, sub);
	err = decode_borrow(d, value, &text);
	if (!err && texts_push(ret, text) < 0)
		err = err_nomem(d->err);
	decode_leave(d, mark);
	return err;
}

int decode_names(struct decoder *d, const char *sub, const struct doc_node *n, text_vec *ret)
{
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);

		err = decode_go_on(decode_name(d, sub, n->items[i], ret));
		decode_leave(d, mark);
	}
	return err;
}

/* Keys are unique in the map, so no search for each as labels_set() does. */
static int label_push(label_vec *labels, const char *key, const char *value)
{
	own(free) char *k = strdup(key);
	own(free) char *v = strdup(value);

	if (!k || !v || vec_reserve(labels, 1) < 0)
		return -ENOMEM;
	labels->at[labels->n++] = (struct label){ TAKE(k), TAKE(v) };
	return 0;
}

int decode_labels(struct decoder *d, const struct doc_node *n, label_vec *ret)
{
	int err = decode_want(d, n, DOC_MAP);

	for (size_t i = 0; !err && i < n->n; i++) {
		const struct doc_pair *p = &n->pairs[i];
		size_t mark = decode_enter(d, p->key);
		const char *text = "";

		/* `key:` with nothing behind it is the empty value. */
		if (!doc_is_null(p->value))
			err = decode_borrow(d, p->value, &text);
		if (!err && label_push(ret, p->key, text) < 0)
			err = err_nomem(d->err);
		err = decode_go_on(err);
		decode_leave(d, mark);
	}
	return err;
}

int decode_list(struct decoder *d, const struct shape *s, const struct doc_node *n, void *vec)
{
	struct any_vec v;
	int err = decode_want(d, n, DOC_LIST);

	memcpy(&v, vec, sizeof(v));
	if (!err && n->n > MANIFEST_ITEMS_MAX)
		err = decode_error(d, n->line, "a list of more than %u items",
				   MANIFEST_ITEMS_MAX);
	if (!err && vec_grow(&v.at, &v.cap, v.n + n->n, s->size) < 0)
		err = err_nomem(d->err);
	for (size_t i = 0; !err && i < n->n; i++) {
		void *at = (char *)v.at + v.n++ * s->size;
		size_t mark = decode_enter_item(d, i);

		memset(at, 0, s->size);
		err = decode_go_on(decode_shape(d, s, n->items[i], at));
		decode_leave(d, mark);
	}
	memcpy(vec, &v, sizeof(v));
	return err;
}

/* --- maps ----------------------------------------------------------------------- */

static int decode_value(struct decoder *d, const struct field *f, const struct doc_node *n,
			void *base)
{
	void *at = (char *)base + f->off;

	switch (f->type) {
	case FIELD_TEXT:
		return decode_text(d, n, at);
	case FIELD_BOOL:
		return decode_bool(d, n, at);
	case FIELD_TRISTATE:
		return decode_tristate(d, n, at);
	case FIELD_PORT:
		return decode_port(d, n, at);
	case FIELD_SECONDS:
		return decode_seconds(d, n, at);
	case FIELD_TIME:
		return decode_time(d, n, at);
	case FIELD_CHOICE:
		return decode_choice(d, n, f->choices, at);
	case FIELD_LABELS:
		return decode_labels(d, n, at);
	case FIELD_TEXTS:
		return decode_texts(d, n, at);
	case FIELD_NAMES:
		return decode_names(d, f->sub, n, at);
	case FIELD_GROUP:
		return decode_shape(d, f->shape, n, at);
	case FIELD_LIST:
		return decode_list(d, f->shape, n, at);
	case FIELD_OTHER:
		return f->decode(d, n, base);
	}
	return 0;
}

static int decode_absent(struct decoder *d, const struct field *f, void *base)
{
	char **at = (char **)((char *)base + f->off);

	if (f->type != FIELD_TEXT || !f->never_null)
		return 0;
	*at = strdup("");
	return *at ? 0 : err_nomem(d->err);
}

/* The path is only made when it is needed: most fields of most objects are absent. */
static int decode_field(struct decoder *d, const struct shape *s, const struct field *f,
			const struct doc_node *n, void *at)
{
	const struct doc_node *value = doc_find(n, f->key);
	size_t mark;
	int err;

	if (!value && !(s->required && !strcmp(f->key, s->required)))
		return decode_absent(d, f, at);
	mark = decode_enter(d, f->key);
	err = value ? decode_value(d, f, value, at) :
		      decode_error(d, n->line, "Required value");
	decode_leave(d, mark);
	return err;
}

int decode_shape(struct decoder *d, const struct shape *s, const struct doc_node *n, void *at)
{
	/* Those of the outer map first: of many, only a few are told. */
	int err = decode_want(d, n, DOC_MAP) ?: decode_unknown(d, s, n);

	for (size_t i = 0; !err && i < s->n; i++)
		err = decode_go_on(decode_field(d, s, &s->fields[i], n, at));
	return err;
}
