/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <criterion/criterion.h>

#include <string.h>

#include "cli/columns.h"

/* The cell of @o under @head. */
static char *cell(const struct object *o, const char *head, const char *node)
{
	struct column_env env = { .node = node };
	char *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	cr_assert_not_null(mem);
	for (const struct column *c = kind_columns[o->kind]; c->head; c++) {
		if (!strcmp(c->head, head))
			c->print(mem, o, &env);
	}
	fclose(mem);
	return text;
}

static void expect_cell(const struct object *o, const char *head, const char *text)
{
	own(free) char *got = cell(o, head, "n1");

	cr_expect_str_eq(got, text, "%s: \"%s\", not \"%s\"", head, got, text);
}

static struct object *new(enum kind kind, const char *name)
{
	struct object *o = object_new(kind);

	cr_assert_not_null(o);
	o->meta->name = strdup(name);
	return o;
}

static void add_port(struct object *o, uint16_t port, uint16_t node_port, enum protocol proto)
{
	struct service_port p = { .protocol = proto, .port = port, .node_port = node_port };

	p.name = strdup("p");
	cr_assert_eq(vec_push(&o->u.service.ports, p), 0);
}

Test(cli_columns, a_service_without_anything)
{
	own(object_free) struct object *o = new(KIND_SERVICE, "web");

	expect_cell(o, "NAME", "web");
	expect_cell(o, "TYPE", "ClusterIP");
	expect_cell(o, "CLUSTER-IP", "<none>");
	expect_cell(o, "EXTERNAL-IP", "<none>");
	expect_cell(o, "PORT(S)", "<none>");
	expect_cell(o, "SELECTOR", "<none>");
	expect_cell(o, "AGE", "<unknown>");
}

Test(cli_columns, ports_of_a_service)
{
	own(object_free) struct object *o = new(KIND_SERVICE, "web");

	add_port(o, 80, 30080, PROTO_TCP);
	add_port(o, 53, 0, PROTO_UDP);
	expect_cell(o, "PORT(S)", "80:30080/TCP,53/UDP");
}

Test(cli_columns, addresses_of_a_service)
{
	own(object_free) struct object *o = new(KIND_SERVICE, "web");
	struct lb_ingress in = { .ip = strdup("192.0.2.1") };

	cr_assert_eq(texts_push(&o->u.service.cluster_ips, "10.96.0.10"), 0);
	cr_assert_eq(texts_push(&o->u.service.cluster_ips, "fd00::10"), 0);
	expect_cell(o, "CLUSTER-IP", "10.96.0.10");

	o->u.service.type = SERVICE_LOAD_BALANCER;
	expect_cell(o, "EXTERNAL-IP", "<pending>");
	cr_assert_eq(vec_push(&o->u.service.lb_ingress, in), 0);
	cr_assert_eq(texts_push(&o->u.service.external_ips, "192.0.2.9"), 0);
	expect_cell(o, "EXTERNAL-IP", "192.0.2.1,192.0.2.9");

	o->u.service.headless = true;
	expect_cell(o, "CLUSTER-IP", "None");
}

Test(cli_columns, three_endpoints_and_a_count)
{
	own(object_free) struct object *o = new(KIND_SLICE, "web-1");

	expect_cell(o, "PORTS", "<unset>");
	expect_cell(o, "ENDPOINTS", "<unset>");
	for (int i = 1; i <= 5; i++) {
		struct slice_port p = { .port = (uint16_t)(8000 + i), .protocol = PROTO_TCP };
		struct endpoint ep = { 0 };
		char text[16];

		snprintf(text, sizeof(text), "10.0.0.%d", i);
		cr_assert_eq(texts_push(&ep.addresses, text), 0);
		cr_assert_eq(vec_push(&o->u.slice.endpoints, ep), 0);
		cr_assert_eq(vec_push(&o->u.slice.ports, p), 0);
		if (i == 3)
			expect_cell(o, "ENDPOINTS", "10.0.0.1,10.0.0.2,10.0.0.3");
	}
	expect_cell(o, "ADDRESSTYPE", "IPv4");
	expect_cell(o, "PORTS", "8001,8002,8003 + 2 more...");
	expect_cell(o, "ENDPOINTS", "10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...");
}

static void add_container(struct object *pod, bool sidecar, bool ready, uint32_t restarts,
			  enum container_state state, const char *reason)
{
	struct container c = { .sidecar = sidecar, .reported = true, .ready = ready,
			       .restarts = restarts, .state = state };

	c.reason = reason ? strdup(reason) : NULL;
	cr_assert_eq(vec_push(&pod->u.pod.containers, c), 0);
}

Test(cli_columns, a_pod_and_its_life)
{
	own(object_free) struct object *o = new(KIND_POD, "web-0");

	expect_cell(o, "READY", "0/1");
	expect_cell(o, "STATUS", "Pending");
	expect_cell(o, "RESTARTS", "0");
	expect_cell(o, "IP", "<none>");
	expect_cell(o, "NODE", "<none>");

	cr_assert_eq(texts_push(&o->u.pod.ips, "10.244.1.10"), 0);
	o->u.pod.ready = true;
	o->u.pod.node_name = strdup("n1");
	expect_cell(o, "READY", "1/1");
	expect_cell(o, "STATUS", "Running");
	expect_cell(o, "IP", "10.244.1.10");
	expect_cell(o, "NODE", "n1");

	o->u.pod.phase = PHASE_PENDING;
	expect_cell(o, "STATUS", "Pending");
	o->meta->deleted = 1;
	expect_cell(o, "STATUS", "Terminating");
	o->u.pod.phase = PHASE_SUCCEEDED;
	expect_cell(o, "STATUS", "Succeeded");
	o->u.pod.reason = strdup("Evicted");
	expect_cell(o, "STATUS", "Evicted");
}

Test(cli_columns, a_pod_by_its_containers)
{
	own(object_free) struct object *o = new(KIND_POD, "web-0");

	o->u.pod.phase = PHASE_RUNNING;
	add_container(o, false, true, 2, CONTAINER_RUNNING, NULL);
	add_container(o, false, false, 7, CONTAINER_WAITING, "CrashLoopBackOff");
	add_container(o, true, true, 1, CONTAINER_RUNNING, NULL);
	expect_cell(o, "READY", "2/3");
	expect_cell(o, "RESTARTS", "10");
	expect_cell(o, "STATUS", "CrashLoopBackOff");
}

Test(cli_columns, a_pod_whose_containers_have_ended)
{
	own(object_free) struct object *o = new(KIND_POD, "job-0");

	o->u.pod.phase = PHASE_SUCCEEDED;
	add_container(o, false, false, 0, CONTAINER_TERMINATED, "Completed");
	expect_cell(o, "READY", "0/1");
	expect_cell(o, "STATUS", "Completed");
	/* One that goes on beside it. */
	o->u.pod.phase = PHASE_RUNNING;
	add_container(o, false, true, 0, CONTAINER_RUNNING, NULL);
	expect_cell(o, "STATUS", "NotReady");
	o->u.pod.ready = true;
	expect_cell(o, "STATUS", "Running");
}

static void add_subset(struct object *o, unsigned int first, size_t n, uint16_t port)
{
	struct endpoints_subset s = { 0 };
	char text[16];

	for (size_t i = 0; i < n; i++) {
		struct endpoint e = { 0 };

		snprintf(text, sizeof(text), "10.0.0.%zu", first + i);
		cr_assert_eq(texts_push(&e.addresses, text), 0);
		cr_assert_eq(vec_push(&s.ready, e), 0);
	}
	for (uint16_t i = 0; port && i < 2; i++)
		cr_assert_eq(vec_push(&s.ports, ((struct slice_port){ .port = (uint16_t)(port + i) })),
			     0);
	cr_assert_eq(vec_push(&o->u.endpoints.subsets, s), 0);
}

Test(cli_columns, endpoints_port_by_port)
{
	own(object_free) struct object *o = new(KIND_ENDPOINTS, "web");

	expect_cell(o, "ENDPOINTS", "<none>");
	add_subset(o, 1, 2, 80);
	expect_cell(o, "ENDPOINTS", "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...");
	add_subset(o, 3, 2, 90);
	expect_cell(o, "ENDPOINTS", "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 5 more...");
}

Test(cli_columns, endpoints_without_a_port)
{
	own(object_free) struct object *o = new(KIND_ENDPOINTS, "web");

	add_subset(o, 1, 2, 0);
	expect_cell(o, "ENDPOINTS", "10.0.0.1,10.0.0.2");
}

Test(cli_columns, a_node_and_whether_it_is_this_one)
{
	own(object_free) struct object *here = new(KIND_NODE, "n1");
	own(object_free) struct object *there = new(KIND_NODE, "n2");

	expect_cell(here, "LOCAL", "yes");
	expect_cell(there, "LOCAL", "no");
	expect_cell(here, "INTERNAL-IP", "<none>");
	expect_cell(here, "ROLES", "<none>");
	expect_cell(here, "STATUS", "Unknown");
	here->u.node.ready = TRI_TRUE;
	expect_cell(here, "STATUS", "Ready");
	here->u.node.unschedulable = true;
	here->u.node.ready = TRI_FALSE;
	expect_cell(here, "STATUS", "NotReady,SchedulingDisabled");
	cr_assert_eq(labels_set(&here->meta->labels, "node-role.kubernetes.io/control-plane", ""), 0);
	cr_assert_eq(labels_set(&here->meta->labels, "node-role.kubernetes.io/etcd", ""), 0);
	expect_cell(here, "ROLES", "control-plane,etcd");
}
