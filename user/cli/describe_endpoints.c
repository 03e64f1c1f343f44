/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* EndpointSlices and Endpoints: ports as a table, then who is behind them. */
#include <string.h>

#include "cli/describe_lines.h"
#include "cli/describe_other.h"

static const char *or_unset(const char *text)
{
	return text && *text ? text : "<unset>";
}

static void print_port_row(FILE *out, int indent, int width, const char *name, const char *port,
			   const char *protocol)
{
	fprintf(out, "%*s%-*s  %-5s  %s\n", indent, "", width, name, port, protocol);
}

static void print_ports(FILE *out, const slice_port_vec *ports, int indent)
{
	int width = (int)strlen("Name");
	char port[8];

	fprintf(out, "%*sPorts:%s\n", indent, "", ports->n ? "" : "  <unset>");
	if (!ports->n)
		return;
	vec_each(p, ports) {
		if ((int)strlen(or_unset(p->name)) > width)
			width = (int)strlen(or_unset(p->name));
	}
	print_port_row(out, indent + 2, width, "Name", "Port", "Protocol");
	print_port_row(out, indent + 2, width, "----", "----", "--------");
	vec_each(p, ports) {
		snprintf(port, sizeof(port), "%u", p->port);
		print_port_row(out, indent + 2, width, or_unset(p->name), port,
			       protocol_name(p->protocol));
	}
}

/* --- EndpointSlices ------------------------------------------------------------- */

static const char *tristate_text(enum tristate t)
{
	return t == TRI_TRUE ? "true" : t == TRI_FALSE ? "false" : "<unset>";
}

static void print_target(FILE *out, const struct endpoint *e)
{
	if (!e->target_name)
		return;
	fputs("    TargetRef:    ", out);
	print_foreign(out, e->target_kind ?: "?", 18);
	fputc('/', out);
	print_foreign(out, e->target_name, 18);
	fputc('\n', out);
}

static void print_hints(FILE *out, const char *key, const text_vec *hints)
{
	if (!hints->n)
		return;
	fprintf(out, "    %-12s  ", key);
	vec_each(h, hints)
		fprintf(out, "%s%s", h == hints->at ? "" : ",", *h);
	fputc('\n', out);
}

static void print_endpoint(FILE *out, const struct endpoint *e)
{
	fputs("  - Addresses:    ", out);
	vec_each(a, &e->addresses)
		fprintf(out, "%s%s", a == e->addresses.at ? "" : ",", *a);
	fprintf(out, "\n    Conditions:\n      Ready:        %s\n", tristate_text(e->ready));
	if (e->serving != TRI_UNSET)
		fprintf(out, "      Serving:      %s\n", tristate_text(e->serving));
	if (e->terminating != TRI_UNSET)
		fprintf(out, "      Terminating:  %s\n", tristate_text(e->terminating));
	fprintf(out, "    Hostname:     %s\n", or_unset(e->hostname));
	print_target(out, e);
	fprintf(out, "    NodeName:     %s\n", or_unset(e->node_name));
	fprintf(out, "    Zone:         %s\n", or_unset(e->zone));
	print_hints(out, "ForZones:", &e->zone_hints);
	print_hints(out, "ForNodes:", &e->node_hints);
}

int describe_slice(FILE *out, const struct object *slice)
{
	own(lines_done) struct lines lines = { 0 };
	const struct slice *s = &slice->u.slice;

	if (lines_init(&lines))
		return -ENOMEM;
	lines_add_meta(&lines, &s->meta);
	lines_add(&lines, "AddressType", "%s", s->fqdn ? "FQDN" : family_name(s->family));
	if (lines_print(out, &lines, 0))
		return -ENOMEM;
	print_ports(out, &s->ports, 0);
	fputs(s->endpoints.n ? "Endpoints:\n" : "Endpoints:  <none>\n", out);
	vec_each(e, &s->endpoints)
		print_endpoint(out, e);
	return 0;
}

/* --- Endpoints ------------------------------------------------------------------ */

static void print_addresses(FILE *out, const char *key, const endpoint_vec *endpoints)
{
	fprintf(out, "  %-18s  %s", key, endpoints->n ? "" : "<none>");
	vec_each(e, endpoints)
		fprintf(out, "%s%s", e == endpoints->at ? "" : ",",
			e->addresses.n ? e->addresses.at[0] : "");
	fputc('\n', out);
}

int describe_endpoints(FILE *out, const struct object *endpoints)
{
	own(lines_done) struct lines lines = { 0 };
	const struct endpoints *e = &endpoints->u.endpoints;

	if (lines_init(&lines))
		return -ENOMEM;
	lines_add_meta(&lines, &e->meta);
	if (lines_print(out, &lines, 0))
		return -ENOMEM;
	fputs("Subsets:\n", out);
	vec_each(s, &e->subsets) {
		print_addresses(out, "Addresses:", &s->ready);
		print_addresses(out, "NotReadyAddresses:", &s->not_ready);
		if (s->ports.n)
			print_ports(out, &s->ports, 2);
	}
	return 0;
}
