/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The shape of an object in a manifest: which key stands for which member of the model's
 * struct. One table serves both directions, so that what is printed can be read.
 */
#pragma once

#include <stddef.h>

#include "manifest/doc.h"
#include "model/object.h"

struct decoder;
struct json_out;

enum field_type {
	FIELD_TEXT,	/* char * */
	FIELD_BOOL,	/* bool */
	FIELD_TRISTATE,	/* enum tristate */
	FIELD_PORT,	/* uint16_t */
	FIELD_SECONDS,	/* uint32_t, 1 to 86400 */
	FIELD_TIME,	/* int64_t, RFC 3339 */
	FIELD_CHOICE,	/* an enum; 0 is "not given" */
	FIELD_LABELS,	/* label_vec */
	FIELD_TEXTS,	/* text_vec */
	FIELD_NAMES,	/* text_vec, as [{sub: text}, ...] */
	FIELD_GROUP,	/* a map whose fields are members of the same struct */
	FIELD_LIST,	/* VEC of structs of shape->size */
	FIELD_OTHER,	/* its own functions */
};

/* A name of a FIELD_CHOICE; the array ends with a NULL name. */
struct choice {
	const char *name;
	unsigned int value;
};

struct field {
	const char *key;
	enum field_type type;
	size_t off;			/* in the struct; FIELD_OTHER gets the whole */
	bool omit_empty;		/* FIELD_TEXT: "" is not printed */
	bool never_null;		/* FIELD_TEXT: absent reads as "" */
	bool always;			/* FIELD_BOOL, FIELD_GROUP: printed even if empty */
	const struct shape *shape;	/* FIELD_GROUP, FIELD_LIST */
	const struct choice *choices;	/* FIELD_CHOICE, in alphabetical order */
	const char *sub;		/* FIELD_NAMES */
	/* FIELD_OTHER. Not called for an absent or null key. */
	int (*decode)(struct decoder *d, const struct doc_node *n, void *at);
	/* Puts what it has to say into the map that is open. */
	void (*encode)(const void *at, struct json_out *j);
};

/* A field that Kubernetes has and that is not read here. */
struct other_field {
	const char *key;
	const struct shape *shape;	/* of what it holds, to find unknown fields there; or NULL */
};

struct shape {
	const struct field *fields;
	size_t n;
	size_t size;			/* of the struct of a FIELD_LIST */
	const char *required;		/* a key that must be there, or NULL */
	const struct other_field *others;	/* by key */
	size_t n_others;
	bool open;			/* there may be any others */
};

#define SHAPE(fields_, ...)                                                        \
	{                                                                          \
		.fields = (fields_), .n = sizeof(fields_) / sizeof((fields_)[0]),  \
		##__VA_ARGS__                                                      \
	}

#define OTHER(key_) { .key = (key_) }

#define OTHERS(others_) \
	.others = (others_), .n_others = sizeof(others_) / sizeof((others_)[0])

extern const struct other_field type_others[2];	/* apiVersion, kind: of every kind */
extern const struct shape list_shape;		/* of a List; it has no fields that are read by it */
extern const struct shape meta_shape;		/* of struct meta */
extern const struct shape service_shape;	/* these of the kinds' structs */
extern const struct shape slice_shape;
extern const struct shape endpoints_shape;
extern const struct shape pod_shape;
extern const struct shape node_shape;

/* Parts that a slice shares with Endpoints. */
extern const struct shape slice_port_shape;	/* of struct slice_port */
extern const struct shape target_shape;		/* of struct endpoint */

extern const struct choice protocol_choices[];
extern const struct choice family_choices[];	/* enum family + 1 */

/* The kind's own shape, "metadata" included. */
const struct shape *kind_shape(enum kind kind);

/* The members of a struct VEC(x), whatever x is: all pointers look alike. */
struct any_vec {
	void *at;
	size_t n;
	size_t cap;
};

const struct choice *choice_of(const struct choice *choices, unsigned int value);
