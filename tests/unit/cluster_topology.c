/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Hints of Services with topology-mode Auto. */
#include "cluster_sandbox.h"

#include <string.h>

struct topology_case {
	const char *name;
	const char *nodes;	/* "zone:cpu" for node-0, node-1, ...; cpu "" is not given */
	const char *pods;	/* for each Pod the digit of its node, or "-" for none */
	const char *hints;	/* for each Pod the zone, in one letter; "." is none */
	const char *more;	/* of the Service's annotations */
};

static const struct topology_case cases[] = {
	{ "equal zones keep their own", "a:4 b:4", "0011", "aabb", NULL },
	{ "a larger zone takes what it lacks", "a:6 b:2", "0011", "aaab", NULL },
	{ "by thousandths", "a:3000m b:1", "0011", "aaab", NULL },
	{ "what is within the overload stays", "a:5 b:4", "00001111", "aaaabbbb", NULL },
	{ "all in one zone: the other gets its part", "a:4 b:4", "0000", "bbaa", NULL },
	{ "three zones", "a:4 b:4 c:4", "000012", "bcaabc", NULL },
	{ "fewer endpoints than zones", "a:4 b:4 c:4", "01", "..", NULL },
	{ "one zone alone", "a:4 a:4", "01", "..", NULL },
	{ "a node without processors", "a:4 b:", "0011", "....", NULL },
	{ "an endpoint of no zone", "a:4 b:4", "001-", "....", NULL },
	{ "no zone may be overloaded", "a:4 b:4", "001", "...", NULL },
	{ "Disabled", "a:4 b:4", "0011", "....", "service.kubernetes.io/topology-mode: Disabled" },
	{ "the old name", "a:4 b:4", "0011", "aabb",
	  "service.kubernetes.io/topology-aware-hints: auto" },
};

static void print_nodes(FILE *out, const char *nodes)
{
	own(free) char *copy = strdup(nodes);
	char *save = NULL;
	unsigned int i = 0;

	for (char *n = strtok_r(copy, " ", &save); n; n = strtok_r(NULL, " ", &save), i++) {
		fprintf(out, "---\n{apiVersion: v1, kind: Node, metadata: {name: node-%u, labels: {"
			"topology.kubernetes.io/zone: %c}}, status: {", i, *n);
		if (n[2])
			fprintf(out, "allocatable: {cpu: %s}", n + 2);
		fputs("}}\n", out);
	}
	/* Control planes and nodes that are not ready do not count. */
	fputs("---\n{apiVersion: v1, kind: Node, metadata: {name: cp, labels: {"
	      "node-role.kubernetes.io/control-plane: ''}}}\n"
	      "---\n{apiVersion: v1, kind: Node, metadata: {name: down}, status: {conditions: ["
	      "{type: Ready, status: 'Unknown'}]}}\n", out);
}

static char *world(const struct topology_case *c)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "{apiVersion: v1, kind: Service, metadata: {name: web, annotations: {%s}}, spec: "
		"{selector: {a: b}, ports: [{port: 80}], trafficDistribution: PreferSameNode}}\n",
		c->more ? c->more : "service.kubernetes.io/topology-mode: Auto");
	print_nodes(out, c->nodes);
	for (size_t i = 0; c->pods[i]; i++) {
		fprintf(out, "---\n{apiVersion: v1, kind: Pod, metadata: {name: p%zu, labels: {a: b}}, "
			"spec: {", i);
		if (c->pods[i] != '-')
			fprintf(out, "nodeName: node-%c", c->pods[i]);
		fprintf(out, "}, status: {podIP: 10.0.0.%zu, conditions: [{type: Ready, status: "
			"'True'}]}}\n", i);
	}
	fclose(out);
	return text;
}

Test(cluster_topology, hints_are_in_proportion_to_processors)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct topology_case *c = &cases[i];
		bool off = c->more && strstr(c->more, "Disabled");
		own(sandbox_done) struct sandbox w = sandbox_new();
		own(free) char *text = world(c);
		char got[16] = "";

		sandbox_apply_text(&w, text);
		for (size_t p = 0; c->pods[p]; p++) {
			char ip[16];
			const struct endpoint *e;

			snprintf(ip, sizeof(ip), "10.0.0.%zu", p);
			e = endpoint_of(&w, ip);
			cr_assert(e, "%s: no %s", c->name, ip);
			cr_expect_eq(e->node_hints.n, off, "%s: trafficDistribution", c->name);
			got[p] = e->zone_hints.n && !off ? *e->zone_hints.at[0] : '.';
		}
		cr_expect_str_eq(got, c->hints, "%s: %s, not %s", c->name, got, c->hints);
	}
}
