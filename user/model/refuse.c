/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/refuse.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/quote.h"

#define PATH_MAX_TEXT 160

/* Place, object and field, then what the caller found. */
static int refuse(const struct refuse *r, const char *what, const char *path, va_list ap)
{
	const struct object *o = r->object;
	char name[QUOTE_MAX];
	char field[PATH_MAX_TEXT];
	char place[200] = "";

	if (o->file)
		snprintf(place, sizeof(place), "%s:%u: ", o->file, o->line);
	vsnprintf(field, sizeof(field), path, ap);
	return err_set(r->err, EINVAL, "%sThe %s %s is invalid: %s: %s", place,
		       kind_infos[o->kind].kind, quote(o->meta->name, name), field, what);
}

#define WHAT_MAX 640

#define REFUSE(fmt, ...)                                                           \
	({                                                                         \
		char what_[WHAT_MAX];                                              \
		va_list ap_;                                                       \
		int err_;                                                          \
                                                                                   \
		snprintf(what_, sizeof(what_), fmt, ##__VA_ARGS__);                \
		va_start(ap_, path);                                               \
		err_ = refuse(r, what_, path, ap_);                                \
		va_end(ap_);                                                       \
		err_;                                                              \
	})

int refuse_text(const struct refuse *r, const char *value, const char *why,
		const char *path, ...)
{
	char q[QUOTE_MAX];

	return REFUSE("Invalid value: %s: %s", quote(value, q), why);
}

int refuse_number(const struct refuse *r, long value, const char *why,
		  const char *path, ...)
{
	return REFUSE("Invalid value: %ld: %s", value, why);
}

int refuse_twice(const struct refuse *r, const char *value, const char *path, ...)
{
	return REFUSE("Duplicate value: %s", value);
}

int refuse_absent(const struct refuse *r, const char *why, const char *path, ...)
{
	return REFUSE("Required value%s%s", why ? ": " : "", why ? why : "");
}

int refuse_present(const struct refuse *r, const char *why, const char *path, ...)
{
	return REFUSE("Forbidden: %s", why);
}

int refuse_many(const struct refuse *r, size_t n, size_t max, const char *path, ...)
{
	return REFUSE("Too many: %zu: must have at most %zu items", n, max);
}

int refuse_choice(const struct refuse *r, const char *value, const char *choices,
		  const char *path, ...)
{
	char q[QUOTE_MAX];

	return REFUSE("Unsupported value: %s: supported values: %s", quote(value, q), choices);
}
