/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What libbpf and the verifier said, kept for the error instead of printed: the end of it,
 * because there stands the reason. libbpf has one sink a process, so this is global.
 */
#pragma once

#include <stddef.h>

/* Takes libbpf's messages from here on, and forgets earlier ones. */
void log_capture(void);

/* The captured text. */
const char *log_text(void);

/*
 * The lines that tell why a program was refused, on one line: no frames, statistics or
 * instruction dumps. Writes at most @size bytes into @ret, "" if there is nothing to tell.
 */
void log_reason(const char *text, char *ret, size_t size);

/* The kernel's own words for the last refused netlink request (extack), or "". */
void log_kernel_message(const char *text, char *ret, size_t size);
