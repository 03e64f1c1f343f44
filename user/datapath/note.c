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
		if (n->n < NOTE_REMARKS_MAX)
			n->begin[n->n++] = at;
	}
	va_start(ap, fmt);
	vsnprintf(n->text + at, sizeof(n->text) - at, fmt, ap);
	va_end(ap);
}

void note_lines(const struct note *n, char ret[static sizeof(((struct note *)0)->text)])
{
	size_t to = 0, next = 0;

	for (size_t at = 0; n->text[at]; at++) {
		if (next < n->n && at + 2 == n->begin[next]) {
			ret[to++] = '\n';
			next++;
			at++;		/* "; " becomes one */
			continue;
		}
		ret[to++] = n->text[at];
	}
	ret[to] = '\0';
}
