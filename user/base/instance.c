/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/instance.h"

#include <string.h>

/* Not isalnum(): what a letter is must not hang on the locale. */
static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool instance_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > INSTANCE_MAX || !is_alnum(*name))
		return false;
	for (const char *c = name; *c; c++)
		if (!is_alnum(*c) && !strchr("._-", *c))
			return false;
	return true;
}
