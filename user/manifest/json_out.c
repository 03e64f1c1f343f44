/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/json_out.h"

#include <stdio.h>
#include <string.h>

#include "base/vec.h"

void json_out_done(struct json_out *j)
{
	free(j->at);
	*j = (struct json_out){ 0 };
}

static bool grow(struct json_out *j, size_t n)
{
	/* What most objects need, so that few of them make it grow again. */
	size_t more = j->cap ? n : n + 500;

	j->failed = j->failed || vec_reserve(j, more) < 0;
	return !j->failed;
}

static void put(struct json_out *j, const char *bytes, size_t n)
{
	if (j->cap - j->n < n && !grow(j, n))
		return;
	memcpy(j->at + j->n, bytes, n);
	j->n += n;
}

static void put_char(struct json_out *j, char c)
{
	put(j, &c, 1);
}

bool json_is_empty(const struct json_out *j)
{
	/* A text ends with its quote: these can only be the brackets. */
	return !j->n || j->at[j->n - 1] == '{' || j->at[j->n - 1] == '[';
}

static void separate(struct json_out *j)
{
	if (!json_is_empty(j) && j->at[j->n - 1] != ':')
		put_char(j, ',');
}

static void put_escape(struct json_out *j, unsigned char c)
{
	char text[8];

	if (c == '"' || c == '\\')
		snprintf(text, sizeof(text), "\\%c", c);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	put(j, text, strlen(text));
}

static void put_quoted(struct json_out *j, const char *text)
{
	put_char(j, '"');
	for (;;) {
		const char *p = text;

		while ((unsigned char)*p >= ' ' && *p != '"' && *p != '\\')
			p++;
		put(j, text, (size_t)(p - text));
		if (!*p)
			break;
		put_escape(j, (unsigned char)*p);
		text = p + 1;
	}
	put_char(j, '"');
}

void json_key(struct json_out *j, const char *key)
{
	separate(j);
	put_quoted(j, key);
	put_char(j, ':');
}

void json_text(struct json_out *j, const char *text)
{
	separate(j);
	put_quoted(j, text);
}

void json_flag(struct json_out *j, bool v)
{
	separate(j);
	put(j, v ? "true" : "false", v ? 4 : 5);
}

void json_number(struct json_out *j, int64_t v)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);

	separate(j);
	put(j, text, (size_t)n);
}

void json_open(struct json_out *j, char bracket)
{
	separate(j);
	put_char(j, bracket);
}

void json_close(struct json_out *j, char bracket)
{
	put_char(j, bracket);
}

void json_cut(struct json_out *j, size_t mark)
{
	if (!j->failed)
		j->n = mark;
}

char *json_out_take(struct json_out *j)
{
	char *text;

	put_char(j, '\0');
	if (j->failed)
		json_out_done(j);
	text = TAKE(j->at);
	*j = (struct json_out){ 0 };
	return text;
}
