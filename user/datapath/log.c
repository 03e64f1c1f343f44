/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>

#define TAIL_MAX 8192
#define REASON_LINES 3

static char tail[TAIL_MAX];

static void tail_add(const char *text)
{
	size_t have = strlen(tail);
	size_t more = strlen(text);

	if (more >= TAIL_MAX) {
		text += more - (TAIL_MAX - 1);
		more = TAIL_MAX - 1;
	}
	if (have + more >= TAIL_MAX) {
		size_t drop = have + more - (TAIL_MAX - 1);

		memmove(tail, tail + drop, have - drop);
		have -= drop;
	}
	memcpy(tail + have, text, more);
	tail[have + more] = '\0';
}

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text = NULL;
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vasprintf(&text, fmt, ap);	/* a verifier log may have megabytes */
	if (n < 0)
		return 0;
	tail_add(text);
	free(text);
	return n;
}

void log_capture(void)
{
	tail[0] = '\0';
	libbpf_set_print(print);
}

const char *log_text(void)
{
	return tail;
}

static bool starts_with(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

/* Lines around the reason: libbpf's frame, the verifier's statistics. */
static bool is_noise(const char *line)
{
	return !*line || starts_with(line, "libbpf:") || starts_with(line, "-- ") ||
	       starts_with(line, "processed ") || starts_with(line, "verification time") ||
	       starts_with(line, "stack depth");
}

/* The last lines that are not noise; if all are, libbpf's own are the reason. */
static size_t last_lines(char *text, const char *lines[static REASON_LINES], bool noise)
{
	char *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		if (!noise && is_noise(l))
			continue;
		if (n == REASON_LINES) {
			memmove(lines, lines + 1, (REASON_LINES - 1) * sizeof(*lines));
			n--;
		}
		lines[n++] = l;
	}
	return n;
}

void log_reason(const char *text, char *ret, size_t size)
{
	const char *lines[REASON_LINES];
	size_t at = 0;

	ret[0] = '\0';
	for (int noise = 0; noise < 2 && !ret[0]; noise++) {
		char *copy = strdup(text);
		size_t n = copy ? last_lines(copy, lines, noise) : 0;

		for (size_t i = 0; i < n && at < size; i++)
			at += (size_t)snprintf(ret + at, size - at, "%s%s", i ? " | " : "",
					       lines[i]);
		free(copy);
	}
}

void log_kernel_message(const char *text, char *ret, size_t size)
{
	static const char mark[] = "Kernel error message: ";
	const char *last = NULL;

	ret[0] = '\0';
	for (const char *at = text; (at = strstr(at, mark)); at++)
		last = at + strlen(mark);
	if (last)
		snprintf(ret, size, "%.*s", (int)strcspn(last, "\n"), last);
}
