/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A case as the text of a test, written while it is played: to be pasted into found.c. */
#pragma once

#include "model/case.h"
#include "model/model.h"

void record_begin(FILE *out, const struct model_case *c);
void record_config(FILE *out, const char *yaml);

/* The packet of the runs that follow. @c: its connection, or NULL. */
void record_shot(FILE *out, const struct model *m, const struct shot *s, const struct conn *c,
		 const struct frame *in);

struct record {
	const struct shot *shot;
	const struct arrival *at;
	const struct frame *in;
	int outcome;			/* which of the model's */
	bool failed;
};

/* One run of it, and what the model expects of that. */
void record_run(FILE *out, const struct model *m, const struct record *r);
void record_end(FILE *out, const char *wrong);
