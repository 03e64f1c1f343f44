/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Copies of texts and labels, and the canonical form of addresses. */
#include <string.h>

#include "model/kinds.h"

int text_copy(char **to, const char *from)
{
	if (!from)
		return 0;
	*to = strdup(from);
	return *to ? 0 : -ENOMEM;
}

int texts_copy(text_vec *to, const text_vec *from)
{
	vec_each(t, from) {
		if (texts_push(to, *t) < 0)
			return -ENOMEM;
	}
	return 0;
}

int labels_copy(label_vec *to, const label_vec *from)
{
	if (vec_reserve(to, from->n) < 0)
		return -ENOMEM;
	vec_each(l, from) {
		struct label *copy = &to->at[to->n++];

		*copy = (struct label){ 0 };
		if (text_copy(&copy->key, l->key) < 0 || text_copy(&copy->value, l->value) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int label_cmp(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->key, ((const struct label *)b)->key);
}

void labels_sort(label_vec *labels)
{
	if (labels->n > 1)
		qsort(labels->at, labels->n, sizeof(*labels->at), label_cmp);
}

static int text_replace(char **text, const char *by)
{
	char *copy;

	if (!strcmp(*text, by))
		return 0;
	copy = strdup(by);
	if (!copy)
		return -ENOMEM;
	free(*text);
	*text = copy;
	return 0;
}

int text_canonical_addr(char **text)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	if (!*text || addr_parse(*text, &a) < 0)
		return 0;
	return text_replace(text, addr_text(&a, buf));
}

int text_canonical_cidr(char **text)
{
	char buf[CIDR_TEXT_MAX];
	struct cidr c;

	if (!*text || cidr_parse(*text, &c) < 0)
		return 0;
	return text_replace(text, cidr_text(&c, buf));
}

int texts_canonical_addr(text_vec *texts)
{
	vec_each(t, texts) {
		if (text_canonical_addr(t) < 0)
			return -ENOMEM;
	}
	return 0;
}
