/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Faults: whoever finds them when, the first ones are told, in the order of files and lines. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/faults.h"

static void add(struct faults *f, unsigned int source, unsigned int line)
{
	char text[64];

	snprintf(text, sizeof(text), "%u:%u", source, line);
	cr_assert_eq(faults_add(f, source, line, text), 0);
}

static const char *told(const struct faults *f)
{
	static struct err e;

	cr_assert_eq(faults_end(f, err_clear(&e)), -EINVAL);
	return e.text;
}

Test(faults, none)
{
	struct faults f = { 0 };
	struct err e = { 0 };

	cr_expect_eq(faults_end(&f, &e), 0);
	cr_expect_eq(e.code, 0);
}

Test(faults, by_file_and_line_however_they_come)
{
	own(faults_done) struct faults f = { 0 };

	add(&f, 1, 3);
	add(&f, 0, 9);
	add(&f, 2, 1);
	add(&f, 0, 10);
	add(&f, 1, 2);
	cr_assert_eq(faults_add(&f, 0, 9, "0:9 later\n* a reason"), 0);
	cr_expect_str_eq(told(&f), "0:9\n0:9 later\n* a reason\n0:10\n1:2\n1:3\n2:1");
}

Test(faults, the_first_are_kept_also_if_they_come_last)
{
	own(faults_done) struct faults f = { 0 };
	own(faults_done) struct faults copy = { 0 };
	char want[512] = "";

	for (unsigned int line = 1000; line; line--)
		add(&f, 0, line);
	for (unsigned int line = 1; line <= FAULTS_KEPT; line++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "0:%u\n", line);
	strcat(want, "and 980 more");
	cr_expect_str_eq(told(&f), want);
	cr_assert_eq(faults_copy(&copy, &f), 0);
	cr_expect_str_eq(told(&copy), want);
	cr_expect(faults_keeps(&f, 0, 19) && !faults_keeps(&f, 0, 20) && !faults_keeps(&f, 1, 1));
	/* What is not kept counts, and needs no text. */
	cr_assert_eq(faults_add(&f, 1, 1, ""), 0);
	cr_expect_not_null(strstr(told(&f), "and 981 more"));
	cr_expect_eq(copy.n, 1000u);
}

Test(faults, texts_beyond_the_room_are_counted)
{
	own(faults_done) struct faults f = { 0 };
	static char text[ERR_TEXT_MAX];
	const char *got;

	/* A first one that is too long is cut, behind it there is none. */
	memset(text, 'x', sizeof(text) - 1);
	cr_assert_eq(faults_add(&f, 0, 2, text), 0);
	got = told(&f);
	cr_expect_gt(strlen(got), sizeof(text) - 100);
	cr_expect_null(strchr(got, '\n'));
	add(&f, 0, 3);
	cr_expect_str_eq(strrchr(told(&f), '\n'), "\nand 1 more");
	/* One that does not fit hides those behind it, so that none is left out between two. */
	text[1500] = '\0';
	faults_done(&f);
	add(&f, 0, 1);
	for (unsigned int line = 2; line < 5; line++)
		cr_assert_eq(faults_add(&f, 0, line, text), 0);
	add(&f, 0, 9);
	got = told(&f);
	cr_expect_eq(strncmp(got, "0:1\nx", 5), 0);
	cr_expect_str_eq(strrchr(got, '\n'), "\nand 2 more");
}
