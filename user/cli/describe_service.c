/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/describe_service.h"

#include <string.h>

#include "cli/describe_lines.h"

#define ENDPOINTS_SHOWN 3	/* as kubectl */

/* "a=1,b=2" */
static void add_selector(struct lines *l, const label_vec *selector)
{
	FILE *out = lines_begin(l, "Selector");

	vec_each(p, selector)
		fprintf(out, "%s%s=%s", p == selector->at ? "" : ",", p->key, p->value);
}

/* --- endpoints ---------------------------------------------------------------- */

static const struct slice_port *slice_port_find(const struct slice *s, const char *name)
{
	vec_each(p, &s->ports) {
		if (p->port && p->name && !strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static void print_endpoint(FILE *out, const char *addr, uint16_t port)
{
	bool v6 = strchr(addr, ':');

	fprintf(out, "%s%s%s:%u", v6 ? "[" : "", addr, v6 ? "]" : "", port);
}

/* Those that are ready, of one slice; *@n is how many there were before. */
static void print_ready(FILE *out, const struct slice *s, uint16_t port, size_t *n)
{
	vec_each(e, &s->endpoints) {
		if (e->ready == TRI_FALSE || !e->addresses.n)
			continue;
		if (*n < ENDPOINTS_SHOWN) {
			fputs(*n ? "," : "", out);
			print_endpoint(out, e->addresses.at[0], port);
		}
		++*n;
	}
}

static void add_endpoints(struct lines *l, const struct object *service, const char *port,
			  const struct slices *slices)
{
	size_t n_slices, n = 0;
	struct object **at = slices_find(slices, service, &n_slices);
	FILE *out = lines_begin(l, "Endpoints");

	for (size_t i = 0; i < n_slices; i++) {
		const struct slice *s = &at[i]->u.slice;
		const struct slice_port *p = slice_port_find(s, port);

		if (p)
			print_ready(out, s, p->port, &n);
	}
	if (n > ENDPOINTS_SHOWN)
		fprintf(out, " + %zu more...", n - ENDPOINTS_SHOWN);
}

/* --- the Service -------------------------------------------------------------- */

static void add_families(struct lines *l, const struct service *s)
{
	static const char *const policies[] = {
		[IPFP_SINGLE] = "SingleStack", [IPFP_PREFER_DUAL] = "PreferDualStack",
		[IPFP_REQUIRE_DUAL] = "RequireDualStack",
	};
	bool both = s->ip_families.n > 1;

	if (s->ip_family_policy != IPFP_UNSET)
		lines_add(l, "IP Family Policy", "%s", policies[s->ip_family_policy]);
	if (s->ip_families.n)
		lines_add(l, "IP Families", "%s%s%s", family_name(s->ip_families.at[0]),
		    both ? "," : "", both ? family_name(s->ip_families.at[1]) : "");
	else
		lines_begin(l, "IP Families");
}

static void add_addresses(struct lines *l, const struct service *s)
{
	lines_add(l, "IP", "%s",
		  s->headless ? "None" : s->cluster_ips.n ? s->cluster_ips.at[0] : "");
	if (s->headless)
		lines_add(l, "IPs", "None");
	else
		lines_add_texts(l, "IPs", &s->cluster_ips);
	if (s->external_ips.n)
		lines_add_texts(l, "External IPs", &s->external_ips);
	if (s->lb_ip && *s->lb_ip)
		lines_add(l, "Desired LoadBalancer IP", "%s", s->lb_ip);
	if (s->external_name && *s->external_name)
		lines_add(l, "External Name", "%s", s->external_name);
	vec_each(in, &s->lb_ingress) {
		const char *key = in == s->lb_ingress.at ? "LoadBalancer Ingress" : "";

		if (in->ip)
			lines_add(l, key, "%s (%s)", in->ip, in->proxy ? "Proxy" : "VIP");
		else
			lines_add(l, key, "%s", in->hostname ? in->hostname : "");
	}
}

static void add_port(struct lines *l, const struct service_port *p)
{
	const char *name = p->name && *p->name ? p->name : "<unset>";
	const char *proto = protocol_name(p->protocol);

	lines_add(l, "Port", "%s  %u/%s", name, p->port, proto);
	if (p->target.name)
		lines_add(l, "TargetPort", "%s/%s", p->target.name, proto);
	else
		lines_add(l, "TargetPort", "%u/%s", p->target.number, proto);
	if (p->node_port)
		lines_add(l, "NodePort", "%s  %u/%s", name, p->node_port, proto);
}

static void add_policies(struct lines *l, const struct service *s)
{
	static const char *const policies[] = {
		[POLICY_CLUSTER] = "Cluster", [POLICY_LOCAL] = "Local",
	};

	lines_add(l, "Session Affinity", "%s", s->affinity_client_ip ? "ClientIP" : "None");
	if (s->external_policy != POLICY_UNSET)
		lines_add(l, "External Traffic Policy", "%s", policies[s->external_policy]);
	if (s->internal_policy != POLICY_UNSET)
		lines_add(l, "Internal Traffic Policy", "%s", policies[s->internal_policy]);
	if (s->traffic_distribution && *s->traffic_distribution)
		lines_add(l, "Traffic Distribution", "%s", s->traffic_distribution);
	if (s->health_check_node_port)
		lines_add(l, "HealthCheck NodePort", "%u", s->health_check_node_port);
	if (s->lb_source_ranges.n)
		lines_add_texts(l, "LoadBalancer Source Ranges", &s->lb_source_ranges);
}

int describe_service(FILE *out, const struct object *service, const struct slices *slices)
{
	own(lines_done) struct lines lines = { 0 };
	const struct service *s = &service->u.service;

	if (lines_init(&lines))
		return -ENOMEM;
	lines_add_meta(&lines, &s->meta);
	add_selector(&lines, &s->selector);
	lines_add(&lines, "Type", "%s", service_type_name(s->type));
	add_families(&lines, s);
	add_addresses(&lines, s);
	vec_each(p, &s->ports) {
		add_port(&lines, p);
		add_endpoints(&lines, service, p->name ? p->name : "", slices);
	}
	add_policies(&lines, s);
	return lines_print(out, &lines, 0);
}
