/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lines of a key and a value, as `kubectl describe` has them. All values begin in one column, two
 * blanks behind the longest key, so the lines are collected before they are printed.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "model/object.h"

struct line {
	const char *key;	/* "": more of what the line before is about */
	off_t value;		/* where it begins in the text */
};

struct lines {
	VEC(struct line) all;
	FILE *out;		/* all values, with a NUL behind each; into */
	char *text;
	size_t len;
	bool failed;
};

/* 0 or -ENOMEM. */
int lines_init(struct lines *l);
void lines_done(struct lines *l);
DEFINE_OWN_DONE(struct lines, lines_done)

/* What is printed into the stream that is returned becomes the value; nothing is "<none>". */
FILE *lines_begin(struct lines *l, const char *key);

void lines_add(struct lines *l, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "a,b" */
void lines_add_texts(struct lines *l, const char *key, const text_vec *texts);
/* A label or annotation a line. */
void lines_add_pairs(struct lines *l, const char *key, const label_vec *pairs, const char *equals);
/* Name, namespace, labels, annotations: what every kind begins with. */
void lines_add_meta(struct lines *l, const struct meta *m);

/*
 * Text that somebody else wrote, so that it can neither steer a terminal nor look like a line of
 * its own: control characters become \xNN as in tables, further lines begin at @column.
 */
void print_foreign(FILE *out, const char *text, int column);

/* With @indent blanks before each. 0 or -ENOMEM. Once. */
int lines_print(FILE *out, struct lines *l, int indent);
