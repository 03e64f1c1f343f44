/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Several remarks for a person, joined by "; ": what was tried on the way, and what to look
 * after. What does not fit is cut.
 */
#pragma once

#include <stddef.h>

#define NOTE_REMARKS_MAX 8

struct note {
	char text[700];
	/* Where the second and later remarks begin; of more than these, the last are one. */
	size_t begin[NOTE_REMARKS_MAX];
	size_t n;
};

void note_add(struct note *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same, one remark a line. */
void note_lines(const struct note *n, char ret[static sizeof(((struct note *)0)->text)]);
