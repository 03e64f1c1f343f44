/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/quote.h"
#include "base/vec.h"

Test(quote, one_line_whatever_it_was)
{
	char buf[QUOTE_MAX];

	cr_expect_str_eq(quote("web", buf), "\"web\"");
	cr_expect_str_eq(quote(NULL, buf), "\"\"");
	cr_expect_str_eq(quote("a\"b\\c", buf), "\"a\\\"b\\\\c\"");
	cr_expect_str_eq(quote("a\n\x1b[31mb\x7f", buf), "\"a\\x0a\\x1b[31mb\\x7f\"");
	cr_expect_str_eq(quote("gr\xc3\xbc\xc3\x9f", buf), "\"gr\xc3\xbc\xc3\x9f\"");
}

Test(quote, long_text_is_shortened_between_characters)
{
	char text[1024];
	char buf[QUOTE_MAX];
	size_t n;

	for (size_t lead = 0; lead < 8; lead++) {
		memset(text, 'x', lead);
		for (size_t i = lead; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 4);
		n = strlen(quote(text, buf));
		cr_expect_lt(n, (size_t)QUOTE_MAX);
		cr_expect_str_eq(buf + n - 4, "...\"");
		cr_expect_eq((unsigned char)buf[n - 5], 0xac, "a whole character, lead %zu", lead);
	}
	memset(text, '\n', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_expect_lt(strlen(quote(text, buf)), (size_t)QUOTE_MAX);
}

Test(err, the_first_error_wins_and_prefixes_stack)
{
	struct err e = { 0 };

	cr_expect_eq(err_set(&e, EINVAL, "bad %d", 7), -EINVAL);
	cr_expect_eq(err_set(&e, ENOMEM, "later"), -ENOMEM);
	err_prefix(&e, "web.yaml");
	cr_expect_eq(e.code, EINVAL);
	cr_expect_str_eq(e.text, "web.yaml: bad 7");
	cr_expect_eq(err_set(NULL, EIO, "nobody listens"), -EIO);
}

Test(vec, grows_and_walks)
{
	VEC(int) v = { 0 };
	int sum = 0;

	vec_each(i, &v)
		sum += *i;
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(vec_push(&v, i), 0);
	vec_each(i, &v)
		sum += *i;
	cr_expect_eq(sum, 499500);
	cr_expect_eq(vec_reserve(&v, SIZE_MAX / 2), -ENOMEM);
	cr_expect_eq(v.n, 1000u);
	vec_done(&v);
}
