/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A Node: its addresses, what it has, and which Pods are on it. */
#include <string.h>

#include "cli/describe_lines.h"
#include "cli/describe_other.h"

static int print_addresses(FILE *out, const struct node *n)
{
	own(lines_done) struct lines lines = { 0 };

	if (lines_init(&lines))
		return -ENOMEM;
	vec_each(ip, &n->internal_ips)
		lines_add(&lines, "InternalIP", "%s", *ip);
	vec_each(ip, &n->external_ips)
		lines_add(&lines, "ExternalIP", "%s", *ip);
	fputs(lines.all.n ? "Addresses:\n" : "Addresses:  <none>\n", out);
	return lines_print(out, &lines, 2);
}

/* Those that are over are not on it any more. */
static bool is_on(const struct object *pod, const struct meta *node)
{
	const struct pod *p = &pod->u.pod;

	return !pod_is_finished(p) && p->node_name && !strcmp(p->node_name, node->name);
}

static void print_pods(FILE *out, const struct meta *node, const struct snapshot *snap)
{
	size_t n_all, n = 0;
	struct object **all = snapshot_kind(snap, KIND_POD, &n_all);
	int width = (int)strlen("Namespace");

	for (size_t i = 0; i < n_all; i++) {
		if (!is_on(all[i], node))
			continue;
		n++;
		if ((int)strlen(all[i]->meta->namespace) > width)
			width = (int)strlen(all[i]->meta->namespace);
	}
	fprintf(out, "Non-terminated Pods:  (%zu in total)\n", n);
	if (n)
		fprintf(out, "  %-*s  Name\n  %-*s  ----\n", width, "Namespace", width,
			"---------");
	for (size_t i = 0; i < n_all; i++) {
		if (is_on(all[i], node))
			fprintf(out, "  %-*s  %s\n", width, all[i]->meta->namespace,
				all[i]->meta->name);
	}
}

int describe_node(FILE *out, const struct object *node, const struct snapshot *snap)
{
	own(lines_done) struct lines lines = { 0 };
	const struct node *n = &node->u.node;

	if (lines_init(&lines))
		return -ENOMEM;
	lines_add_meta(&lines, &n->meta);
	lines_add_texts(&lines, "PodCIDRs", &n->pod_cidrs);
	if (lines_print(out, &lines, 0))
		return -ENOMEM;
	if (n->ready != TRI_UNSET)
		fprintf(out, "Conditions:\n  Type   Status\n  Ready  %s\n",
			n->ready == TRI_TRUE ? "True" : "False");
	if (print_addresses(out, n))
		return -ENOMEM;
	if (n->cpu_milli)
		fprintf(out, "Allocatable:\n  cpu:  %um\n", n->cpu_milli);
	print_pods(out, &n->meta, snap);
	return 0;
}
