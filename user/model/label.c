/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Labels (key and value pairs) and lists of texts. They are short; a walk is enough.
 */
#include <string.h>

#include "model/object.h"

const char *labels_find(const label_vec *labels, const char *key)
{
	vec_each(l, labels) {
		if (!strcmp(l->key, key))
			return l->value;
	}
	return NULL;
}

bool labels_match(const label_vec *selector, const label_vec *labels)
{
	vec_each(l, selector) {
		const char *have = labels_find(labels, l->key);

		if (!have || strcmp(have, l->value))
			return false;
	}
	return true;
}

static int label_replace(struct label *l, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(l->value);
	l->value = copy;
	return 0;
}

int labels_set(label_vec *labels, const char *key, const char *value)
{
	own(free) char *k = NULL;
	own(free) char *v = NULL;

	vec_each(l, labels) {
		if (!strcmp(l->key, key))
			return label_replace(l, value);
	}
	k = strdup(key);
	v = strdup(value);
	if (!k || !v || vec_reserve(labels, 1) < 0)
		return -ENOMEM;
	labels->at[labels->n++] = (struct label){ .key = TAKE(k), .value = TAKE(v) };
	return 0;
}

void labels_done(label_vec *labels)
{
	vec_each(l, labels) {
		free(l->key);
		free(l->value);
	}
	vec_done(labels);
}

int texts_push(text_vec *texts, const char *text)
{
	own(free) char *copy = strdup(text);

	if (!copy || vec_reserve(texts, 1) < 0)
		return -ENOMEM;
	texts->at[texts->n++] = TAKE(copy);
	return 0;
}

void texts_done(text_vec *texts)
{
	vec_each(t, texts)
		free(*t);
	vec_done(texts);
}
