/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Options as data: a row says how an option is spelt, what it means, and where in the
 * command's struct its value goes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/vec.h"

enum option_type {
	OPTION_IS_FLAG,		/* bool */
	OPTION_IS_TEXT,		/* const char *; the last one wins; borrowed from argv */
	OPTION_IS_LIST,		/* option_list; each one is kept */
	OPTION_IS_CHOICE,	/* int: the index in @choices */
};

typedef VEC(const char *) option_list;

struct option_row {
	char letter;			/* 0: long form only */
	const char *name;		/* without dashes; NULL: letter only */
	const char *arg;		/* what -h calls the value; NULL for a flag */
	const char *help;		/* lower case, no period */
	enum option_type type;
	size_t at;			/* offset of the value */
	const char *const *choices;	/* ends with NULL */
	int bare;			/* > 0: the value may be left out, this index is meant */
};

#define OPTION_AT(kind, ctype, type_, field)                                       \
	.type = (kind),                                                            \
	.at = offsetof(type_, field) +                                             \
	      0 * sizeof((ctype *)0 - &((type_ *)0)->field)

#define OPTION_FLAG(type_, field) OPTION_AT(OPTION_IS_FLAG, bool, type_, field)
#define OPTION_TEXT(type_, field) OPTION_AT(OPTION_IS_TEXT, const char *, type_, field)
#define OPTION_LIST(type_, field) OPTION_AT(OPTION_IS_LIST, option_list, type_, field)
#define OPTION_CHOICE(type_, field, list)                                          \
	OPTION_AT(OPTION_IS_CHOICE, int, type_, field), .choices = (list)

/*
 * Takes the options out of argv[1..argc), which it reorders, and stores their values in @into.
 * "--" ends options. *@ret_operands: index of the first operand. @until_operand: stop at the
 * first operand. -EINVAL with a text for the user if the command line is wrong.
 */
int options_parse(const struct option_row *const tables[], void *const into[], size_t n_tables,
		  bool until_operand, int argc, char **argv, int *ret_operands,
		  struct err *reterr);

/* Frees the lists in @into. */
void options_done(const struct option_row *rows, void *into);

/* One line each, all aligned, as -h shows them. */
void options_print(FILE *out, const struct option_row *const tables[], size_t n_tables);
