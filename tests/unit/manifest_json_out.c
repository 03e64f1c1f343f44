/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The JSON writer: what it writes, jansson reads. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "manifest/json_out.h"

Test(json_out, separates_and_closes)
{
	own(json_out_done) struct json_out j = { 0 };
	own(free) char *text = NULL;

	json_open(&j, '{');
	json_key(&j, "a");
	json_open(&j, '[');
	json_number(&j, -7);
	json_flag(&j, true);
	json_text(&j, "{");
	json_text(&j, "");
	json_open(&j, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	json_key(&j, "b");
	json_flag(&j, false);
	json_close(&j, '}');
	text = json_out_take(&j);
	cr_expect_str_eq(text, "{\"a\":[-7,true,\"{\",\"\",{}],\"b\":false}");
	cr_expect_eq(j.n, 0u);
}

Test(json_out, what_is_cut_leaves_no_comma)
{
	own(json_out_done) struct json_out j = { 0 };
	own(free) char *text = NULL;
	size_t mark;

	json_open(&j, '{');
	json_key(&j, "a");
	json_number(&j, 1);
	mark = j.n;
	json_key(&j, "b");
	json_open(&j, '{');
	cr_expect(json_is_empty(&j));
	json_cut(&j, mark);
	cr_expect_not(json_is_empty(&j));
	json_close(&j, '}');
	text = json_out_take(&j);
	cr_expect_str_eq(text, "{\"a\":1}");
}

/* Every byte that UTF-8 has, and texts longer than the first piece of memory. */
Test(json_out, any_text_reads_back)
{
	char odd[5000];
	size_t n = 0;

	for (int round = 0; round < 30; round++) {
		for (char c = 1; c < 0x7f; c++)
			odd[n++] = c;
		n += (size_t)sprintf(odd + n, "\x7f\xc2\x80\xe2\x80\xa8\xf0\x9f\x90\x9f");
	}
	odd[n] = '\0';
	for (size_t from = 0; from <= n; from = from * 2 + 1) {
		own(json_out_done) struct json_out j = { 0 };
		own(free) char *text = NULL;
		json_t *v;

		json_open(&j, '[');
		json_text(&j, odd + from);
		json_close(&j, ']');
		text = json_out_take(&j);
		v = json_loads(text, 0, NULL);
		cr_assert(v, "%s", text);
		cr_expect_str_eq(json_string_value(json_array_get(v, 0)), odd + from);
		json_decref(v);
	}
}
