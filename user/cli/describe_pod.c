/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Of a Pod, what makes it an endpoint: its node, addresses and ports, and whether it is ready. */
#include "cli/columns.h"
#include "cli/describe_lines.h"
#include "cli/describe_other.h"

static void add_ports(struct lines *l, const struct pod *p)
{
	FILE *out = lines_begin(l, "Ports");

	vec_each(port, &p->ports) {
		fprintf(out, "%s%u/%s", port == p->ports.at ? "" : ", ", port->port,
			protocol_name(port->protocol));
		if (port->name)
			fprintf(out, " (%s)", port->name);
	}
}

int describe_pod(FILE *out, const struct object *pod)
{
	own(lines_done) struct lines lines = { 0 };
	const struct pod *p = &pod->u.pod;

	if (lines_init(&lines))
		return -ENOMEM;
	lines_add_meta(&lines, &p->meta);
	lines_add(&lines, "Node", "%s", p->node_name ?: "");
	lines_add(&lines, "Status", "%s", pod_status_text(p));
	lines_add(&lines, "IP", "%s", p->ips.n ? p->ips.at[0] : "");
	lines_add_texts(&lines, "IPs", &p->ips);
	if (p->host_network)
		lines_add(&lines, "Host Network", "true");
	if (p->hostname)
		lines_add(&lines, "Hostname", "%s", p->hostname);
	if (p->subdomain)
		lines_add(&lines, "Subdomain", "%s", p->subdomain);
	add_ports(&lines, p);
	if (lines_print(out, &lines, 0))
		return -ENOMEM;
	fprintf(out, "Conditions:\n  Type   Status\n  Ready  %s\n", p->ready ? "True" : "False");
	return 0;
}
