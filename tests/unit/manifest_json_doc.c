/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Plain JSON read the fast way is what the reader makes of it; the rest is left to the reader. */
#include <criterion/criterion.h>

#include <string.h>

#include "manifest/json_doc.h"
#include "manifest/reader.h"

static const char *const plain[] = {
	"{}", "[]", " { } ", "[[],{}]", "{\"a\":1}", "{\"a\": {\"b\": [1, 2.5, -3, 1e5, 0]}}",
	"{\"t\": true, \"f\": false, \"n\": null}",
	"{\"a\": \"true\", \"b\": \"8080\", \"c\": \"\", \"d\": \"with space: and #\"}",
	"{\"esc\": \"\\\"\\\\\\/\\n\\t\\r\\b\\f\"}",
	"{\n  \"kind\": \"Service\",\n\t\"x\":\r\n [\n1\n,\n2\n]\n}\n",
	"{\"metadata\": {\"managedFields\": [{\"a\": 1}], \"name\": \"x\"}}",
	"{\"managedFields\": {\"is\": \"a map here\"}}",
	"[\"a\", \"b\", [\"c\"]]",
};

static const char *const left[] = {
	"", " ", "a", "1", "\"x\"", "{", "[", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "[1 2]",
	"{a: 1}", "{'a': 1}", "{\"a\": b}", "{\"a\": 01}", "{\"a\": 1.}", "{\"a\": .5}",
	"{\"a\": +1}", "{\"a\": 0x10}", "{\"a\": nullable}", "{\"a\": 1.2.3}", "{\"a\": \"\\u0041\"}",
	"{\"a\": \"\\q\"}", "{\"a\": \"\xc3\xa4\"}", "{\"a\": \"x\ny\"}", "{\"a\": 1, \"a\": 2}",
	"{\"<<\": {\"b\": 1}}", "{} {}", "{}\n---\n{}", "{\"a\": 1} # comment", "{\"a\": &x 1}",
	"{\"a\": \"open}", "{\"a\": \"\\",
};

static void same(const struct doc_node *a, const struct doc_node *b)
{
	cr_assert_eq(a->type, b->type);
	cr_assert_eq(a->line, b->line);
	if (a->type == DOC_SCALAR) {
		cr_assert_eq(a->scalar, b->scalar);
		cr_assert_str_eq(a->text, b->text);
		return;
	}
	cr_assert_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		if (a->type == DOC_LIST) {
			same(a->items[i], b->items[i]);
			continue;
		}
		cr_assert_str_eq(a->pairs[i].key, b->pairs[i].key);
		cr_assert_eq(a->pairs[i].line, b->pairs[i].line);
		same(a->pairs[i].value, b->pairs[i].value);
	}
}

static void as_the_reader_has_it(const char *text)
{
	own(arena_done) struct arena arena = { 0 };
	own(reader_close) struct reader *r = NULL;
	const struct doc_node *fast = NULL, *slow = NULL;
	struct err e = { 0 };

	cr_assert_eq(json_doc_read(text, strlen(text), 0, &arena, &fast), 0, "%s", text);
	cr_assert_eq(reader_open("x", text, strlen(text), 0, &r, &e), 0);
	cr_assert_eq(reader_next(r, &slow, &e), 0, "%s: %s", text, e.text);
	same(fast, slow);
}

Test(manifest_json_doc, plain_json_is_what_the_reader_makes_of_it)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		as_the_reader_has_it(plain[i]);
}

Test(manifest_json_doc, everything_else_is_left_to_the_reader)
{
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++) {
		own(arena_done) struct arena arena = { 0 };
		const struct doc_node *root = NULL;

		cr_assert_eq(json_doc_read(left[i], strlen(left[i]), 0, &arena, &root), -EINVAL, "%s",
			     left[i]);
	}
}

/* Cut anywhere, it is never read beyond its end, and never taken for whole. */
Test(manifest_json_doc, a_text_that_ends_early_is_not_plain)
{
	static const char text[] = "{\"a\": [1, \"x\\n\", {\"b\": null}], \"c\": -1.5e3}";

	for (size_t n = 0; n < strlen(text); n++) {
		own(arena_done) struct arena arena = { 0 };
		const struct doc_node *root = NULL;
		own(free) char *cut = strndup(text, n);

		cr_assert_eq(json_doc_read(cut, n, 0, &arena, &root), -EINVAL);
	}
}

Test(manifest_json_doc, depth_is_bounded)
{
	char text[201];

	for (int i = 0; i < 100; i++) {
		text[i] = '[';
		text[199 - i] = ']';
	}
	text[200] = '\0';
	{
		own(arena_done) struct arena arena = { 0 };
		const struct doc_node *root = NULL;

		cr_assert_eq(json_doc_read(text, 200, 0, &arena, &root), -EINVAL);
		cr_assert_eq(json_doc_read(text + 40, 120, 0, &arena, &root), 0);
	}
}
