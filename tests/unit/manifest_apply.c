/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Manifests as people have them: each file of tests/manifests is applied to an empty instance, and
 * what `get -o wide` then shows is compared with tests/manifests/get/FILE.txt, warnings first.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <string.h>

#include "base/hash.h"
#include "cli/columns.h"
#include "cluster/cluster.h"
#include "manifest/manifest.h"

#define DIR_PATH "tests/manifests"

static void print_warning(void *arg, const char *text)
{
	fprintf(arg, "warning: %s\n", text + strlen(DIR_PATH "/"));
}

/* All columns but the age, which passes. */
static void print_kind(FILE *out, const struct snapshot *snap, enum kind kind)
{
	const struct column_env env = { .node = "node-1" };
	struct object **objects;
	size_t n;

	objects = snapshot_kind(snap, kind, &n);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = kind_columns[kind];

		fprintf(out, "%s %s", kind_infos[kind].singular, objects[i]->meta->namespace);
		for (; c->head; c++) {
			if (!strcmp(c->head, "AGE"))
				continue;
			fputs(c == kind_columns[kind] ? "/" : "  ", out);
			c->print(out, objects[i], &env);
		}
		fputc('\n', out);
	}
}

static uint64_t next_random(void *arg)
{
	uint64_t *state = arg;

	return hash_mix(++*state);
}

/* What there is to see after the file was applied, twice. */
static char *applied(const char *path)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	struct cluster_config cfg = cluster_config_builtin();
	own(snapshot_done) struct snapshot snap = { 0 };
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults unknown = { 0 };
	struct manifest_options opt = { .warn = print_warning, .unknown = &unknown };
	uint64_t state = 0;
	char *text = NULL;
	struct err e = { 0 };
	size_t size;
	FILE *out = open_memstream(&text, &size);

	opt.warn_arg = out;
	cfg.random = next_random;
	cfg.random_arg = &state;
	cr_assert_eq(cluster_config_set(&cfg, SETTING_LB_POOL, "203.0.113.0/28,2001:db8:ff::/120",
					&e), 0, "%s", e.text);
	cr_assert_eq(manifest_load(path, &opt, &objects, &e), 0, "%s", e.text);
	for (size_t i = 0; i < unknown.kept; i++)
		print_warning(out, unknown.at[i].text);
	for (int twice = 0; twice < 2; twice++) {
		cluster_changes_done(&changes);
		cr_assert_eq(cluster_apply(&snap, &cfg, objects.at, objects.n, &changes, &e), 0, "%s",
			     e.text);
	}
	vec_each(c, &changes)
		cr_expect_eq(c->change, CHANGE_NONE, "%s: applying %s again changes it", path,
			     c->name);
	print_kind(out, &snap, KIND_SERVICE);
	print_kind(out, &snap, KIND_SLICE);
	print_kind(out, &snap, KIND_ENDPOINTS);
	fclose(out);
	return text;
}

static char *read_all(const char *path)
{
	own(file_close) FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	cr_assert(f, "there is no %s", path);
	if (getdelim(&text, &size, '\0', f) < 0)
		text[0] = '\0';
	return text;
}

static int is_manifest(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".json"));
}

Test(manifests, of_real_life_apply)
{
	struct dirent **names;
	int n = scandir(DIR_PATH, &names, is_manifest, alphasort);

	cr_assert_geq(n, 25, "%d manifests", n);
	for (int i = 0; i < n; i++) {
		own(free) char *path = NULL;
		own(free) char *expected = NULL;
		own(free) char *got = NULL;
		own(free) char *want = NULL;

		cr_assert_gt(asprintf(&path, DIR_PATH "/%s", names[i]->d_name), 0);
		cr_assert_gt(asprintf(&expected, DIR_PATH "/get/%s.txt", names[i]->d_name), 0);
		got = applied(path);
		want = read_all(expected);
		cr_expect_str_eq(got, want, "%s shows\n%s\nnot\n%s", path, got, want);
		free(names[i]);
	}
	free(names);
}
