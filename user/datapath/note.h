/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Several remarks for a person, joined by "; ": what was tried on the way, and what to look
 * after. What does not fit is cut.
 */
#pragma once

struct note {
	char text[700];
};

void note_add(struct note *n, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
