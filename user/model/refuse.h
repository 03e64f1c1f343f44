/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Refusing an object, in the API server's words:
 *	file:line: The Service "web" is invalid: spec.ports[0].port: Invalid value: 0: ...
 * @path is a printf format for the field, the arguments behind the message are its own.
 * Every function returns -EINVAL.
 */
#pragma once

#include "model/object.h"

struct refuse {
	const struct object *object;
	struct err *err;
};

/* "Invalid value: VALUE: WHY"; a text is quoted. */
int refuse_text(const struct refuse *r, const char *value, const char *why,
		const char *path, ...) __attribute__((format(printf, 4, 5)));
int refuse_number(const struct refuse *r, long value, const char *why,
		  const char *path, ...) __attribute__((format(printf, 4, 5)));
/* "Duplicate value: VALUE" */
int refuse_twice(const struct refuse *r, const char *value,
		 const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Required value: WHY", or without WHY if NULL. */
int refuse_absent(const struct refuse *r, const char *why,
		  const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Forbidden: WHY" */
int refuse_present(const struct refuse *r, const char *why,
		   const char *path, ...) __attribute__((format(printf, 3, 4)));
/* "Too many: N: must have at most MAX items" */
int refuse_many(const struct refuse *r, size_t n, size_t max,
		const char *path, ...) __attribute__((format(printf, 4, 5)));
/* "Unsupported value: VALUE: supported values: CHOICES" */
int refuse_choice(const struct refuse *r, const char *value, const char *choices,
		  const char *path, ...) __attribute__((format(printf, 4, 5)));
