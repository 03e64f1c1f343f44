/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What a scalar without quotes means: YAML 1.1, as kubectl's parser reads it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum scalar {
	SCALAR_TEXT,
	SCALAR_NULL,
	SCALAR_TRUE,
	SCALAR_FALSE,
	SCALAR_INT,
	SCALAR_FLOAT,
};

enum scalar scalar_resolve(const char *text);

/* The value of a SCALAR_INT: 80, +80, 0x50, 0120, 0o120, 0b1010000; or -ERANGE. */
int scalar_int(const char *text, int64_t *ret);

/* Whether some YAML reader might take it for something else than a text. */
bool scalar_needs_quotes(const char *text);
