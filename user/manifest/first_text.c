/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/first_text.h"

#include <string.h>

int first_text_decode(struct decoder *d, const struct doc_node *n, text_vec *list)
{
	const char *text = NULL;
	size_t i = 0;
	char *first;
	int err = decode_borrow(d, n, &text);

	if (err || !*text)
		return err;
	while (i < list->n && strcmp(list->at[i], text) != 0)
		i++;
	if (i == list->n && texts_push(list, text) < 0)
		return err_nomem(d->err);
	first = list->at[i];
	memmove(list->at + 1, list->at, i * sizeof(*list->at));
	list->at[0] = first;
	return 0;
}
