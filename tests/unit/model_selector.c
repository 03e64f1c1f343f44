/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "model/selector.h"

/* The labels that all rows are tried on. */
static void given_labels(label_vec *to)
{
	static const char *const rows[][2] = {
		{ "app", "web" }, { "tier", "" }, { "cores", "8" }, { "in", "notin" },
		{ "example.com/zone", "a" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(labels_set(to, rows[i][0], rows[i][1]), 0);
}

static bool matches(const char *text)
{
	own(selector_done) struct selector s = { 0 };
	label_vec labels = { 0 };
	struct err e = { 0 };
	bool yes;

	given_labels(&labels);
	cr_assert_eq(selector_parse(text, &s, &e), 0, "%s: %s", text, e.text);
	yes = selector_matches(&s, &labels);
	labels_done(&labels);
	return yes;
}

Test(model_selector, what_matches)
{
	static const char *const rows[] = {
		"", "  ", "app", "app=web", "app==web", " app = web ", "app!=db", "nope!=x",
		"app in (web)", "app in (db, web)", "app in (db,web )", "app in(web)",
		"app notin (db)", "nope notin (x)", "!nope", "! nope", "tier", "tier=", "tier==",
		"tier in (,x)", "tier in (x,)", "app!=", "cores>7", "cores < 9",
		"app=web,tier,!nope,cores>1", "app=web , tier", "in=notin", "in in (notin)",
		"in notin (in)", "in", "example.com/zone=a", "example.com/zone in (a,b),app",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect(matches(rows[i]), "%s", rows[i]);
}

Test(model_selector, what_does_not_match)
{
	static const char *const rows[] = {
		"nope", "nope=", "nope=x", "app=db", "app!=web", "app in (db,api)",
		"app notin (db,web)", "!app", "tier!=", "tier=x", "cores>8", "cores<8", "app>1",
		"nope<1", "app=web,tier=x", "app,nope", "App", "app=Web",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_not(matches(rows[i]), "%s", rows[i]);
}

Test(model_selector, nonsense_is_refused)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{ ",", "label selector" },
		{ "app,", "label selector" },
		{ "app,,tier", "label selector" },
		{ "=web", "label selector" },
		{ "!", "label selector" },
		{ "!app=web", "expected ','" },
		{ "app web", "expected ','" },
		{ "app=web tier", "at \"tier\"" },
		{ "app===web", "expected ','" },
		{ "app in", "expected '('" },
		{ "app in web", "expected '('" },
		{ "app in ()", "expected a value" },
		{ "app in (web", "expected ',' or ')' at its end" },
		{ "app in (a b)", "expected ',' or ')'" },
		{ "app=(web)", "expected ','" },
		{ "cores>many", "whole number" },
		{ "cores>", "whole number" },
		{ "cores>-1", "\"-1\"" },
		{ "cores<99999999999999999999", "whole number" },
		{ "app=-web", "\"-web\"" },
		{ "-app", "\"-app\"" },
		{ "a/b/c", "\"a/b/c\"" },
		{ "app=a/b", "\"a/b\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(selector_done) struct selector s = { 0 };
		struct err e = { 0 };

		cr_expect_eq(selector_parse(rows[i].text, &s, &e), -EINVAL, "%s", rows[i].text);
		cr_expect(strstr(e.text, rows[i].word), "%s: %s", rows[i].text, e.text);
		cr_expect_eq(s.all.n, 0);
	}
}
