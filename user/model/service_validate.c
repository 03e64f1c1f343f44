/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a Service may not say (the API server's ValidateService). The range of node ports
 * and whether an address is free are the allocators' questions, in cluster/.
 */
#include <stdio.h>
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

#define KUBELET_PORT 10250
#define AFFINITY_TIMEOUT_MAX_SEC 86400
#define FAMILIES_MAX 2

#define ONLY_LB "may only be used when `type` is 'LoadBalancer'"
#define NOT_EXTERNAL_NAME "may not be set for ExternalName services"

/* --- ports ---------------------------------------------------------------------- */

static int port_number_validate(const struct refuse *r, const struct service *s, size_t i)
{
	const struct service_port *p = &s->ports.at[i];
	const char *wrong = port_wrong(p->port);

	if (wrong)
		return refuse_number(r, p->port, wrong, "spec.ports[%zu].port", i);
	if (s->type == SERVICE_LOAD_BALANCER && p->port == KUBELET_PORT)
		return refuse_number(r, p->port, "may not expose port 10250 externally since "
				     "it is used by kubelet", "spec.ports[%zu]", i);
	if (s->type == SERVICE_CLUSTER_IP && p->node_port)
		return refuse_present(r, "may not be used when `type` is 'ClusterIP'",
				      "spec.ports[%zu].nodePort", i);
	wrong = p->target.name ? port_name_wrong(p->target.name) : port_wrong(p->target.number);
	if (wrong && p->target.name)
		return refuse_text(r, p->target.name, wrong, "spec.ports[%zu].targetPort", i);
	if (wrong)
		return refuse_number(r, p->target.number, wrong,
				     "spec.ports[%zu].targetPort", i);
	return 0;
}

static int port_name_validate(const struct refuse *r, const struct service *s, size_t i)
{
	const struct service_port *p = &s->ports.at[i];
	const char *wrong;

	if (!*p->name)
		return s->ports.n > 1 ?
		       refuse_absent(r, NULL, "spec.ports[%zu].name", i) : 0;
	wrong = dns_label_wrong(p->name);
	if (wrong)
		return refuse_text(r, p->name, wrong, "spec.ports[%zu].name", i);
	return 0;
}

static int port_protocol_validate(const struct refuse *r, const struct service_port *p, size_t i)
{
	const char *wrong;

	if (!p->app_protocol)
		return 0;
	wrong = label_key_wrong(p->app_protocol);
	if (wrong)
		return refuse_text(r, p->app_protocol, wrong, "spec.ports[%zu].appProtocol", i);
	return 0;
}

/* Port @b must differ from the earlier @a. */
static int ports_differ(const struct refuse *r, const struct service_port *a,
			const struct service_port *b, size_t i)
{
	char text[80];

	if (*b->name && !strcmp(a->name, b->name)) {
		snprintf(text, sizeof(text), "\"%s\"", b->name);
		return refuse_twice(r, text, "spec.ports[%zu].name", i);
	}
	if (a->protocol != b->protocol)
		return 0;
	if (a->port == b->port) {
		snprintf(text, sizeof(text), "{\"protocol\":\"%s\",\"port\":%u}",
			 protocol_name(b->protocol), b->port);
		return refuse_twice(r, text, "spec.ports[%zu]", i);
	}
	if (b->node_port && a->node_port == b->node_port) {
		snprintf(text, sizeof(text), "%u", b->node_port);
		return refuse_twice(r, text, "spec.ports[%zu].nodePort", i);
	}
	return 0;
}

static int ports_validate(const struct refuse *r, const struct service *s)
{
	int err = 0;

	if (!s->ports.n && !s->headless && s->type != SERVICE_EXTERNAL_NAME)
		return refuse_absent(r, NULL, "spec.ports");
	/* Every pair of ports is compared. */
	if (s->ports.n > SERVICE_PORTS_MAX)
		return refuse_many(r, s->ports.n, SERVICE_PORTS_MAX, "spec.ports");
	for (size_t i = 0; !err && i < s->ports.n; i++) {
		err = port_name_validate(r, s, i) ?: port_number_validate(r, s, i) ?:
		      port_protocol_validate(r, &s->ports.at[i], i);
		for (size_t j = 0; !err && j < i; j++)
			err = ports_differ(r, &s->ports.at[j], &s->ports.at[i], i);
	}
	return err;
}

/* --- addresses ------------------------------------------------------------------ */

static int families_validate(const struct refuse *r, const struct service *s)
{
	size_t n = s->ip_families.n;

	if (n > FAMILIES_MAX)
		return refuse_many(r, n, FAMILIES_MAX, "spec.ipFamilies");
	if (n == 2 && s->ip_families.at[0] == s->ip_families.at[1])
		return refuse_twice(r, s->ip_families.at[0] == FAMILY_V4 ?
				    "\"IPv4\"" : "\"IPv6\"", "spec.ipFamilies[1]");
	if (s->ip_family_policy == IPFP_SINGLE && s->cluster_ips.n > 1)
		return refuse_text(r, "SingleStack", "must be RequireDualStack or "
				   "PreferDualStack when multiple `clusterIPs` are specified",
				   "spec.ipFamilyPolicy");
	if (s->ip_family_policy == IPFP_SINGLE && n > 1)
		return refuse_text(r, "SingleStack", "must be RequireDualStack or "
				   "PreferDualStack when multiple `ipFamilies` are specified",
				   "spec.ipFamilyPolicy");
	return 0;
}

static int cluster_ip_validate(const struct refuse *r, const struct service *s, size_t i)
{
	const char *text = s->cluster_ips.at[i];
	const char *wrong = addr_wrong(text);
	struct addr a;
	char why[80];

	if (wrong)
		return refuse_text(r, text, wrong, "spec.clusterIPs[%zu]", i);
	addr_parse(text, &a);
	if (i < s->ip_families.n && addr_family(&a) != s->ip_families.at[i]) {
		snprintf(why, sizeof(why), "expected an %s value as indicated by "
			 "`ipFamilies[%zu]`", family_name(s->ip_families.at[i]), i);
		return refuse_text(r, text, why, "spec.clusterIPs[%zu]", i);
	}
	return 0;
}

static int cluster_ips_validate(const struct refuse *r, const struct service *s)
{
	struct addr a, b;
	int err = 0;

	if (s->headless && (s->type == SERVICE_NODE_PORT || s->type == SERVICE_LOAD_BALANCER)) {
		char why[80];

		snprintf(why, sizeof(why), "may not be set to 'None' for %s services",
			 service_type_name(s->type));
		return refuse_text(r, "None", why, "spec.clusterIPs[0]");
	}
	if (s->headless && s->cluster_ips.n)
		return refuse_text(r, s->cluster_ips.at[0], "may not be set together with "
				   "'None'", "spec.clusterIPs[0]");
	if (s->cluster_ips.n > FAMILIES_MAX)
		return refuse_many(r, s->cluster_ips.n, FAMILIES_MAX, "spec.clusterIPs");
	for (size_t i = 0; !err && i < s->cluster_ips.n; i++)
		err = cluster_ip_validate(r, s, i);
	if (err || s->cluster_ips.n < 2)
		return err;
	addr_parse(s->cluster_ips.at[0], &a);
	addr_parse(s->cluster_ips.at[1], &b);
	if (addr_family(&a) == addr_family(&b))
		return refuse_text(r, s->cluster_ips.at[1], "may specify no more than one IP "
				   "for each IP family", "spec.clusterIPs[1]");
	return 0;
}

/* The address fields of everything that has a cluster address. */
static int addrs_validate(const struct refuse *r, const struct service *s)
{
	for (size_t i = 0; i < s->external_ips.n; i++) {
		const char *wrong = endpoint_addr_wrong(s->external_ips.at[i]);

		if (wrong)
			return refuse_text(r, s->external_ips.at[i], wrong,
					   "spec.externalIPs[%zu]", i);
	}
	if (s->type == SERVICE_EXTERNAL_NAME)
		return 0;
	return families_validate(r, s) ?: cluster_ips_validate(r, s);
}

/* --- by type -------------------------------------------------------------------- */

static int external_name_validate(const struct refuse *r, const struct service *s)
{
	char name[256];
	const char *wrong;
	size_t n;

	if (s->type != SERVICE_EXTERNAL_NAME)
		return 0;
	if (s->headless || s->cluster_ips.n)
		return refuse_present(r, NOT_EXTERNAL_NAME, "spec.clusterIPs");
	if (s->ip_families.n)
		return refuse_present(r, NOT_EXTERNAL_NAME, "spec.ipFamilies");
	if (s->ip_family_policy != IPFP_UNSET)
		return refuse_present(r, NOT_EXTERNAL_NAME, "spec.ipFamilyPolicy");
	if (!s->external_name || !*s->external_name)
		return refuse_absent(r, NULL, "spec.externalName");
	/* One trailing dot is fine. */
	n = strlen(s->external_name);
	if (s->external_name[n - 1] == '.')
		n--;
	wrong = n < sizeof(name) ? NULL : "must be no more than 253 characters";
	if (!wrong) {
		memcpy(name, s->external_name, n);
		name[n] = '\0';
		wrong = dns_subdomain_wrong(name);
	}
	if (wrong)
		return refuse_text(r, s->external_name, wrong, "spec.externalName");
	return 0;
}

static int ingress_validate(const struct refuse *r, const struct lb_ingress *in, size_t i)
{
	static const char path[] = "status.loadBalancer.ingress";
	const char *wrong = in->ip ? addr_wrong(in->ip) : NULL;
	struct addr a;

	if (wrong)
		return refuse_text(r, in->ip, wrong, "%s[%zu].ip", path, i);
	if (in->proxy && !in->ip)
		return refuse_present(r, "may not be set when `ip` is not set",
				      "%s[%zu].ipMode", path, i);
	if (!in->hostname || !*in->hostname)
		return 0;
	if (!addr_parse(in->hostname, &a))
		return refuse_text(r, in->hostname, "must be a DNS name, not an IP address",
				   "%s[%zu].hostname", path, i);
	wrong = dns_subdomain_wrong(in->hostname);
	if (wrong)
		return refuse_text(r, in->hostname, wrong, "%s[%zu].hostname", path, i);
	return 0;
}

static int balancer_fields_validate(const struct refuse *r, const struct service *s)
{
	int err = 0;

	for (size_t i = 0; i < s->lb_source_ranges.n; i++) {
		const char *wrong = cidr_wrong(s->lb_source_ranges.at[i]);

		if (wrong)
			return refuse_text(r, s->lb_source_ranges.at[i], wrong,
					   "spec.loadBalancerSourceRanges[%zu]", i);
	}
	if (s->lb_class) {
		const char *wrong = label_key_wrong(s->lb_class);

		if (wrong)
			return refuse_text(r, s->lb_class, wrong, "spec.loadBalancerClass");
	}
	for (size_t i = 0; !err && i < s->lb_ingress.n; i++)
		err = ingress_validate(r, &s->lb_ingress.at[i], i);
	return err;
}

static int balancer_validate(const struct refuse *r, const struct service *s)
{
	if (s->type == SERVICE_LOAD_BALANCER)
		return balancer_fields_validate(r, s);
	if (s->lb_source_ranges.n)
		return refuse_present(r, ONLY_LB, "spec.loadBalancerSourceRanges");
	if (s->lb_class)
		return refuse_present(r, ONLY_LB, "spec.loadBalancerClass");
	if (s->no_lb_node_ports)
		return refuse_present(r, ONLY_LB, "spec.allocateLoadBalancerNodePorts");
	if (s->lb_ingress.n)
		return refuse_present(r, "may only be used when `spec.type` is 'LoadBalancer'",
				      "status.loadBalancer.ingress");
	return 0;
}

/* --- policies ------------------------------------------------------------------- */

static int policy_validate(const struct refuse *r, const struct service *s)
{
	bool accessible = s->type == SERVICE_NODE_PORT || s->type == SERVICE_LOAD_BALANCER ||
			  (s->type == SERVICE_CLUSTER_IP && s->external_ips.n);
	const char *text = s->external_policy == POLICY_LOCAL ? "Local" : "Cluster";

	if (s->external_policy != POLICY_UNSET && !accessible)
		return refuse_text(r, text, "may only be set for externally-accessible services",
				   "spec.externalTrafficPolicy");
	if (s->health_check_node_port &&
	    (s->type != SERVICE_LOAD_BALANCER || s->external_policy != POLICY_LOCAL))
		return refuse_number(r, s->health_check_node_port, "may only be set when `type` "
				     "is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
				     "spec.healthCheckNodePort");
	return 0;
}

static int affinity_validate(const struct refuse *r, const struct service *s)
{
	uint32_t t = s->affinity_timeout_sec;

	if (!s->affinity_client_ip)
		return t ? refuse_present(r, "must not be set when session affinity is None",
					  "spec.sessionAffinityConfig") : 0;
	if (!t || t > AFFINITY_TIMEOUT_MAX_SEC)
		return refuse_number(r, t, "must be greater than 0 and less than 86400",
				     "spec.sessionAffinityConfig.clientIP.timeoutSeconds");
	return 0;
}

static int distribution_validate(const struct refuse *r, const struct service *s)
{
	const char *t = s->traffic_distribution;

	if (!t || !strcmp(t, "PreferClose") || !strcmp(t, "PreferSameNode") ||
	    !strcmp(t, "PreferSameZone"))
		return 0;
	return refuse_choice(r, t, "\"PreferClose\", \"PreferSameNode\", \"PreferSameZone\"",
			     "spec.trafficDistribution");
}

int service_validate(const struct refuse *r, const struct service *s)
{
	return meta_validate(r, &s->meta, dns_label_wrong) ?:
	       ports_validate(r, s) ?:
	       external_name_validate(r, s) ?:
	       addrs_validate(r, s) ?:
	       balancer_validate(r, s) ?:
	       labels_validate(r, &s->selector, "spec.selector") ?:
	       policy_validate(r, s) ?:
	       affinity_validate(r, s) ?:
	       distribution_validate(r, s);
}
