/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void note_add(struct note *n, const char *fmt, ...)
{
	size_t at = strlen(n->text);
	va_list ap;

	if (at + 3 >= sizeof(n->text))
		return;
	if (at) {
		memcpy(n->text + at, "; ", 3);
		at += 2;
	}
	va_start(ap, fmt);
	vsnprintf(n->text + at, sizeof(n->text) - at, fmt, ap);
	va_end(ap);
}
