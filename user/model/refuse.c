/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"

#define PATH_MAX_TEXT 160
#define ITEM_MARK "\n* "

const char *object_place(const struct object *o, char buf[static OBJECT_PLACE_MAX])
{
	const size_t room = OBJECT_PLACE_MAX - sizeof("...:4294967295");
	size_t n = o->file ? strlen(o->file) : 0;
	size_t cut = n > room ? n - room : 0;

	if (o->file)
		snprintf(buf, OBJECT_PLACE_MAX, "%s%s:%u", cut ? "..." : "", o->file + cut, o->line);
	else
		strcpy(buf, "the input");
	return buf;
}

void refuse_begin(struct refuse *r, const struct object *o)
{
	r->object = o;
	r->n = r->left_out = r->len = 0;
	r->items[0] = '\0';
}

int refuse_end(const struct refuse *r, struct err *reterr)
{
	const struct object *o = r->object;
	const char *kind = kind_infos[o->kind].kind;
	char name[QUOTE_MAX], more[48] = "", place[OBJECT_PLACE_MAX] = "";

	if (!r->n)
		return 0;
	if (o->file)
		object_place(o, place);
	quote(o->meta->name, name);
	if (r->n == 1)
		return err_set(reterr, EINVAL, "%s%sThe %s %s is invalid: %s", place,
			       *place ? ": " : "", kind, name, r->items + strlen(ITEM_MARK));
	if (r->left_out)
		snprintf(more, sizeof(more), ITEM_MARK "and %zu more", r->left_out);
	return err_set(reterr, EINVAL, "%s%sThe %s %s is invalid:%s%s", place, *place ? ": " : "",
		       kind, name, r->items, more);
}

/* The field, then what the caller found; the first that does not fit ends the list. */
static void refuse(struct refuse *r, const char *what, const char *path, va_list ap)
{
	size_t room = sizeof(r->items) - r->len;
	char field[PATH_MAX_TEXT];
	int n;

	r->n++;
	vsnprintf(field, sizeof(field), path, ap);
	n = r->left_out ? -1 : snprintf(r->items + r->len, room, ITEM_MARK "%s: %s", field, what);
	if (n >= 0 && (size_t)n < room) {
		r->len += (size_t)n;
		return;
	}
	r->items[r->len] = '\0';
	r->left_out++;
}

#define WHAT_MAX 640

#define REFUSE(fmt, ...)                                                           \
	do {                                                                       \
		char what_[WHAT_MAX];                                              \
		va_list ap_;                                                       \
                                                                                   \
		snprintf(what_, sizeof(what_), fmt, ##__VA_ARGS__);                \
		va_start(ap_, path);                                               \
		refuse(r, what_, path, ap_);                                       \
		va_end(ap_);                                                       \
	} while (0)

void refuse_text(struct refuse *r, const char *value, const char *why, const char *path, ...)
{
	char q[QUOTE_MAX];

	REFUSE("Invalid value: %s: %s", quote(value, q), why);
}

void refuse_number(struct refuse *r, long value, const char *why, const char *path, ...)
{
	REFUSE("Invalid value: %ld: %s", value, why);
}

void refuse_value(struct refuse *r, const char *value, const char *why, const char *path, ...)
{
	REFUSE("Invalid value: %s: %s", value, why);
}

void refuse_twice(struct refuse *r, const char *value, const char *path, ...)
{
	REFUSE("Duplicate value: %s", value);
}

void refuse_absent(struct refuse *r, const char *why, const char *path, ...)
{
	REFUSE("Required value%s%s", why ? ": " : "", why ? why : "");
}

void refuse_present(struct refuse *r, const char *why, const char *path, ...)
{
	REFUSE("Forbidden: %s", why);
}

void refuse_many(struct refuse *r, size_t n, size_t max, const char *path, ...)
{
	REFUSE("Too many: %zu: must have at most %zu items", n, max);
}

void refuse_long(struct refuse *r, size_t max, const char *path, ...)
{
	REFUSE("Too long: may not be more than %zu bytes", max);
}

void refuse_choice(struct refuse *r, const char *value, const char *choices, const char *path, ...)
{
	char q[QUOTE_MAX];

	REFUSE("Unsupported value: %s: supported values: %s", quote(value, q), choices);
}
