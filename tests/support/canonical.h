/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* manifest_json() with its keys sorted: equal for equal objects, and to be written by hand. */
#pragma once

#include <jansson.h>

#include "manifest/manifest.h"

static inline char *canonical_json(const struct object *o)
{
	own(free) char *text = manifest_json(o);
	json_t *v = text ? json_loads(text, 0, NULL) : NULL;
	char *sorted = v ? json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	json_decref(v);
	return sorted;
}
