/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Fields that Kubernetes does not have. What it has and nobody reads is in tests/manifests. */
#include <criterion/criterion.h>
#include <string.h>

#include "manifest/manifest.h"

#define META "metadata: {name: web}\n"
#define SVC "apiVersion: v1\nkind: Service\n" META
#define SLICE "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n" META
#define EPS "apiVersion: v1\nkind: Endpoints\n" META
#define POD "apiVersion: v1\nkind: Pod\n" META
#define NODE "apiVersion: v1\nkind: Node\n" META

/* The warnings, or "" if there are none. */
static const char *unknown_in(const char *text)
{
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults unknown = { 0 };
	const struct manifest_options opt = { .unknown = &unknown };
	static struct err told;
	struct err e = { 0 };

	cr_assert_eq(manifest_parse("x", text, strlen(text), &opt, &objects, &e), 0, "%s", e.text);
	faults_end(&unknown, err_clear(&told));
	return told.text;
}

#define FIELD(line, path) "x:" #line ": unknown field \"" path "\""
#define MEANT(word) ": did you mean \"" word "\"?"

Test(unknown, fields_of_all_maps_that_are_read)
{
	static const struct {
		const char *text, *told;
	} rows[] = {
		{ SVC "sepc: {}\n", FIELD(4, "sepc") MEANT("spec") },
		{ SVC "spec: {selektor: {a: b}}\n", FIELD(4, "spec.selektor") MEANT("selector") },
		{ SVC "spec: {Selector: {a: b}}\n", FIELD(4, "spec.Selector") MEANT("selector") },
		{ SVC "spec: {selektor: }\n", FIELD(4, "spec.selektor") MEANT("selector") },
		{ SVC "spec: {topologyKeys: []}\n", FIELD(4, "spec.topologyKeys") },
		{ SVC "spec:\n  ports:\n  - port: 80\n  - port: 81\n    nodeport: 1\n",
		  FIELD(8, "spec.ports[1].nodeport") MEANT("nodePort") },
		{ SVC "spec: {sessionAffinityConfig: {clientIp: {}}}\n",
		  FIELD(4, "spec.sessionAffinityConfig.clientIp") MEANT("clientIP") },
		{ SVC "status: {loadBalancer: {ingress: [{address: 192.0.2.1}]}}\n",
		  FIELD(4, "status.loadBalancer.ingress[0].address") },
		{ SVC "status: {loadBalancer: {ingress: [{ip: 192.0.2.1, ports: [{prot: 1}]}]}}\n",
		  FIELD(4, "status.loadBalancer.ingress[0].ports[0].prot") MEANT("port") },
		{ SVC "status: {conditions: [{type: a}, {typ: a}]}\n",
		  FIELD(4, "status.conditions[1].typ") MEANT("type") },
		{ "apiVersion: v1\nkind: Service\nmetadata: {name: a, label: {a: b}}\n",
		  FIELD(3, "metadata.label") MEANT("labels") },
		{ "apiVersion: v1\nkind: Service\nmetadata: {name: a, ownerReferences: [{nam: b}]}\n",
		  FIELD(3, "metadata.ownerReferences[0].nam") MEANT("name") },
		{ SLICE "endpoint: []\n", FIELD(5, "endpoint") MEANT("endpoints") },
		{ SLICE "endpoints: [{addresses: [192.0.2.1], condition: {ready: true}}]\n",
		  FIELD(5, "endpoints[0].condition") MEANT("conditions") },
		{ SLICE "endpoints: [{addresses: [192.0.2.1], conditions: {raedy: true}}]\n",
		  FIELD(5, "endpoints[0].conditions.raedy") MEANT("ready") },
		{ SLICE "endpoints: [{addresses: [192.0.2.1], hints: {forZones: [{nmae: a}]}}]\n",
		  FIELD(5, "endpoints[0].hints.forZones[0].nmae") MEANT("name") },
		{ SLICE "endpoints: [{addresses: [192.0.2.1], targetRef: {knd: Pod}}]\n",
		  FIELD(5, "endpoints[0].targetRef.knd") MEANT("kind") },
		{ SLICE "ports: [{prt: 80}]\n", FIELD(5, "ports[0].prt") MEANT("port") },
		{ EPS "subset: []\n", FIELD(4, "subset") MEANT("subsets") },
		{ EPS "subsets: [{adresses: []}]\n", FIELD(4, "subsets[0].adresses") MEANT("addresses") },
		{ EPS "subsets: [{addresses: [{ip: 192.0.2.1, node: x}]}]\n",
		  FIELD(4, "subsets[0].addresses[0].node") },
		{ POD "spec: {nodeNmae: a}\n", FIELD(4, "spec.nodeNmae") MEANT("nodeName") },
		{ POD "spec: {containers: [{name: a, port: []}]}\n",
		  FIELD(4, "spec.containers[0].port") MEANT("ports") },
		{ POD "spec: {initContainers: [{name: a, restart: Always}]}\n",
		  FIELD(4, "spec.initContainers[0].restart") },
		{ POD "spec: {containers: [{name: a, ports: [{containerport: 80}]}]}\n",
		  FIELD(4, "spec.containers[0].ports[0].containerport") MEANT("containerPort") },
		{ POD "status: {podIp: 192.0.2.1}\n", FIELD(4, "status.podIp") MEANT("podIP") },
		{ POD "status: {podIPs: [{ip: 192.0.2.1, x: 1}]}\n", FIELD(4, "status.podIPs[0].x") },
		{ POD "status: {conditions: [{type: Ready, state: 'True'}]}\n",
		  FIELD(4, "status.conditions[0].state") MEANT("status") },
		{ POD "status: {containerStatuses: [{name: a, state: {runing: {}}}]}\n",
		  FIELD(4, "status.containerStatuses[0].state.runing") MEANT("running") },
		{ POD "status: {containerStatuses: [{name: a, restarts: 1}]}\n",
		  FIELD(4, "status.containerStatuses[0].restarts") },
		{ NODE "spec: {podCidr: 10.0.0.0/24}\n", FIELD(4, "spec.podCidr") MEANT("podCIDR") },
		{ NODE "status: {addresses: [{type: InternalIP, adress: 192.0.2.1}]}\n",
		  FIELD(4, "status.addresses[0].adress") MEANT("address") },
		{ "apiVersion: v1\nkind: List\nitem: []\nmetadata: {count: 1}\n",
		  FIELD(3, "item") MEANT("items") "\n" FIELD(4, "metadata.count") },
		{ SVC "spec: {\"a b\\n\": 1}\n", "x:4: unknown field \"spec[\"a b\\x0a\"]\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_eq(unknown_in(rows[i].text), rows[i].told, "%s is\n%s\nnot\n%s",
				 rows[i].text, unknown_in(rows[i].text), rows[i].told);
}

Test(unknown, not_where_names_are_free_or_nobody_reads)
{
	static const char *const rows[] = {
		"apiVersion: v1\nkind: Service\n"
		"metadata: {name: a, labels: {x: y}, annotations: {z: z}}\nspec: {selector: {q: r}}\n",
		"apiVersion: v1\nkind: Service\nmetadata: {name: a, managedFields: [{x: y}]}\n",
		POD "spec: {volumes: [{what: ever}], containers: [{name: a, env: [{x: 1}]}]}\n",
		POD "status: {containerStatuses: [{name: a, lastState: {what: {}}}]}\n",
		NODE "status: {capacity: {x: 1}, allocatable: {example.com/gpu: 1, x: 2}}\n",
		"apiVersion: example.com/v1\nkind: Thing\nwhat: ever\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_str_empty(unknown_in(rows[i]), "%s: %s", rows[i], unknown_in(rows[i]));
}

Test(unknown, a_few_of_an_object_the_outer_ones_first)
{
	cr_expect_str_eq(unknown_in(SVC "spec:\n  ports: [{x: 1, y: 1, z: 1, port: 80}]\n  a: 1\n"
				    "  b: 1\nstatus: {x: 1}\nc: 1\n---\n" SVC "d: 1\n"),
			 FIELD(5, "spec.ports[0].x") "\n" FIELD(5, "spec.ports[0].y") "\n"
			 FIELD(6, "spec.a") "\n" FIELD(7, "spec.b") "\n" FIELD(9, "c") "\n"
			 FIELD(14, "d") "\nand 2 more");
}

Test(unknown, a_few_of_many_objects)
{
	char text[8192] = "apiVersion: v1\nkind: List\nitems:\n";
	const char *told;

	for (int i = 0; i < 100; i++)
		strcat(text, "- {apiVersion: v1, kind: Node, metadata: {name: a}, x: 1}\n");
	told = unknown_in(text);
	cr_expect_eq(strncmp(told, FIELD(4, "x") "\n", strlen(FIELD(4, "x") "\n")), 0, "%s", told);
	cr_expect_str_eq(strrchr(told, '\n'), "\nand 80 more");
}

/* Told as faults they do not hide what else is wrong, nor make the object unfit to be checked. */
Test(unknown, as_faults)
{
	static const char text[] = SVC "spec: {x: 1}\n---\n" SVC "spec: []\ny: 1\n";
	own(objects_done) object_vec objects = { 0 };
	own(faults_done) struct faults faults = { 0 };
	struct manifest_options opt = { .faults = &faults, .unknown = &faults };
	struct err e = { 0 };

	cr_assert_eq(manifest_parse("x", text, strlen(text), &opt, &objects, &e), 0);
	faults_end(&faults, &e);
	cr_expect_str_eq(e.text, FIELD(4, "spec.x") "\nx:9: spec: must be a map, not a list\n"
				 FIELD(10, "y"));
	cr_assert_eq(objects.n, 2u);
	cr_expect(!objects.at[0]->broken && objects.at[1]->broken);
}
