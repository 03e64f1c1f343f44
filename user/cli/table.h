/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Tables in kubectl's look: upper-case heads, three blanks between columns, no wrapping.
 * libsmartcols does the work; this fixes the look and keeps the first failure, so that
 * callers fill a table without checks and look once, when they print it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/own.h"

struct table;
struct libscols_line;

struct table *table_new(void);		/* NULL when out of memory */
void table_free(struct table *t);
DEFINE_OWN(struct table, table_free)

enum table_align {
	TABLE_LEFT,
	TABLE_RIGHT,
	TABLE_TREE,	/* left, with lines from a parent row to its children */
};

void table_column(struct table *t, const char *head, enum table_align align);

/* Only rows. */
void table_hide_heads(struct table *t);

/*
 * Columns are at least as wide as in the tables before that had the same @widths, so that rows
 * which are printed later stand below those. To be called before columns are added.
 */
#define TABLE_COLUMNS_MAX 16
struct table_widths {
	size_t at[TABLE_COLUMNS_MAX];
};
void table_keep_widths(struct table *t, struct table_widths *widths);

/* A new row below @parent, or at top level if that is NULL. NULL when out of memory. */
struct libscols_line *table_row(struct table *t, struct libscols_line *parent);

/* The row's next cell, from the left. @row may be NULL. */
void table_cell(struct table *t, struct libscols_line *row, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints it; -ENOMEM if anything failed on the way. */
int table_print(struct table *t, FILE *out, struct err *reterr);
