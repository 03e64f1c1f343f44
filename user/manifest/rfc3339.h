/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Times as manifests write them: 2006-01-02T15:04:05Z, or with +01:00 or fractions. */
#pragma once

#include <stdint.h>

#define RFC3339_MAX 32

/* Seconds since 1970, which cannot be negative; -EINVAL. Fractions are dropped. */
int rfc3339_parse(const char *text, int64_t *ret);

/* In UTC; returns @buf. */
const char *rfc3339_text(int64_t t, char buf[static RFC3339_MAX]);
