/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is wrong with a file, all of it as far as there is room: one a line, by the lines of the
 * file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define FAULTS_SHOWN 20

struct fault {
	unsigned int line;	/* in the file */
	const char *text;	/* in the faults' text, NUL behind it */
};

struct faults {
	size_t n;		/* all of them, */
	size_t shown;		/* and those that are kept, by line */
	struct fault at[FAULTS_SHOWN];
	size_t len;
	char text[ERR_TEXT_MAX - 64];
};

/* As { 0 }, without writing all of it: for what is done for every object. */
static inline void faults_init(struct faults *f)
{
	f->n = f->shown = f->len = 0;
}

/* Whether a text would be lost: faults_count() is cheaper then. */
bool faults_full(const struct faults *f);
void faults_count(struct faults *f);

/* "file:line: path: why". Of one line they stay in the order in which they come. */
void faults_add(struct faults *f, unsigned int line, const char *text);

/* 0 if there was none, else -EINVAL and the lines, with "and N more" below if some are left out. */
int faults_end(const struct faults *f, struct err *reterr);
