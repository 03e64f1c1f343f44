/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Text from outside, made fit to stand in a message: in double quotes, control
 * characters escaped, shortened with "..." when long. One line, whatever it was.
 */
#pragma once

#define QUOTE_MAX 160

/* NULL gives "". Returns @buf. */
const char *quote(const char *text, char buf[static QUOTE_MAX]);
