/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * JSON is YAML, but for a few things that are put right here before libyaml sees them: a
 * character beyond U+FFFF may be written as two \u escapes (a surrogate pair), and some
 * characters that are line breaks or forbidden in YAML may stand in a string as they are;
 * and tabs may come first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether it begins as JSON does: with a brace or a bracket. */
bool json_text_is(const char *text, size_t len);

/*
 * A copy that libyaml reads as JSON means it; *len is updated. *ret is NULL if the text
 * is fine as it is. 0 or -ENOMEM.
 */
int json_text_to_yaml(const char *text, size_t *len, char **ret);
