/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/quote.h"

#include <stddef.h>
#include <stdio.h>

/* Room for the longest escape, "...", the closing quote and the final 0. */
#define TAIL 10

const char *quote(const char *text, char buf[static QUOTE_MAX])
{
	const unsigned char *p = (const unsigned char *)(text ? text : "");
	size_t n = 0;

	buf[n++] = '"';
	for (; *p && n < QUOTE_MAX - TAIL; p++) {
		if (*p == '"' || *p == '\\') {
			buf[n++] = '\\';
			buf[n++] = (char)*p;
		} else if (*p < 0x20 || *p == 0x7f) {
			n += (size_t)snprintf(buf + n, TAIL, "\\x%02x", *p);
		} else {
			buf[n++] = (char)*p;
		}
	}
	if (*p) {
		/* Not in the middle of a UTF-8 character. */
		while (n > 1 && ((unsigned char)buf[n - 1] & 0xc0) == 0x80)
			n--;
		if (n > 1 && (unsigned char)buf[n - 1] >= 0xc0)
			n--;
	}
	snprintf(buf + n, QUOTE_MAX - n, "%s\"", *p ? "..." : "");
	return buf;
}
