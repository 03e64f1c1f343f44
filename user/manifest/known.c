/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/known.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

static bool is_read(const struct shape *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++) {
		if (*s->fields[i].key == *key && !strcmp(s->fields[i].key, key))
			return true;
	}
	return false;
}

static int other_cmp(const void *key, const void *other)
{
	return strcmp(key, ((const struct other_field *)other)->key);
}

static const struct other_field *other_find(const struct shape *s, const char *key)
{
	return s->n_others ? bsearch(key, s->others, s->n_others, sizeof(*s->others), other_cmp) :
			     NULL;
}

bool known_has(const struct shape *s, const char *key, const struct shape **ret_below)
{
	const struct other_field *other;

	*ret_below = NULL;
	if (is_read(s, key))
		return true;
	other = other_find(s, key);
	if (other)
		*ret_below = other->shape;
	return other;
}

const char *known_nearest(const struct shape *s, const char *key)
{
	struct nearest n = nearest_to(key);

	for (size_t i = 0; i < s->n; i++)
		nearest_offer(&n, s->fields[i].key);
	for (size_t i = 0; i < s->n_others; i++)
		nearest_offer(&n, s->others[i].key);
	return n.best;
}
