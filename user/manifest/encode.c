/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/encode.h"

#include <string.h>

#include "manifest/rfc3339.h"

void encode_text(struct json_out *j, const char *key, const char *text)
{
	if (!text)
		return;
	json_key(j, key);
	json_text(j, text);
}

void encode_texts(struct json_out *j, const char *key, const text_vec *texts)
{
	if (!texts->n)
		return;
	json_key(j, key);
	json_open(j, '[');
	vec_each(t, texts)
		json_text(j, *t);
	json_close(j, ']');
}

static void encode_names(struct json_out *j, const struct field *f, const text_vec *texts)
{
	if (!texts->n)
		return;
	json_key(j, f->key);
	json_open(j, '[');
	vec_each(t, texts) {
		json_open(j, '{');
		encode_text(j, f->sub, *t);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void encode_labels(struct json_out *j, const char *key, const label_vec *labels)
{
	json_key(j, key);
	json_open(j, '{');
	vec_each(l, labels)
		encode_text(j, l->key, l->value);
	json_close(j, '}');
}

void encode_list(struct json_out *j, const char *key, const struct shape *s, const void *vec)
{
	struct any_vec v;

	memcpy(&v, vec, sizeof(v));
	if (!v.n)
		return;
	json_key(j, key);
	json_open(j, '[');
	for (size_t i = 0; i < v.n; i++) {
		json_open(j, '{');
		encode_shape(j, s, (char *)v.at + i * s->size);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_group(struct json_out *j, const char *key, const struct shape *s, bool always,
		      const void *at)
{
	size_t mark = j->n;

	json_key(j, key);
	json_open(j, '{');
	encode_shape(j, s, at);
	if (json_is_empty(j) && !always)
		json_cut(j, mark);
	else
		json_close(j, '}');
}

void encode_group(struct json_out *j, const char *key, const struct shape *s, const void *at)
{
	put_group(j, key, s, false, at);
}

const struct choice *choice_of(const struct choice *choices, unsigned int value)
{
	for (; choices->name; choices++) {
		if (choices->value == value)
			return choices;
	}
	return NULL;
}

static void encode_choice(struct json_out *j, const struct field *f, unsigned int value)
{
	const struct choice *c = choice_of(f->choices, value);

	encode_text(j, f->key, c ? c->name : NULL);
}

static void encode_flag(struct json_out *j, const char *key, bool v)
{
	json_key(j, key);
	json_flag(j, v);
}

static void encode_number(struct json_out *j, const char *key, int64_t v)
{
	if (!v)
		return;
	json_key(j, key);
	json_number(j, v);
}

static void encode_time(struct json_out *j, const char *key, int64_t t)
{
	char buf[RFC3339_MAX];

	encode_text(j, key, t ? rfc3339_text(t, buf) : NULL);
}

static void encode_field(struct json_out *j, const struct field *f, const void *base)
{
	const void *at = (const char *)base + f->off;
	const char *text;

	switch (f->type) {
	case FIELD_TEXT:
		text = *(char *const *)at;
		encode_text(j, f->key, text && !*text && f->omit_empty ? NULL : text);
		break;
	case FIELD_BOOL:
		if (*(const bool *)at || f->always)
			encode_flag(j, f->key, *(const bool *)at);
		break;
	case FIELD_TRISTATE:
		if (*(const enum tristate *)at != TRI_UNSET)
			encode_flag(j, f->key, *(const enum tristate *)at == TRI_TRUE);
		break;
	case FIELD_PORT:
		encode_number(j, f->key, *(const uint16_t *)at);
		break;
	case FIELD_SECONDS:
		encode_number(j, f->key, *(const uint32_t *)at);
		break;
	case FIELD_TIME:
		encode_time(j, f->key, *(const int64_t *)at);
		break;
	case FIELD_CHOICE:
		encode_choice(j, f, *(const unsigned int *)at);
		break;
	case FIELD_LABELS:
		if (((const label_vec *)at)->n)
			encode_labels(j, f->key, at);
		break;
	case FIELD_TEXTS:
		encode_texts(j, f->key, at);
		break;
	case FIELD_NAMES:
		encode_names(j, f, at);
		break;
	case FIELD_GROUP:
		put_group(j, f->key, f->shape, f->always, at);
		break;
	case FIELD_LIST:
		encode_list(j, f->key, f->shape, at);
		break;
	case FIELD_OTHER:
		f->encode(base, j);
		break;
	}
}

void encode_shape(struct json_out *j, const struct shape *s, const void *at)
{
	for (size_t i = 0; i < s->n; i++)
		encode_field(j, &s->fields[i], at);
}

void encode_object(struct json_out *j, const struct object *o)
{
	const struct kind_info *k = &kind_infos[o->kind];

	json_open(j, '{');
	encode_text(j, "apiVersion", k->api_version);
	encode_text(j, "kind", k->kind);
	encode_shape(j, kind_shape(o->kind), &o->u);
	json_close(j, '}');
}
