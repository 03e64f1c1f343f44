/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Objects → text. Keys are sorted, as kubectl prints them; strings that a YAML reader
 * could take for something else are quoted.
 */
#include <jansson.h>
#include <string.h>
#include <yaml.h>

#include "manifest/encode.h"
#include "manifest/manifest.h"

#define JSON_INDENT_KUBECTL 4

/* --- one value for all that is printed -------------------------------------------- */

static void json_unref_at(json_t **j)
{
	json_decref(*j);
}

/* NULL when out of memory. */
static json_t *object_value(const struct object *o)
{
	own(free) char *text = manifest_json(o);

	return text ? json_loads(text, 0, NULL) : NULL;
}

/* --- YAML ------------------------------------------------------------------------- */

static int file_write(void *arg, unsigned char *bytes, size_t n)
{
	return fwrite(bytes, 1, n, arg) == n;
}

/* Takes over the event, as libyaml does. */
static int emit(yaml_emitter_t *e, yaml_event_t *ev, int made)
{
	if (!made)
		return -ENOMEM;
	return yaml_emitter_emit(e, ev) ? 0 : -EIO;
}

/* A text of lines is a block, if nothing in it could be lost there. */
static bool is_block(const char *text)
{
	if (!strchr(text, '\n') || *text == ' ' || *text == '\n' || *text == '\t')
		return false;
	for (const char *p = text; *p; p++) {
		if (*p == '\n' && (p[1] == '\n' || (p > text && p[-1] == ' ')))
			return false;
		if ((*p < ' ' && *p != '\n') || *p > '~')
			return false;
	}
	return true;
}

static int text_emit(yaml_emitter_t *e, const char *text)
{
	yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
	yaml_event_t ev;

	if (is_block(text))
		style = YAML_LITERAL_SCALAR_STYLE;
	else if (strchr(text, '\n') || scalar_needs_quotes(text))
		style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	return emit(e, &ev, yaml_scalar_event_initialize(&ev, NULL, NULL,
		    (const yaml_char_t *)text, (int)strlen(text), 1, 1, style));
}

static int plain_emit(yaml_emitter_t *e, const char *text)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_scalar_event_initialize(&ev, NULL, NULL,
		    (const yaml_char_t *)text, (int)strlen(text), 1, 1,
		    YAML_PLAIN_SCALAR_STYLE));
}

static int value_emit(yaml_emitter_t *e, json_t *v);

static int key_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int pairs_emit(yaml_emitter_t *e, json_t *map)
{
	size_t n = json_object_size(map);
	own(free) const char **keys = calloc(n ? n : 1, sizeof(*keys));
	const char *key;
	json_t *value;
	size_t i = 0;

	if (!keys)
		return -ENOMEM;
	json_object_foreach(map, key, value)
		keys[i++] = key;
	qsort(keys, n, sizeof(*keys), key_cmp);
	for (i = 0; i < n; i++) {
		int err = text_emit(e, keys[i]) ?: value_emit(e, json_object_get(map, keys[i]));

		if (err)
			return err;
	}
	return 0;
}

static int map_begin(yaml_emitter_t *e)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1,
								YAML_BLOCK_MAPPING_STYLE));
}

static int map_end(yaml_emitter_t *e)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_mapping_end_event_initialize(&ev));
}

static int map_emit(yaml_emitter_t *e, json_t *map)
{
	return map_begin(e) ?: pairs_emit(e, map) ?: map_end(e);
}

static int list_begin(yaml_emitter_t *e)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1,
						YAML_BLOCK_SEQUENCE_STYLE));
}

static int list_end(yaml_emitter_t *e)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_sequence_end_event_initialize(&ev));
}

static int list_emit(yaml_emitter_t *e, json_t *list)
{
	int err = list_begin(e);

	for (size_t i = 0; !err && i < json_array_size(list); i++)
		err = value_emit(e, json_array_get(list, i));
	return err ?: list_end(e);
}

static int value_emit(yaml_emitter_t *e, json_t *v)
{
	char number[32];

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return map_emit(e, v);
	case JSON_ARRAY:
		return list_emit(e, v);
	case JSON_STRING:
		return text_emit(e, json_string_value(v));
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return plain_emit(e, number);
	case JSON_TRUE:
		return plain_emit(e, "true");
	case JSON_FALSE:
		return plain_emit(e, "false");
	default:
		return plain_emit(e, "null");
	}
}

static int object_emit(yaml_emitter_t *e, const struct object *o)
{
	own(json_unref) json_t *v = object_value(o);

	return v ? value_emit(e, v) : -ENOMEM;
}

/* Object by object: there may be many. */
static int items_emit(yaml_emitter_t *e, struct object *const *objects, size_t n)
{
	int err = list_begin(e);

	for (size_t i = 0; !err && i < n; i++)
		err = object_emit(e, objects[i]);
	return err ?: list_end(e);
}

/* kubectl's List around the objects. */
static int all_emit(yaml_emitter_t *e, struct object *const *objects, size_t n)
{
	return map_begin(e) ?:
	       text_emit(e, "apiVersion") ?: text_emit(e, "v1") ?:
	       text_emit(e, "items") ?: items_emit(e, objects, n) ?:
	       text_emit(e, "kind") ?: text_emit(e, "List") ?:
	       text_emit(e, "metadata") ?: map_begin(e) ?:
	       text_emit(e, "resourceVersion") ?: text_emit(e, "") ?:
	       map_end(e) ?:
	       map_end(e);
}

/* One document of the @n objects, a List unless it is one of several; the first bears no "---". */
static int document_emit(yaml_emitter_t *e, struct object *const *objects, size_t n, bool list,
			 bool first)
{
	yaml_event_t ev;

	return emit(e, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, first)) ?:
	       (list ? all_emit(e, objects, n) : object_emit(e, *objects)) ?:
	       emit(e, &ev, yaml_document_end_event_initialize(&ev, 1));
}

static int objects_emit(yaml_emitter_t *e, struct object *const *objects, size_t n, bool list)
{
	int err = 0;

	if (list)
		return document_emit(e, objects, n, true, true);
	for (size_t i = 0; !err && i < n; i++)
		err = document_emit(e, &objects[i], 1, false, i == 0);
	return err;
}

int manifest_print_yaml(FILE *out, struct object *const *objects, size_t n, bool list)
{
	yaml_emitter_t e;
	yaml_event_t ev;
	int err;

	if (!yaml_emitter_initialize(&e))
		return -ENOMEM;
	yaml_emitter_set_output(&e, file_write, out);
	yaml_emitter_set_unicode(&e, 1);
	yaml_emitter_set_width(&e, -1);
	err = emit(&e, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING)) ?:
	      objects_emit(&e, objects, n, list) ?:
	      emit(&e, &ev, yaml_stream_end_event_initialize(&ev));
	if (!err && !yaml_emitter_flush(&e))
		err = -EIO;
	yaml_emitter_delete(&e);
	return err;
}

/* --- JSON ------------------------------------------------------------------------- */

/* What is not at the beginning of the text is indented so far. */
#define ITEM_NEWLINE "\n        "

/* A json_dump_callback_t. There is no newline in a JSON text but between its tokens. */
static int item_write(const char *bytes, size_t n, void *out)
{
	while (n) {
		const char *newline = memchr(bytes, '\n', n);
		size_t line = newline ? (size_t)(newline - bytes) : n;

		if (fwrite(bytes, 1, line, out) != line ||
		    (newline && fputs(ITEM_NEWLINE, out) == EOF))
			return -1;
		line += newline != NULL;
		bytes += line;
		n -= line;
	}
	return 0;
}

static int file_bytes(const char *bytes, size_t n, void *out)
{
	return fwrite(bytes, 1, n, out) == n ? 0 : -1;
}

static int object_dump(FILE *out, const struct object *o, json_dump_callback_t write)
{
	own(json_unref) json_t *v = object_value(o);

	if (!v)
		return -ENOMEM;
	return json_dump_callback(v, write, out, JSON_INDENT(JSON_INDENT_KUBECTL) |
						 JSON_SORT_KEYS) < 0 ? -EIO : 0;
}

/* kubectl's List around the objects. */
static int all_dump(FILE *out, struct object *const *objects, size_t n)
{
	int err = 0;

	fputs("{\n    \"apiVersion\": \"v1\",\n    \"items\": [", out);
	for (size_t i = 0; !err && i < n; i++) {
		fputs(i ? "," ITEM_NEWLINE : ITEM_NEWLINE, out);
		err = object_dump(out, objects[i], item_write);
	}
	fputs(n ? "\n    ],\n" : "],\n", out);
	fputs("    \"kind\": \"List\",\n    \"metadata\": {\n"
	      "        \"resourceVersion\": \"\"\n    }\n}", out);
	return err;
}

int manifest_print_json(FILE *out, struct object *const *objects, size_t n, bool list)
{
	/* JSON knows no second document. */
	int err = list || n != 1 ? all_dump(out, objects, n) :
				   object_dump(out, objects[0], file_bytes);

	if (!err && (fputc('\n', out) == EOF || ferror(out)))
		err = -EIO;
	return err;
}

char *manifest_json(const struct object *o)
{
	own(json_out_done) struct json_out j = { 0 };

	encode_object(&j, o);
	return json_out_take(&j);
}
