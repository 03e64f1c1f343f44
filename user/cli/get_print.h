/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The outputs of get. */
#pragma once

#include "cli/columns.h"
#include "cli/scope.h"
#include "cli/table.h"

enum get_output {
	GET_TABLE,
	GET_WIDE,
	GET_JSON,
	GET_YAML,
	GET_NAME,
};

struct get_look {
	enum get_output output;
	bool with_namespace;		/* in a column of its own */
	bool show_labels;
	bool no_heads;
	const char *event;		/* in a column of its own; NULL: none */
	struct column_env env;
	struct table_widths *widths;	/* may be NULL */
};

/* @list: JSON and YAML as a List. */
int get_print(FILE *out, const found_vec *found, const struct get_look *look, bool list,
	      struct err *reterr);
