/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Files, directories, standard input; and what the examples mean. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "manifest/manifest.h"

static void file_put(const char *dir, const char *name, const char *text)
{
	own(free) char *path = NULL;
	FILE *f;

	cr_assert_gt(asprintf(&path, "%s/%s", dir, name), 0);
	f = fopen(path, "w");
	cr_assert(f);
	fputs(text, f);
	fclose(f);
}

static void directory_remove(const char *dir)
{
	own(free) char *command = NULL;

	cr_assert_gt(asprintf(&command, "rm -rf '%s'", dir), 0);
	cr_assert_eq(system(command), 0);
}

#define NODE(name) "apiVersion: v1\nkind: Node\nmetadata: {name: " name "}\n"

Test(load, directory_is_sorted_and_only_manifests_count)
{
	char dir[] = "/tmp/sluice-test-XXXXXX";
	own(objects_done) object_vec objects = { 0 };
	own(free) char *sub = NULL;
	struct err e = { 0 };

	cr_assert(mkdtemp(dir));
	file_put(dir, "b.yaml", NODE("b"));
	file_put(dir, "a.yml", NODE("a"));
	file_put(dir, "c.json",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"c\"}}");
	file_put(dir, ".hidden.yaml", "no manifest: [");
	file_put(dir, "d.yaml~", "no manifest: [");
	file_put(dir, ".yaml", "no manifest: [");
	cr_assert_gt(asprintf(&sub, "%s/sub.yaml", dir), 0);
	cr_assert_eq(mkdir(sub, 0700), 0);
	cr_assert_eq(manifest_load(dir, NULL, &objects, &e), 0, "%s", e.text);
	cr_assert_eq(objects.n, 3u);
	cr_expect_str_eq(objects.at[0]->meta->name, "a");
	cr_expect_str_eq(objects.at[1]->meta->name, "b");
	cr_expect_str_eq(objects.at[2]->meta->name, "c");
	cr_expect_not_null(strstr(objects.at[2]->file, "/c.json"));

	/* One bad file: everything is as before. */
	file_put(dir, "z.yaml", "kind: Service");
	cr_expect_eq(manifest_load(dir, NULL, &objects, &e), -EINVAL);
	cr_expect_eq(objects.n, 3u);
	cr_expect_not_null(strstr(e.text, "/z.yaml:1: apiVersion: Required value"));
	directory_remove(dir);
}

/* Who wants to go on has what is well, and what is not. */
Test(load, faults_of_many_files)
{
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults faults = { 0 };
	const struct manifest_options opt = { .faults = &faults };
	char dir[] = "/tmp/sluice-unit-XXXXXX";
	struct err e = { 0 };
	const char *second;

	cr_assert_not_null(mkdtemp(dir));
	file_put(dir, "b.yaml", NODE("b") "---\n" NODE("b2") "spec: []\n---\nkind: Node\n---\n"
		 NODE("b3"));
	file_put(dir, "a.yaml", NODE("a") "spec: {podCIDRs: 7}\n");
	file_put(dir, "c.yaml", NODE("c") "---\na: [b");
	cr_assert_eq(manifest_load(dir, &opt, &objects, &e), 0, "%s", e.text);
	cr_assert_eq(objects.n, 5u);
	cr_expect(objects.at[0]->broken && !objects.at[1]->broken && objects.at[2]->broken &&
		  !objects.at[3]->broken && !objects.at[4]->broken);
	cr_expect_str_eq(objects.at[2]->meta->name, "b2");
	cr_expect_eq(objects.at[0]->source, 0);
	cr_expect_eq(objects.at[3]->source, 1);
	cr_expect_eq(objects.at[4]->source, 2);
	cr_expect_eq(faults.n, 4u);
	cr_expect_eq(faults_end(&faults, &e), -EINVAL);
	second = strchr(e.text, '\n');
	cr_assert_not_null(second);
	cr_expect_not_null(strstr(e.text, "/a.yaml:"));
	cr_expect_lt(strstr(e.text, "/a.yaml:"), second);
	cr_expect_gt(strstr(e.text, "/c.yaml:"), strstr(e.text, "/b.yaml:"));
	directory_remove(dir);
}

Test(load, what_cannot_be_read)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	cr_expect_eq(manifest_load("/nonexistent/x.yaml", NULL, &objects, &e), -ENOENT);
	cr_expect_str_eq(e.text, "/nonexistent/x.yaml: cannot open: No such file or directory");
	cr_expect_eq(manifest_load("https://example.com/x.yaml", NULL, &objects, err_clear(&e)),
		     -EINVAL);
	cr_expect_str_eq(e.text, "https://example.com/x.yaml: URLs are not fetched; "
				 "curl URL | sluice ... -f -");
	cr_expect_eq(manifest_load("", NULL, &objects, NULL), -ENOENT);
}

Test(load, minus_is_standard_input_and_nothing_is_nothing)
{
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_gt(write(fds[1], NODE("n"), strlen(NODE("n"))), 0);
	close(fds[1]);
	cr_assert_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	close(fds[0]);
	cr_expect_eq(manifest_load("-", NULL, &objects, &e), 0, "%s", e.text);
	cr_assert_eq(objects.n, 1u);
	cr_expect_str_eq(objects.at[0]->file, "stdin");
	cr_expect_eq(manifest_load("-", NULL, &objects, &e), 0, "%s", e.text);
	cr_expect_eq(objects.n, 1u);
	cr_expect_eq(manifest_parse("none", NULL, 0, NULL, &objects, &e), 0);
}

static struct object *load_one(const char *file, object_vec *objects, size_t i)
{
	struct err e = { 0 };

	cr_assert_eq(manifest_load(file, NULL, objects, &e), 0, "%s", e.text);
	cr_assert_lt(i, objects->n);
	return objects->at[i];
}

Test(load, a_pod_is_what_matters_of_it)
{
	own(objects_done) object_vec objects = { 0 };
	const struct pod *p = &load_one("tests/manifests/pods.yaml", &objects, 1)->u.pod;

	cr_expect(p->host_network);
	cr_expect_eq(p->phase, PHASE_FAILED);
	cr_expect_not(p->ready);
	cr_expect_eq(p->meta.deleted, 1714979289);
	p = &objects.at[0]->u.pod;
	cr_expect(p->ready);
	cr_expect_eq(p->phase, PHASE_RUNNING);
	cr_expect_eq(p->ips.n, 2u);
	cr_expect_str_eq(p->ips.at[0], "10.1.1.5");
	cr_expect_eq(p->meta.created, 1714979289);
	cr_assert_eq(p->ports.n, 3u, "an init container's port is no port, a sidecar's is");
	cr_expect_str_eq(p->ports.at[0].name, "http");
	cr_expect_eq(p->ports.at[1].protocol, PROTO_UDP);
	cr_expect_eq(p->ports.at[2].port, 8443);
}

Test(load, a_slice_has_everything_of_its_endpoints)
{
	own(objects_done) object_vec objects = { 0 };
	const struct slice *s =
		&load_one("tests/manifests/endpointslice.yaml", &objects, 1)->u.slice;
	const struct endpoint *e;

	cr_expect_eq(s->family, FAMILY_V6);
	s = &objects.at[0]->u.slice;
	cr_assert_eq(s->endpoints.n, 2u);
	e = &s->endpoints.at[0];
	cr_expect_eq(e->ready, TRI_TRUE);
	cr_expect_eq(e->terminating, TRI_FALSE);
	cr_expect_str_eq(e->node_name, "node-1");
	cr_expect_str_eq(e->zone, "us-west2-a");
	cr_expect_str_eq(e->hostname, "pod-1");
	cr_expect_str_eq(e->zone_hints.at[0], "us-west2-a");
	cr_expect_str_eq(e->node_hints.at[0], "node-1");
	cr_expect_str_eq(e->target_kind, "Pod");
	cr_expect_str_eq(e->target_namespace, "default");
	cr_expect_str_eq(e->target_name, "pod-1");
	cr_expect_str_eq(labels_find(&s->meta.labels, LABEL_SERVICE_NAME), "outside");
	cr_expect_eq(s->ports.at[0].port, 5353);
	cr_expect_eq(s->ports.at[0].protocol, PROTO_UDP);
	cr_expect_eq(s->endpoints.at[1].ready, TRI_FALSE);
	cr_expect_eq(s->endpoints.at[1].terminating, TRI_TRUE);
}

Test(load, a_node_has_addresses_by_type)
{
	own(objects_done) object_vec objects = { 0 };
	const struct node *n = &load_one("tests/manifests/nodes.yaml", &objects, 0)->u.node;

	cr_assert_eq(n->internal_ips.n, 2u);
	cr_expect_str_eq(n->internal_ips.at[1], "fd00::11");
	cr_assert_eq(n->external_ips.n, 1u);
	cr_assert_eq(n->pod_cidrs.n, 2u);
	cr_expect_str_eq(n->pod_cidrs.at[0], "10.1.1.0/24");
	cr_expect_str_eq(n->meta.namespace, "");
}

Test(load, a_balancer_has_its_status)
{
	own(objects_done) object_vec objects = { 0 };
	const struct service *s =
		&load_one("tests/manifests/loadbalancer.yaml", &objects, 0)->u.service;

	cr_expect_eq(s->type, SERVICE_LOAD_BALANCER);
	cr_expect(s->no_lb_node_ports);
	cr_expect_eq(s->health_check_node_port, 32100);
	cr_expect_eq(s->ip_family_policy, IPFP_PREFER_DUAL);
	cr_assert_eq(s->lb_ingress.n, 3u);
	cr_expect_not(s->lb_ingress.at[0].proxy);
	cr_expect(s->lb_ingress.at[1].proxy);
	cr_expect_str_eq(s->lb_ingress.at[2].hostname, "edge.example.com");
	cr_expect_eq(s->lb_source_ranges.n, 2u);
	cr_expect_str_eq(s->lb_class, "sluice.dev/static");
	cr_expect_str_eq(s->ports.at[0].target.name, "https");
	cr_expect_eq(objects.at[0]->line, 1u);
}
