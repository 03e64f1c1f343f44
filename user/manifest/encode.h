/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Struct → JSON, by shape. */
#pragma once

#include "manifest/json_out.h"
#include "manifest/shape.h"

/* The whole object, with apiVersion and kind. */
void encode_object(struct json_out *j, const struct object *o);

/* The fields, into the map that is open. */
void encode_shape(struct json_out *j, const struct shape *s, const void *at);

/* These put @key into the open map, unless there is nothing to say. */
void encode_text(struct json_out *j, const char *key, const char *text);
void encode_texts(struct json_out *j, const char *key, const text_vec *texts);
void encode_group(struct json_out *j, const char *key, const struct shape *s, const void *at);
void encode_list(struct json_out *j, const char *key, const struct shape *s, const void *vec);

/* And this one also an empty map. */
void encode_labels(struct json_out *j, const char *key, const label_vec *labels);
