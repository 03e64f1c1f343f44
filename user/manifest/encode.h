/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Struct → JSON value, by shape. All functions return 0 or -ENOMEM. */
#pragma once

#include "manifest/shape.h"

/* The whole object, with apiVersion and kind; NULL when out of memory. */
json_t *encode_object(const struct object *o);

int encode_shape(const struct shape *s, const void *at, json_t *map);

/* These put @key into @map, unless there is nothing to say. */
int encode_text(json_t *map, const char *key, const char *text);
int encode_texts(json_t *map, const char *key, const text_vec *texts);
int encode_names(json_t *map, const char *key, const char *sub, const text_vec *texts);
int encode_labels(json_t *map, const char *key, const label_vec *labels);
int encode_group(json_t *map, const char *key, const struct shape *s, const void *at);
int encode_list(json_t *map, const char *key, const struct shape *s, const void *vec);

static inline void json_unref_at(json_t **j)
{
	json_decref(*j);
}
