/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A configuration as manifests: what a user would write. */
#include <arpa/inet.h>

#include "model/config.h"
#include "model/rules.h"

static const char *addr_print(const struct sluice_addr *a, bool v6, char buf[INET6_ADDRSTRLEN])
{
	return inet_ntop(v6 ? AF_INET6 : AF_INET, v6 ? (const void *)a : &a->ip6[3], buf,
			 INET6_ADDRSTRLEN);
}

static const char *protocol(const struct config_port *p)
{
	return p->proto == IPPROTO_TCP ? "TCP" : p->proto == IPPROTO_UDP ? "UDP" : "SCTP";
}

static void ports_print(const struct config_service *s, unsigned i, FILE *out)
{
	fprintf(out, "  ports:\n");
	for (unsigned k = 0; k < s->n_ports; k++) {
		const struct config_port *p = &s->ports[k];

		fprintf(out, "  - { protocol: %s, port: %u", protocol(p), p->port);
		if (*config_port_name(i, k))
			fprintf(out, ", name: %s", config_port_name(i, k));
		if (p->node_port)
			fprintf(out, ", nodePort: %u", p->node_port);
		fprintf(out, " }\n");
	}
}

/* One line of text for each address of @bits, in the families of the Service. */
static void outside_print(const struct config_service *s, unsigned bits, const char *format,
			  FILE *out)
{
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < CONFIG_OUTSIDE; i++)
		for (int v6 = 0; v6 < 2; v6++)
			if (bits >> i & 1 && s->family[v6])
				fprintf(out, format, addr_print(&config_outside[i]->ip[v6], v6, text));
}

static void spec_print(const struct config_service *s, unsigned i, FILE *out)
{
	static const char *const types[] = { "ClusterIP", "NodePort", "LoadBalancer" };
	char text[INET6_ADDRSTRLEN];
	struct sluice_addr a;

	fprintf(out, "spec:\n  type: %s\n", types[s->type]);
	fprintf(out, "  ipFamilyPolicy: %s\n",
		s->family[0] && s->family[1] ? "RequireDualStack" : "SingleStack");
	a = config_cluster_ip(i, !s->family[0]);
	fprintf(out, "  clusterIP: \"%s\"\n  clusterIPs:\n",
		addr_print(&a, !s->family[0], text));
	for (int v6 = 0; v6 < 2; v6++) {
		a = config_cluster_ip(i, v6);
		if (s->family[v6])
			fprintf(out, "  - \"%s\"\n", addr_print(&a, v6, text));
	}
	if (s->external_ips) {
		fprintf(out, "  externalIPs:\n");
		outside_print(s, s->external_ips, "  - \"%s\"\n", out);
	}
	if (s->external_local)
		fprintf(out, "  externalTrafficPolicy: Local\n");
	if (s->internal_local)
		fprintf(out, "  internalTrafficPolicy: Local\n");
	if (s->affinity_sec)
		fprintf(out, "  sessionAffinity: ClientIP\n");
	if (s->affinity_sec && s->affinity_sec != 10800)	/* the default */
		fprintf(out, "  sessionAffinityConfig: { clientIP: { timeoutSeconds: %u } }\n",
			s->affinity_sec);
	if (s->type == TYPE_LOAD_BALANCER && !s->ports[0].node_port)
		fprintf(out, "  allocateLoadBalancerNodePorts: false\n");
	if (s->ranges)
		fprintf(out, "  loadBalancerSourceRanges:\n");
	for (unsigned k = 0; k < CONFIG_RANGES; k++)
		if (s->ranges >> k & 1)
			fprintf(out, "  - \"%s\"\n", config_ranges[k].text);
	ports_print(s, i, out);
}

static void service_print(const struct config_service *s, unsigned i, FILE *out)
{
	fprintf(out, "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: s%u\n", i);
	if (s->others)
		fprintf(out, "  labels:\n    service.kubernetes.io/service-proxy-name: other\n");
	if (s->resets)
		fprintf(out, "  annotations:\n    sluice/on-endpoint-removal: reset\n");
	spec_print(s, i, out);
	if (!s->vips)
		return;
	fprintf(out, "status:\n  loadBalancer:\n    ingress:\n");
	outside_print(s, s->vips & s->proxied_vips, "    - { ip: \"%s\", ipMode: Proxy }\n", out);
	outside_print(s, s->vips & ~s->proxied_vips, "    - { ip: \"%s\", ipMode: VIP }\n", out);
}

static void tri_print(const char *name, enum tri t, FILE *out)
{
	if (t != ABSENT)
		fprintf(out, "%s: %s, ", name, t == YES ? "true" : "false");
}

static void hints_print(const char *field, const char *here, const char *elsewhere, __u8 hints,
			FILE *out)
{
	if (!hints)
		return;
	fprintf(out, "%s: [ ", field);
	if (hints & HINT_HERE)
		fprintf(out, "{ name: %s }, ", here);
	if (hints & HINT_ELSEWHERE)
		fprintf(out, "{ name: %s }, ", elsewhere);
	fprintf(out, "], ");
}

static void endpoint_print(const struct config_endpoint *e, bool v6, FILE *out)
{
	char text[INET6_ADDRSTRLEN];

	fprintf(out, "- addresses: [ \"%s\" ]\n", addr_print(&e->host->ip[v6], v6, text));
	fprintf(out, "  conditions: { ");
	tri_print("ready", e->ready, out);
	tri_print("serving", e->serving, out);
	tri_print("terminating", e->terminating, out);
	fprintf(out, "}\n  hints: { ");
	hints_print("forNodes", THIS_NODE, "node-2", e->node_hints, out);
	hints_print("forZones", THIS_ZONE, "zone-b", e->zone_hints, out);
	fprintf(out, "}\n");
	if (e->node != NOWHERE)
		fprintf(out, "  nodeName: %s\n", e->node == HERE ? THIS_NODE : "node-2");
}

static void slice_print(const struct config_service *s, unsigned i, unsigned slice, bool v6,
			FILE *out)
{
	fprintf(out, "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
		     "metadata:\n  name: s%u-%s-%u\n"
		     "  labels:\n    kubernetes.io/service-name: s%u\n"
		     "addressType: %s\nports:\n", i, v6 ? "v6" : "v4", slice, i, v6 ? "IPv6" : "IPv4");
	for (unsigned k = 0; k < s->n_ports; k++)
		fprintf(out, "- { name: \"%s\", protocol: %s, port: %u }\n", config_port_name(i, k),
			protocol(&s->ports[k]), s->ports[k].target[slice]);
	fprintf(out, "endpoints:\n");
	for (unsigned k = 0; k < s->n_endpoints; k++)
		if (s->endpoints[k].slice == slice)
			endpoint_print(&s->endpoints[k], v6, out);
}

static bool slice_is_empty(const struct config_service *s, unsigned slice)
{
	for (unsigned k = 0; k < s->n_endpoints; k++)
		if (s->endpoints[k].slice == slice)
			return false;
	return true;
}

void config_yaml(const struct config *c, FILE *out)
{
	fprintf(out, "apiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n", THIS_NODE);
	if (c->zone)
		fprintf(out, "  labels:\n    topology.kubernetes.io/zone: %s\n", THIS_ZONE);
	for (unsigned i = 0; i < CONFIG_SERVICES; i++) {
		const struct config_service *s = &c->services[i];

		if (!s->exists)
			continue;
		service_print(s, i, out);
		for (unsigned slice = 0; slice < CONFIG_SLICES; slice++)
			for (int v6 = 0; v6 < 2; v6++)
				if (!slice_is_empty(s, slice))
					slice_print(s, i, slice, v6, out);
	}
}
