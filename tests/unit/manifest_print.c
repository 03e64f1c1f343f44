/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Objects → text → the same objects. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"
#include "support/canonical.h"

typedef int print_fn(FILE *out, struct object *const *objects, size_t n, bool list);

static char *print(print_fn *fn, const object_vec *objects, bool list)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	cr_assert_eq(fn(f, objects->at, objects->n, list), 0);
	fclose(f);
	return text;
}

static void same(const object_vec *a, const object_vec *b, const char *what)
{
	cr_assert_eq(a->n, b->n, "%s", what);
	for (size_t i = 0; i < a->n; i++) {
		own(free) char *ja = canonical_json(a->at[i]);
		own(free) char *jb = canonical_json(b->at[i]);

		cr_expect_str_eq(ja, jb);
	}
}

static void reads_back(const object_vec *objects, const char *file)
{
	print_fn *const fns[] = { manifest_print_yaml, manifest_print_json };

	for (int i = 0; i < 4; i++) {
		own(free) char *text = print(fns[i & 1], objects, i & 2);
		own(objects_done) object_vec again = { 0 };
		struct err e = { 0 };

		cr_assert_eq(manifest_parse(file, text, strlen(text), NULL, &again, &e), 0,
			     "%s\n%s", e.text, text);
		same(objects, &again, file);
	}
}

Test(print, every_example_reads_back_the_same)
{
	static const struct {
		const char *file;
		size_t n;
	} rows[] = {
		{ "tests/manifests/clusterip.yaml", 1 }, { "tests/manifests/nodeport.yaml", 1 },
		{ "tests/manifests/loadbalancer.yaml", 1 }, { "tests/manifests/headless.yaml", 2 },
		{ "tests/manifests/external-ips.yaml", 1 },
		{ "tests/manifests/endpointslice.yaml", 2 },
		{ "tests/manifests/pods.yaml", 2 }, { "tests/manifests/nodes.yaml", 1 },
		{ "tests/manifests/kubectl-list.yaml", 3 },
		{ "tests/manifests/kubectl-list.json", 1 },
		{ "tests/manifests/anchors.yaml", 2 }, { "tests/manifests/mixed.yaml", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		own(objects_done) object_vec objects = { 0 };
		struct err e = { 0 };

		cr_assert_eq(manifest_load(rows[i].file, NULL, &objects, &e), 0, "%s", e.text);
		cr_expect_eq(objects.n, rows[i].n, "%s", rows[i].file);
		reads_back(&objects, rows[i].file);
		for (size_t j = 0; j < objects.n; j++) {
			cr_expect_eq(object_default(objects.at[j], &e), 0);
			cr_expect_eq(object_validate(objects.at[j], &e), 0, "%s", e.text);
		}
		reads_back(&objects, rows[i].file);
	}
}

/* Containers come in four lists, and a status may tell of one that the spec does not. */
Test(print, a_pod_keeps_what_was_said_of_its_containers)
{
	static const char text[] =
		"{apiVersion: v1, kind: Pod, metadata: {name: p, ownerReferences: [{apiVersion: apps/v1, "
		"kind: ReplicaSet, name: r, uid: u, controller: true}]}, spec: {containers: [{name: a, "
		"ports: [{containerPort: 1}, {containerPort: 2}]}, {name: b}], initContainers: [{name: s, "
		"restartPolicy: Always, ports: [{containerPort: 3}]}, {name: i}]}, status: {phase: "
		"Pending, reason: Because, containerStatuses: [{name: c, ready: false, restartCount: 3, "
		"state: {waiting: {reason: ErrImagePull}}}, {name: a, ready: true, state: {running: {}}}], "
		"initContainerStatuses: [{name: s, ready: true, restartCount: 1}, {name: i}]}}";
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };
	const struct pod *p;

	cr_assert_eq(manifest_parse("p", text, strlen(text), NULL, &objects, &e), 0, "%s", e.text);
	p = &objects.at[0]->u.pod;
	cr_assert_eq(p->containers.n, 4);
	cr_expect_str_eq(p->containers.at[2].name, "c");
	cr_expect_eq(p->containers.at[2].restarts, 3);
	cr_expect_str_eq(p->containers.at[2].reason, "ErrImagePull");
	cr_expect(p->containers.at[3].sidecar);
	cr_expect_eq(p->containers.at[3].restarts, 1);
	cr_expect_eq(p->containers.at[0].n_ports, 2);
	cr_expect_eq(p->containers.at[0].state, CONTAINER_RUNNING);
	cr_expect_not(p->containers.at[1].reported);
	cr_expect_eq(p->phase, PHASE_PENDING);
	cr_expect_str_eq(p->meta.owners.at[0].kind, "ReplicaSet");
	reads_back(&objects, "p");
}

Test(print, strings_keep_their_value_whatever_they_look_like)
{
	static const char *const texts[] = {
		"", " ", "yes", "no", "on", "Off", "y", "N", "true", "null", "~", "1", "1.0", "1e3",
		"0x1f", "0o7", "012", "+1", "-", "--", "---", "...", ".5", ".inf", ".NaN", "1_000",
		"12:30:45", "2024-01-01", "2024-05-06T07:08:09Z", "=", "<<", "a: b", "a "
		"#b", "#a", "&a",
		"*a", "!a", "%a", "@a", "`a", "|", ">", "'", "\"", "a'b\"c", "{", "[a]", "a,b",
		"? a",
		"- a", ":", "a:", "::1", "fd00::", "10.0.0.1", "\\", "\n", "a\n", "a\nb", "a\nb\n",
		"a\n\nb", "\na", " a\nb", "a \nb", "a\tb", "\ta\nb", "a\r\nb", "a\n\n", " a ",
		"gr\xc3\xbc\xc3\x9f", "\xf0\x9f\x98\x80", "\xe2\x80\xa8", "\xc2\x85", "\x7f",
		"\x01",
		"\xef\xbb\xbf", "{\"json\":\"text\"}\n", "a\n  b\n c\n", "a\n#b", "a\n---\nb",
	};
	own(objects_done) object_vec objects = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct object *o = object_new(KIND_NODE);

		o->meta->name = strdup("n");
		o->meta->namespace = strdup("");
		labels_set(&o->meta->annotations, "a", texts[i]);
		labels_set(&o->meta->annotations, texts[i], "b");
		cr_assert_eq(vec_push(&objects, o), 0);
	}
	reads_back(&objects, "texts");
}

Test(print, yaml_looks_like_kubectl)
{
	static const char text[] =
		"apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, labels: "
		"{on: 'yes', v: '1.0'}}\nspec: {selector: {}, ports: [{port: 80, targetPort: "
		"http}]}\n";
	static const char want[] =
		"apiVersion: v1\n"
		"items:\n"
		"- apiVersion: v1\n"
		"  kind: Service\n"
		"  metadata:\n"
		"    labels:\n"
		"      \"on\": \"yes\"\n"
		"      v: \"1.0\"\n"
		"    name: web\n"
		"    namespace: shop\n"
		"  spec:\n"
		"    ports:\n"
		"    - port: 80\n"
		"      targetPort: http\n"
		"    selector: {}\n"
		"    sessionAffinity: None\n"
		"  status:\n"
		"    loadBalancer: {}\n"
		"kind: List\n"
		"metadata:\n"
		"  resourceVersion: \"\"\n";
	own(objects_done) object_vec objects = { 0 };
	own(free) char *yaml = NULL;
	own(free) char *json = NULL;

	cr_assert_eq(manifest_parse("t", text, strlen(text), NULL, &objects, NULL), 0);
	yaml = print(manifest_print_yaml, &objects, true);
	cr_expect_str_eq(yaml, want);
	json = print(manifest_print_json, &objects, false);
	cr_expect_eq(strncmp(json, "{\n    \"apiVersion\": \"v1\",\n    \"kind\": "
	  "\"Service\",\n", 47), 0,
		     "%s", json);
}

Test(print, an_empty_list_is_a_list)
{
	const object_vec none = { 0 };

	reads_back(&none, "none");
}
