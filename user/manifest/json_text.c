/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/json_text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 6	/* \uXXXX */
#define LONG_ESCAPE 10	/* \UXXXXXXXX */
#define BOM "\xef\xbb\xbf"

/* Where the first brace should be, behind a byte order mark and blanks. */
static size_t json_start(const char *text, size_t len)
{
	size_t i = len >= 3 && !memcmp(text, BOM, 3) ? 3 : 0;

	while (i < len && text[i] && strchr(" \t\r\n", text[i]))
		i++;
	return i;
}

bool json_text_is(const char *text, size_t len)
{
	size_t i = json_start(text, len);

	return i < len && (text[i] == '{' || text[i] == '[');
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The 16 bits of the escape at @p, or 0 if there is none. */
static uint32_t escape_bits(const char *p, const char *end)
{
	uint32_t v = 0;

	if (end - p < ESCAPE || p[0] != '\\' || p[1] != 'u')
		return 0;
	for (int i = 2; i < ESCAPE; i++) {
		if (hex_value(p[i]) < 0)
			return 0;
		v = v << 4 | (uint32_t)hex_value(p[i]);
	}
	return v;
}

/* The character of the surrogate pair at @p, or 0. */
static uint32_t pair_char(const char *p, const char *end)
{
	uint32_t hi = escape_bits(p, end);
	uint32_t lo;

	if (hi < 0xd800 || hi > 0xdbff)
		return 0;
	lo = escape_bits(p + ESCAPE, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0;
	return 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

/*
 * The character at @p if it must not stand there as it is, with its length in UTF-8: DEL
 * and U+0080 to U+009F, U+2028, U+2029, U+FEFF, U+FFFE, U+FFFF.
 */
static uint32_t odd_char(const char *text, const char *end, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t room = (size_t)(end - text);

	*ret_len = 1;
	if (*p == 0x7f)
		return 0x7f;
	*ret_len = 2;
	if (*p == 0xc2 && room >= 2 && p[1] >= 0x80 && p[1] <= 0x9f)
		return p[1];
	*ret_len = 3;
	if (room < 3)
		return 0;
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
		return 0x2000 | (p[2] & 0x3f);
	if (!memcmp(p, BOM, 3))
		return 0xfeff;
	if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe && p[2] <= 0xbf)
		return 0xffc0 | (p[2] & 0x3f);
	return 0;
}

/* How many bytes the copy needs; 0 if none is needed. */
static size_t copy_size(const char *text, size_t len)
{
	const char *end = text + len;
	size_t odd = 0;
	size_t n;

	for (const char *p = text; p < end; p++)
		odd += odd_char(p, end, &n) != 0;
	if (!odd && !memmem(text, len, "\\ud", 3) && !memmem(text, len, "\\uD", 3) &&
	    !memchr(text, '\t', json_start(text, len)))
		return 0;
	return len + odd * ESCAPE + 1;
}

int json_text_to_yaml(const char *text, size_t *len, char **ret)
{
	const char *start = text + json_start(text, *len);
	const char *end = text + *len;
	size_t size = copy_size(text, *len);
	char *copy = size ? malloc(size) : NULL;
	size_t n = 0;

	*ret = copy;
	if (!size)
		return 0;
	if (!copy)
		return -ENOMEM;
	if (end - text >= 3 && !memcmp(text, BOM, 3))
		text += 3;
	/* To YAML a tab is no blank before the first brace. */
	for (; text < start; text++)
		copy[n++] = *text == '\t' ? ' ' : *text;
	while (text < end) {
		uint32_t pair = pair_char(text, end);
		size_t odd_len;
		uint32_t odd = odd_char(text, end, &odd_len);

		/* snprintf's final 0 falls on what the next round writes. */
		if (pair) {
			n += (size_t)snprintf(copy + n, LONG_ESCAPE + 1, "\\U%08X", pair);
			text += 2 * ESCAPE;
		} else if (odd) {
			n += (size_t)snprintf(copy + n, ESCAPE + 1, "\\u%04X", odd);
			text += odd_len;
		} else {
			/* A backslash and what it escapes stay together: \\ud800 is text. */
			if (*text == '\\' && end - text > 1)
				copy[n++] = *text++;
			copy[n++] = *text++;
		}
	}
	*len = n;
	return 0;
}
