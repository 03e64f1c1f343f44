/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/encode.h"

#include <string.h>

#include "manifest/rfc3339.h"

/* Takes @value, which may be NULL for want of memory. */
static int put(json_t *map, const char *key, json_t *value)
{
	return json_object_set_new(map, key, value) < 0 ? -ENOMEM : 0;
}

int encode_text(json_t *map, const char *key, const char *text)
{
	return text ? put(map, key, json_string(text)) : 0;
}

int encode_texts(json_t *map, const char *key, const text_vec *texts)
{
	own(json_unref) json_t *list = NULL;

	if (!texts->n)
		return 0;
	list = json_array();
	vec_each(t, texts) {
		if (json_array_append_new(list, json_string(*t)) < 0)
			return -ENOMEM;
	}
	return put(map, key, TAKE(list));
}

int encode_names(json_t *map, const char *key, const char *sub, const text_vec *texts)
{
	own(json_unref) json_t *list = NULL;

	if (!texts->n)
		return 0;
	list = json_array();
	vec_each(t, texts) {
		own(json_unref) json_t *item = json_object();

		if (encode_text(item, sub, *t) < 0 ||
		    json_array_append_new(list, TAKE(item)) < 0)
			return -ENOMEM;
	}
	return put(map, key, TAKE(list));
}

static json_t *labels_object(const label_vec *labels)
{
	own(json_unref) json_t *map = json_object();

	vec_each(l, labels) {
		if (put(map, l->key, json_string(l->value)) < 0)
			return NULL;
	}
	return TAKE(map);
}

int encode_labels(json_t *map, const char *key, const label_vec *labels)
{
	return put(map, key, labels_object(labels));
}

int encode_list(json_t *map, const char *key, const struct shape *s, const void *vec)
{
	own(json_unref) json_t *list = NULL;
	struct any_vec v;

	memcpy(&v, vec, sizeof(v));
	if (!v.n)
		return 0;
	list = json_array();
	for (size_t i = 0; i < v.n; i++) {
		own(json_unref) json_t *item = json_object();

		if (encode_shape(s, (char *)v.at + i * s->size, item) < 0 ||
		    json_array_append_new(list, TAKE(item)) < 0)
			return -ENOMEM;
	}
	return put(map, key, TAKE(list));
}

static int put_group(json_t *map, const char *key, const struct shape *s, bool always,
		     const void *at)
{
	own(json_unref) json_t *group = json_object();

	if (!group || encode_shape(s, at, group) < 0)
		return -ENOMEM;
	if (!json_object_size(group) && !always)
		return 0;
	return put(map, key, TAKE(group));
}

int encode_group(json_t *map, const char *key, const struct shape *s, const void *at)
{
	return put_group(map, key, s, false, at);
}

const struct choice *choice_of(const struct choice *choices, unsigned int value)
{
	for (; choices->name; choices++) {
		if (choices->value == value)
			return choices;
	}
	return NULL;
}

static int encode_choice(json_t *map, const struct field *f, unsigned int value)
{
	const struct choice *c = choice_of(f->choices, value);

	return c ? encode_text(map, f->key, c->name) : 0;
}

static int encode_number(json_t *map, const char *key, int64_t v)
{
	return v ? put(map, key, json_integer(v)) : 0;
}

static int encode_time(json_t *map, const char *key, int64_t t)
{
	char buf[RFC3339_MAX];

	return t ? encode_text(map, key, rfc3339_text(t, buf)) : 0;
}

static int encode_field(json_t *map, const struct field *f, const void *base)
{
	const void *at = (const char *)base + f->off;
	const char *text;

	switch (f->type) {
	case FIELD_TEXT:
		text = *(char *const *)at;
		return text && (*text || !f->omit_empty) ?
		       encode_text(map, f->key, text) : 0;
	case FIELD_BOOL:
		return *(const bool *)at || f->always ?
		       put(map, f->key, json_boolean(*(const bool *)at)) : 0;
	case FIELD_TRISTATE:
		return *(const enum tristate *)at == TRI_UNSET ? 0 :
		       put(map, f->key, json_boolean(*(const enum tristate *)at == TRI_TRUE));
	case FIELD_PORT:
		return encode_number(map, f->key, *(const uint16_t *)at);
	case FIELD_SECONDS:
		return encode_number(map, f->key, *(const uint32_t *)at);
	case FIELD_TIME:
		return encode_time(map, f->key, *(const int64_t *)at);
	case FIELD_CHOICE:
		return encode_choice(map, f, *(const unsigned int *)at);
	case FIELD_LABELS:
		return ((const label_vec *)at)->n ? encode_labels(map, f->key, at) : 0;
	case FIELD_TEXTS:
		return encode_texts(map, f->key, at);
	case FIELD_NAMES:
		return encode_names(map, f->key, f->sub, at);
	case FIELD_GROUP:
		return put_group(map, f->key, f->shape, f->always, at);
	case FIELD_LIST:
		return encode_list(map, f->key, f->shape, at);
	case FIELD_OTHER:
		return f->encode(base, map);
	}
	return 0;
}

int encode_shape(const struct shape *s, const void *at, json_t *map)
{
	for (size_t i = 0; i < s->n; i++) {
		if (encode_field(map, &s->fields[i], at) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *encode_object(const struct object *o)
{
	const struct kind_info *k = &kind_infos[o->kind];
	own(json_unref) json_t *map = json_object();

	if (encode_text(map, "apiVersion", k->api_version) < 0 ||
	    encode_text(map, "kind", k->kind) < 0 ||
	    encode_shape(kind_shape(o->kind), &o->u, map) < 0)
		return NULL;
	return TAKE(map);
}
