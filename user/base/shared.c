/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/shared.h"

#include <stddef.h>
#include <string.h>

struct shared {
	size_t owners;
	char text[];
};

static struct shared *shared_of(char *text)
{
	return (struct shared *)(text - offsetof(struct shared, text));
}

char *shared_new(const char *text)
{
	size_t n = strlen(text) + 1;
	struct shared *s = malloc(sizeof(*s) + n);

	if (!s)
		return NULL;
	s->owners = 1;
	return memcpy(s->text, text, n);
}

char *shared_use(char *text)
{
	if (text)
		shared_of(text)->owners++;
	return text;
}

void shared_free(char *text)
{
	if (text && !--shared_of(text)->owners)
		free(shared_of(text));
}
