/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/scalar.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 5	/* letters */

/* The words of YAML 1.1. "y" and "n" are texts to us, as to most, but get quotes. */
static const struct {
	const char *text;
	enum scalar is;
} words[] = {
	{ "", SCALAR_NULL }, { "~", SCALAR_NULL },
	{ "null", SCALAR_NULL }, { "Null", SCALAR_NULL }, { "NULL", SCALAR_NULL },
	{ "true", SCALAR_TRUE }, { "True", SCALAR_TRUE }, { "TRUE", SCALAR_TRUE },
	{ "yes", SCALAR_TRUE }, { "Yes", SCALAR_TRUE }, { "YES", SCALAR_TRUE },
	{ "on", SCALAR_TRUE }, { "On", SCALAR_TRUE }, { "ON", SCALAR_TRUE },
	{ "false", SCALAR_FALSE }, { "False", SCALAR_FALSE }, { "FALSE", SCALAR_FALSE },
	{ "no", SCALAR_FALSE }, { "No", SCALAR_FALSE }, { "NO", SCALAR_FALSE },
	{ "off", SCALAR_FALSE }, { "Off", SCALAR_FALSE }, { "OFF", SCALAR_FALSE },
	{ ".inf", SCALAR_FLOAT }, { ".Inf", SCALAR_FLOAT }, { ".INF", SCALAR_FLOAT },
	{ "+.inf", SCALAR_FLOAT }, { "+.Inf", SCALAR_FLOAT }, { "+.INF", SCALAR_FLOAT },
	{ "-.inf", SCALAR_FLOAT }, { "-.Inf", SCALAR_FLOAT }, { "-.INF", SCALAR_FLOAT },
	{ ".nan", SCALAR_FLOAT }, { ".NaN", SCALAR_FLOAT }, { ".NAN", SCALAR_FLOAT },
};

static const char *skip_sign(const char *p)
{
	return *p == '+' || *p == '-' ? p + 1 : p;
}

/* The digits' base and where they start. */
static const char *int_digits(const char *p, int *ret_base)
{
	p = skip_sign(p);
	*ret_base = 10;
	if (p[0] != '0' || !p[1])
		return p;
	switch (p[1]) {
	case 'x':
	case 'X':
		*ret_base = 16;
		return p + 2;
	case 'b':
	case 'B':
		*ret_base = 2;
		return p + 2;
	case 'o':
	case 'O':
		*ret_base = 8;
		return p + 2;
	}
	*ret_base = 8;
	return p + 1;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static bool is_int(const char *text)
{
	int base;
	const char *p = int_digits(text, &base);
	bool digit = false;

	for (; *p; p++) {
		if (*p == '_')
			continue;
		if (digit_value(*p) >= base)
			return false;
		digit = true;
	}
	return digit;
}

static const char *skip_digits(const char *p)
{
	while ((*p >= '0' && *p <= '9') || *p == '_')
		p++;
	return p;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
	const char *p = skip_sign(text);
	const char *whole = p;

	if (!isdigit((unsigned char)p[*p == '.']))
		return false;
	p = skip_digits(p);
	if (*p == '.')
		p = skip_digits(p + 1);
	if (p == whole)
		return false;
	if (*p == 'e' || *p == 'E') {
		whole = skip_sign(p + 1);
		p = skip_digits(whole);
		if (p == whole)
			return false;
	}
	return !*p;
}

static bool word_find(const char *text, enum scalar *ret)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(text, words[i].text)) {
			*ret = words[i].is;
			return true;
		}
	}
	return false;
}

enum scalar scalar_resolve(const char *text)
{
	enum scalar is;

	/* None of the words begins otherwise; most texts end here. */
	if (!strchr("~nNtTyYoOfF.+-0123456789", text[0]))
		return SCALAR_TEXT;
	if (strnlen(text, WORD_MAX + 1) <= WORD_MAX && word_find(text, &is))
		return is;
	/* Only these can begin a number. */
	if (!strchr("+-.0123456789", text[0]))
		return SCALAR_TEXT;
	if (is_int(text))
		return SCALAR_INT;
	return is_float(text) ? SCALAR_FLOAT : SCALAR_TEXT;
}

int scalar_int(const char *text, int64_t *ret)
{
	int base;
	const char *p = int_digits(text, &base);
	int64_t v = 0;

	for (; *p; p++) {
		if (*p == '_')
			continue;
		v = v * base + digit_value(*p);
		if (v > UINT32_MAX)
			return -ERANGE;
	}
	*ret = *text == '-' ? -v : v;
	return 0;
}

/* 12:30:45 is a number of base 60 to YAML 1.1, and 2006-01-02 a date. */
static bool is_clock_or_date(const char *text)
{
	const char *p = skip_digits(skip_sign(text));

	return p != text && (*p == ':' || *p == '-') && isdigit((unsigned char)p[1]) &&
	       strspn(text, "+-0123456789:.TtZz_ ") == strlen(text);
}

bool scalar_needs_quotes(const char *text)
{
	static const char *const odd[] = { "y", "Y", "n", "N", "=", "<<" };

	if (scalar_resolve(text) != SCALAR_TEXT)
		return true;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (!strcmp(text, odd[i]))
			return true;
	}
	return is_clock_or_date(text);
}
