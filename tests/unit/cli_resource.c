/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "cli/resource.h"

static int parse(char **line, resource_vec *ret, struct err *e)
{
	int n = 0;

	while (line[n])
		n++;
	return resources_parse(n, line, ret, e);
}

Test(cli_resource, kinds_have_short_and_long_names)
{
	static const struct {
		char *text;
		enum kind kind;
	} rows[] = {
		{ "svc", KIND_SERVICE },	{ "service", KIND_SERVICE },
		{ "Services", KIND_SERVICE },	{ "eps", KIND_SLICE },
		{ "endpointslices", KIND_SLICE },
		{ "endpointslices.discovery.k8s.io", KIND_SLICE },
		{ "endpointslice.discovery.k8s.io", KIND_SLICE },
		{ "po", KIND_POD },		{ "nodes", KIND_NODE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(resources_done) resource_vec v = { 0 };
		char *line[] = { rows[i].text, NULL };
		struct err e = { 0 };

		cr_assert_eq(parse(line, &v, &e), 0, "%s", rows[i].text);
		cr_assert_eq(v.n, 1);
		cr_expect_eq(v.at[0].kind, rows[i].kind);
		cr_expect_null(v.at[0].name);
	}
}

Test(cli_resource, every_kind_is_asked_for_every_name)
{
	own(resources_done) resource_vec v = { 0 };
	char *line[] = { "svc,po", "a", "b", NULL };
	struct err e = { 0 };

	cr_assert_eq(parse(line, &v, &e), 0);
	cr_assert_eq(v.n, 4);
	cr_expect_eq(v.at[1].kind, KIND_SERVICE);
	cr_expect_str_eq(v.at[1].name, "b");
	cr_expect_eq(v.at[2].kind, KIND_POD);
	cr_expect_str_eq(v.at[2].name, "a");
}

/* kubectl takes the kinds of a list for a set, and the names for a list. */
Test(cli_resource, kinds_count_once_and_names_as_often_as_they_are_said)
{
	own(resources_done) resource_vec kinds = { 0 }, names = { 0 };
	char *svc[] = { "svc,po,services,svc", NULL }, *twice[] = { "svc", "a", "a", NULL };
	struct err e = { 0 };

	cr_assert_eq(parse(svc, &kinds, &e), 0);
	cr_assert_eq(kinds.n, 2);
	cr_expect_eq(kinds.at[1].kind, KIND_POD);
	cr_assert_eq(parse(twice, &names, &e), 0);
	cr_expect_eq(names.n, 2);
}

Test(cli_resource, all_is_what_a_namespace_has)
{
	static const enum kind want[] = { KIND_NODE, KIND_POD, KIND_SERVICE, KIND_ENDPOINTS,
					  KIND_SLICE };
	own(resources_done) resource_vec v = { 0 };
	char *line[] = { "no,all,svc", NULL };
	struct err e = { 0 };

	cr_assert_eq(parse(line, &v, &e), 0);
	cr_assert_eq(v.n, 5);
	for (size_t i = 0; i < v.n; i++)
		cr_expect_eq(v.at[i].kind, want[i]);
}

Test(cli_resource, pairs_of_kind_and_name)
{
	own(resources_done) resource_vec v = { 0 };
	char *line[] = { "svc/web", "node/n1", NULL };
	struct err e = { 0 };

	cr_assert_eq(parse(line, &v, &e), 0);
	cr_assert_eq(v.n, 2);
	cr_expect_str_eq(v.at[0].name, "web");
	cr_expect_eq(v.at[1].kind, KIND_NODE);
}

Test(cli_resource, nonsense_is_refused_whole)
{
	static char *lines[][4] = {
		{ NULL },
		{ "", NULL },
		{ "deployments", NULL },
		{ "svc,", NULL },
		{ "svc/", NULL },
		{ "svc/a/b", NULL },
		{ "svc/a", "b", NULL },
		{ "svc", "a/b", NULL },
		{ "svc", "", NULL },
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		own(resources_done) resource_vec v = { 0 };
		struct err e = { 0 };

		cr_expect_eq(parse(lines[i], &v, &e), -EINVAL, "row %zu", i);
		cr_expect(*e.text);
		cr_expect_eq(v.n, 0);
	}
}

Test(cli_resource, the_plural_has_its_group)
{
	char text[RESOURCE_TEXT_MAX];

	cr_expect_str_eq(resource_text(KIND_SERVICE, text), "services");
	cr_expect_str_eq(resource_text(KIND_SLICE, text), "endpointslices.discovery.k8s.io");
}

/* --- -n ------------------------------------------------------------------------- */

static void push(object_vec *to, enum kind kind, const char *ns)
{
	struct object *o = object_new(kind);

	cr_assert_not_null(o);
	o->meta->name = strdup("x");
	free(o->meta->namespace);
	o->meta->namespace = ns ? strdup(ns) : NULL;
	cr_assert_eq(vec_push(to, o), 0);
}

Test(cli_resource, namespace_goes_to_those_without)
{
	own(faults_done) struct faults faults = { 0 };
	own(objects_done) object_vec v = { 0 };

	push(&v, KIND_SERVICE, NULL);
	push(&v, KIND_POD, "");
	push(&v, KIND_POD, "prod");
	push(&v, KIND_NODE, "");
	cr_assert_eq(objects_set_namespace(&v, "prod", &faults), 0);
	cr_expect_eq(faults.n, 0);
	cr_expect_str_eq(v.at[0]->meta->namespace, "prod");
	cr_expect_str_eq(v.at[1]->meta->namespace, "prod");
	cr_expect_str_eq(v.at[2]->meta->namespace, "prod");
	cr_expect_str_eq(v.at[3]->meta->namespace, "");
}

Test(cli_resource, another_namespace_than_asked_for_is_a_fault_of_each)
{
	own(faults_done) struct faults faults = { 0 };
	own(objects_done) object_vec v = { 0 };
	struct err e = { 0 };

	push(&v, KIND_SERVICE, "test");
	push(&v, KIND_POD, "prod");
	push(&v, KIND_POD, "odd\nname");
	cr_assert_eq(objects_set_namespace(&v, NULL, &faults), 0);
	cr_expect_eq(faults.n, 0);
	cr_assert_eq(objects_set_namespace(&v, "prod", &faults), 0);
	cr_expect_eq(faults_end(&faults, &e), -EINVAL);
	cr_expect_str_eq(e.text,
			 "-:0: service \"x\" is in namespace \"test\", not in \"prod\" as -n says\n"
			 "-:0: pod \"x\" is in namespace \"odd\\x0aname\", not in \"prod\" as -n says");
	cr_expect(v.at[0]->broken && !v.at[1]->broken && v.at[2]->broken);
}
