/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Compact JSON, written from front to end into one growing text. Want of memory is kept until
 * json_out_take(), so that what writes need not look at every step.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/own.h"

struct json_out {
	char *at;
	size_t n;
	size_t cap;
	bool failed;	/* out of memory: the rest is not written */
};

void json_out_done(struct json_out *j);
DEFINE_OWN_DONE(struct json_out, json_out_done)

/* A key of the open map; its value must follow. */
void json_key(struct json_out *j, const char *key);

/* Values. Texts are UTF-8. */
void json_text(struct json_out *j, const char *text);
void json_flag(struct json_out *j, bool v);
void json_number(struct json_out *j, int64_t v);
void json_open(struct json_out *j, char bracket);	/* '{' or '[' */
void json_close(struct json_out *j, char bracket);

/* Whether nothing is in what was opened last. */
bool json_is_empty(const struct json_out *j);

/* Forgets all from there on, where j->n was @mark. */
void json_cut(struct json_out *j, size_t mark);

/* The whole, for the caller to free, and begins anew; NULL when out of memory. */
char *json_out_take(struct json_out *j);
