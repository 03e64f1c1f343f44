/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Errors: a function that can fail returns 0 or -errno; one whose failure a person
 * must understand also takes a struct err. Libraries explain, only cli/ prints.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>

#define ERR_TEXT_MAX 4096

struct err {
	int code;		/* positive errno, 0 while nothing failed */
	/*
	 * One sentence, lower case, no period. No newline, except where input is refused: each
	 * fault is on a line of its own, and of an object that is not valid several reasons are
	 * each on a line that begins with "* ". See base/faults.h.
	 */
	char text[ERR_TEXT_MAX];
};

/* As { 0 }, without writing all of the text: for what is done for every object. Returns @e. */
static inline struct err *err_clear(struct err *e)
{
	e->code = 0;
	e->text[0] = '\0';
	return e;
}

/*
 * Fills *@e (which may be NULL) and returns -@code. @code is a positive errno. The
 * first error wins: a second call on the same struct err keeps the first text.
 */
int err_set(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, with ": strerror(code)" behind the text. */
int err_sys(struct err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Out of memory. */
#define err_nomem(e) err_set((e), ENOMEM, "out of memory")

/* Puts "fmt: " before the text that is there. */
void err_prefix(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
