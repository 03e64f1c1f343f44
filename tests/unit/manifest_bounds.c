/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Every bound of manifest/bounds.h that a test can reach in a second. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>

#include "manifest/bounds.h"
#include "manifest/manifest.h"

struct text {
	char *at;
	size_t n;
	FILE *f;
};

static void text_open(struct text *t)
{
	t->f = open_memstream(&t->at, &t->n);
	cr_assert(t->f);
}

static void expect(struct text *t, int code, const char *want)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	fclose(t->f);
	cr_expect_eq(manifest_parse("big", t->at, t->n, NULL, &objects, &e), -code);
	cr_expect_str_eq(e.text, want);
	free(t->at);
}

static void depth(struct text *t, const char *open, const char *close, unsigned int n)
{
	text_open(t);
	fprintf(t->f, "{a: ");
	for (unsigned int i = 0; i < n; i++)
		fputs(open, t->f);
	for (unsigned int i = 0; i < n; i++)
		fputs(close, t->f);
	fprintf(t->f, ", kind: K, apiVersion: v}");
}

Test(bounds, depth)
{
	struct text t;

	depth(&t, "[", "]", MANIFEST_DEPTH_MAX - 1);
	expect(&t, 0, "");
	depth(&t, "[", "]", MANIFEST_DEPTH_MAX);
	expect(&t, EINVAL, "big:1: maps and lists more than 64 deep");
	depth(&t, "{b: ", "}", 100000);
	expect(&t, EINVAL, "big:1: maps and lists more than 64 deep");
	depth(&t, "{managedFields: [", "]}", 100000);
	expect(&t, EINVAL, "big:1: maps and lists more than 64 deep");
}

/* The length is judged before a byte is looked at. */
Test(bounds, one_file)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	cr_expect_eq(manifest_parse("big", "", (size_t)MANIFEST_BYTES_MAX + 1, NULL, &objects, &e),
		     -EFBIG);
	cr_expect_str_eq(e.text, "big: larger than 256 MiB");
}

static void directory_of(unsigned int n, int code, const char *want)
{
	char dir[] = "/tmp/sluice-test-XXXXXX", path[sizeof(dir) + 16], expected[128];
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	cr_assert(mkdtemp(dir));
	for (unsigned int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%u.yaml", dir, i);
		cr_assert_eq(close(creat(path, 0600)), 0);
	}
	cr_expect_eq(manifest_load(dir, NULL, &objects, &e), -code);
	snprintf(expected, sizeof(expected), "%s%s", *want ? dir : "", want);
	cr_expect_str_eq(e.text, expected);
	for (unsigned int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%u.yaml", dir, i);
		unlink(path);
	}
	rmdir(dir);
}

Test(bounds, files_of_a_directory)
{
	directory_of(3, 0, "");
	directory_of(MANIFEST_FILES_MAX + 1, EFBIG, ": more than 10000 files");
}

Test(bounds, one_string)
{
	struct text t;

	text_open(&t);
	fprintf(t.f, "kind: K\napiVersion: v1\na: \"%*s\"\n", (int)MANIFEST_TEXT_MAX, "x");
	expect(&t, 0, "");
	text_open(&t);
	fprintf(t.f, "kind: K\napiVersion: v1\na: \"%*s\"\n", (int)MANIFEST_TEXT_MAX + 1, "x");
	expect(&t, EINVAL, "big:3: a string of more than 1024 KiB");
}

Test(bounds, documents)
{
	struct text t;

	text_open(&t);
	for (unsigned int i = 0; i <= MANIFEST_DOCS_MAX; i++)
		fputs("---\n", t.f);
	expect(&t, EFBIG, "big: more than 100000 documents");
}

/* 16 Mi of them would be a gigabyte: the same limit, set lower, on both ways to read. */
Test(bounds, values_of_a_document)
{
	static const struct {
		const char *text;
		size_t max;
		const char *want;
	} rows[] = {
		/* A document of seven: the map, two keys, two values, and two that nobody knows. */
		{ "kind: K\napiVersion: v\na: b\n", 7, "" },
		{ "kind: K\napiVersion: v\na: b\n", 6,
		  "big:3: more than 6 values in one document" },
		{ "kind: K\napiVersion: v\na: b\n---\nkind: K\napiVersion: v\na: b\n", 7, "" },
		/* Read at once, keys are not counted; read as YAML they are. */
		{ "{\"kind\":\"K\",\"apiVersion\":\"v\",\n\"a\":[1,2,3]}", 7, "" },
		{ "{\"kind\":\"K\",\"apiVersion\":\"v\",\n\"a\":[1,2,3,4]}", 7,
		  "big:2: more than 7 values in one document" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct manifest_options opt = { .nodes_max = rows[i].max };
		own(objects_done) object_vec objects = { 0 };
		struct err e = { 0 };

		cr_expect_eq(manifest_parse("big", rows[i].text, strlen(rows[i].text), &opt,
					    &objects, &e), *rows[i].want ? -EINVAL : 0);
		cr_expect_str_eq(e.text, rows[i].want);
	}
}

/* Aliases make a tree deeper than its text is. */
Test(bounds, lists_within_lists)
{
	struct text t;

	text_open(&t);
	fputs("a0: &a0 {apiVersion: v1, kind: List, items: []}\n", t.f);
	for (unsigned int i = 1; i <= MANIFEST_DEPTH_MAX; i++)
		fprintf(t.f, "a%u: &a%u {apiVersion: v1, kind: List, items: [*a%u]}\n", i, i, i - 1);
	fprintf(t.f, "apiVersion: v1\nkind: List\nitems: [*a%u]\n", MANIFEST_DEPTH_MAX);
	expect(&t, EINVAL, "big:2: items: Lists more than 64 deep");
}

Test(bounds, items_of_a_list)
{
	struct text t;

	text_open(&t);
	fputs("{apiVersion: v1, kind: Service, spec: {ports: [", t.f);
	for (unsigned int i = 0; i <= MANIFEST_ITEMS_MAX; i++)
		fputs("{},", t.f);
	fputs("]}}", t.f);
	expect(&t, EINVAL, "big:1: spec.ports: a list of more than 100000 items");
}

Test(bounds, billion_laughs_is_cut_off)
{
	struct text t;

	text_open(&t);
	fputs("a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n", t.f);
	for (int i = 1; i < 12; i++)
		fprintf(t.f, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	expect(&t, EINVAL, "big:6: the aliases stand for more than 200000 values");
}

Test(bounds, merge_bomb_is_cut_off)
{
	struct text t;

	text_open(&t);
	fputs("m0: &m0 {", t.f);
	for (int i = 0; i < 200; i++)
		fprintf(t.f, "k%d: v,", i);
	fputs("}\n", t.f);
	for (int i = 1; i < 20; i++)
		fprintf(t.f, "m%d: &m%d {<<: [*m%d,*m%d,*m%d,*m%d]}\n", i, i, i - 1, i - 1, i - 1,
			i - 1);
	expect(&t, EINVAL, "big:6: the aliases stand for more than 200000 values");
}

Test(bounds, anchors_and_aliases)
{
	struct text t;

	text_open(&t);
	for (unsigned int i = 0; i <= MANIFEST_ANCHORS_MAX; i++)
		fprintf(t.f, "k%u: &a%u v\n", i, i);
	expect(&t, EINVAL, "big:257: more than 256 anchors in one document");
	text_open(&t);
	fputs("a: &a x\n", t.f);
	for (unsigned int i = 0; i <= MANIFEST_ALIASES_MAX; i++)
		fprintf(t.f, "k%u: *a\n", i);
	expect(&t, EINVAL, "big:10002: more than 10000 aliases in one document");
}

Test(bounds, many_keys_are_checked_quickly)
{
	struct text t;

	text_open(&t);
	for (unsigned int i = 0; i < 100000; i++)
		fprintf(t.f, "k%u: v\n", i);
	fputs("k5: again\n", t.f);
	expect(&t, EINVAL, "big:100001: the key \"k5\" is here twice, first in line 6");
}

struct said {
	unsigned int n;
	char last[128];
};

static void hear(void *arg, const char *text)
{
	struct said *said = arg;

	said->n++;
	snprintf(said->last, sizeof(said->last), "%s", text);
}

Test(bounds, kinds_that_are_named)
{
	own(objects_done) object_vec objects = { 0 };
	struct said said = { 0 };
	const struct manifest_options opt = { .warn = hear, .warn_arg = &said };
	struct text t;

	text_open(&t);
	for (unsigned int i = 0; i < 3 * MANIFEST_KINDS_MAX; i++)
		fprintf(t.f, "---\napiVersion: v1\nkind: K%u\n", i);
	fclose(t.f);
	cr_expect_eq(manifest_parse("big", t.at, t.n, &opt, &objects, NULL), 0);
	free(t.at);
	cr_expect_eq(said.n, MANIFEST_KINDS_MAX + 1u);
	cr_expect_str_eq(said.last, "big: ignored 128 objects of further kinds");
}
