/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Label selectors as a person writes them: "app=web,tier!=db,zone in (a, b),!canary".
 * Kubernetes' grammar: =, ==, !=, in, notin, key, !key, > and <, all of them together.
 */
#pragma once

#include "model/object.h"

enum selector_op {
	SELECTOR_IN,		/* =, == and in: has the key with one of the values */
	SELECTOR_NOT_IN,	/* != and notin: has not; without the key, too */
	SELECTOR_EXISTS,
	SELECTOR_NOT_EXISTS,
	SELECTOR_GREATER,	/* both are whole numbers */
	SELECTOR_LESS,
};

struct requirement {
	char *key;
	enum selector_op op;
	text_vec values;
};

struct selector {
	VEC(struct requirement) all;	/* none: everything matches */
};

void selector_done(struct selector *s);
DEFINE_OWN_DONE(struct selector, selector_done)

/* -EINVAL with a text that says what is wrong and where; *@ret is then untouched. */
int selector_parse(const char *text, struct selector *ret, struct err *reterr);

bool selector_matches(const struct selector *s, const label_vec *labels);
