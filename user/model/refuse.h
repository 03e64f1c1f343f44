/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Refusing an object, in the API server's words and all of them at once, as kubectl prints it:
 *	file:line: The Service "web" is invalid: spec.ports[0].port: Invalid value: 0: ...
 * or, of several complaints,
 *	file:line: The Service "web" is invalid:
 *	* spec.ports[0].port: Invalid value: 0: ...
 *	* spec.externalName: Required value
 * @path is a printf format for the field, the arguments behind the message are its own.
 */
#pragma once

#include "model/object.h"

/* Where it was read, "web.yaml:12"; of a long path its end. Returns @buf. */
#define OBJECT_PLACE_MAX 256
const char *object_place(const struct object *o, char buf[static OBJECT_PLACE_MAX]);

struct refuse {
	const struct object *object;
	size_t n;			/* complaints */
	size_t left_out;		/* of them, for want of room */
	size_t len;
	char items[ERR_TEXT_MAX - 512];	/* "\n* COMPLAINT" for each */
};

void refuse_begin(struct refuse *r, const struct object *o);

/* 0 if there was no complaint, else -EINVAL. */
int refuse_end(const struct refuse *r, struct err *reterr);

/* All that object_validate() looks at. */
void object_check(struct refuse *r);

/* "Invalid value: VALUE: WHY"; a text is quoted. */
void refuse_text(struct refuse *r, const char *value, const char *why,
		 const char *path, ...) __attribute__((format(printf, 4, 5)));
void refuse_number(struct refuse *r, long value, const char *why,
		   const char *path, ...) __attribute__((format(printf, 4, 5)));
/* The same with a value that is written as it is. */
void refuse_value(struct refuse *r, const char *value, const char *why,
		  const char *path, ...) __attribute__((format(printf, 4, 5)));
/* "Duplicate value: VALUE" */
void refuse_twice(struct refuse *r, const char *value,
		  const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Required value: WHY", or without WHY if NULL. */
void refuse_absent(struct refuse *r, const char *why,
		   const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Forbidden: WHY" */
void refuse_present(struct refuse *r, const char *why,
		    const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Too many: N: must have at most MAX items" */
void refuse_many(struct refuse *r, size_t n, size_t max,
		 const char *path, ...) __attribute__((format(printf, 4, 5)));
/* "Too long: may not be more than MAX bytes" */
void refuse_long(struct refuse *r, size_t max,
		 const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Unsupported value: VALUE: supported values: CHOICES" */
void refuse_choice(struct refuse *r, const char *value, const char *choices,
		   const char *path, ...) __attribute__((format(printf, 4, 5)));
