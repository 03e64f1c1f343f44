/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The columns in which `get` shows a kind: kubectl's, as far as sluice knows their values.
 */
#pragma once

#include <stdio.h>

#include "model/object.h"

/* What a cell may need beside its object. */
struct column_env {
	const char *node;	/* this node's name; may be NULL */
	bool with_kind;		/* "service/web", not "web" */
};

struct column {
	const char *head;	/* NULL ends the list */
	bool wide;		/* with -o wide only */
	void (*print)(FILE *out, const struct object *o, const struct column_env *env);
};

extern const struct column *const kind_columns[KIND_COUNT];

/* Of a kind that has a file of its own. */
extern const struct column pod_columns[];

/* For columns of any kind. */
void cell_name(FILE *out, const struct object *o, const struct column_env *env);
void cell_age(FILE *out, const struct object *o, const struct column_env *env);

/* For --show-labels, behind those of any kind. */
extern const struct column column_labels;

/* "Running", "Completed", ...: the word for what a Pod is doing. */
const char *pod_status_text(const struct pod *p);
