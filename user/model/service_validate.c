/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What a Service may not say (the API server's ValidateService, in its order). The range of
 * node ports and whether an address is free are the allocators' questions, in cluster/.
 */
#include <stdio.h>
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

#define KUBELET_PORT 10250
#define AFFINITY_TIMEOUT_MAX_SEC 86400

#define ANNOTATION_HINTS "service.kubernetes.io/topology-aware-hints"
#define ANNOTATION_RANGES "service.beta.kubernetes.io/load-balancer-source-ranges"

#define ONLY_LB "may only be used when `type` is 'LoadBalancer'"
#define NOT_EXTERNAL_NAME "may not be set for ExternalName services"

/* --- ports ---------------------------------------------------------------------- */

static void port_name_check(struct refuse *r, const struct service *s, size_t i)
{
	const char *name = s->ports.at[i].name;
	char text[80];

	if (!*name) {
		if (s->ports.n > 1)
			refuse_absent(r, NULL, "spec.ports[%zu].name", i);
		return;
	}
	if (dns_label_wrong(name))
		refuse_text(r, name, dns_label_wrong(name), "spec.ports[%zu].name", i);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(s->ports.at[j].name, name) != 0)
			continue;
		snprintf(text, sizeof(text), "\"%.70s\"", name);
		refuse_twice(r, text, "spec.ports[%zu].name", i);
		return;
	}
}

static void port_check(struct refuse *r, const struct service *s, size_t i)
{
	const struct service_port *p = &s->ports.at[i];
	const char *target = p->target.name;

	port_name_check(r, s, i);
	if (port_wrong(p->port))
		refuse_number(r, p->port, port_wrong(p->port), "spec.ports[%zu].port", i);
	if (target && port_name_wrong(target))
		refuse_text(r, target, port_name_wrong(target), "spec.ports[%zu].targetPort", i);
	/* A target that is absent is the port, of which all is said. */
	if (!target && port_wrong(p->target.number) && p->target.number != p->port)
		refuse_number(r, p->target.number, port_wrong(p->target.number),
			      "spec.ports[%zu].targetPort", i);
	if (p->app_protocol && label_key_wrong(p->app_protocol))
		refuse_text(r, p->app_protocol, label_key_wrong(p->app_protocol),
			    "spec.ports[%zu].appProtocol", i);
}

/* Whether port @i has the node port, or the port number, of an earlier one. */
static bool port_is_twice(const struct service *s, size_t i, bool node_port)
{
	const struct service_port *b = &s->ports.at[i];

	for (size_t j = 0; j < i; j++) {
		const struct service_port *a = &s->ports.at[j];

		if (a->protocol == b->protocol &&
		    (node_port ? a->node_port == b->node_port : a->port == b->port))
			return true;
	}
	return false;
}

static void ports_differ_check(struct refuse *r, const struct service *s, size_t n)
{
	char text[80];

	for (size_t i = 0; i < n; i++) {
		uint16_t node_port = s->ports.at[i].node_port;

		if (node_port && s->type == SERVICE_CLUSTER_IP)
			refuse_present(r, "may not be used when `type` is 'ClusterIP'",
				       "spec.ports[%zu].nodePort", i);
		if (!node_port || !port_is_twice(s, i, true))
			continue;
		snprintf(text, sizeof(text), "%u", node_port);
		refuse_twice(r, text, "spec.ports[%zu].nodePort", i);
	}
	for (size_t i = 0; i < n; i++) {
		const struct service_port *p = &s->ports.at[i];

		if (!port_is_twice(s, i, false))
			continue;
		snprintf(text, sizeof(text), "{\"protocol\":\"%s\",\"port\":%u}",
			 protocol_name(p->protocol), p->port);
		refuse_twice(r, text, "spec.ports[%zu]", i);
	}
}

static void ports_check(struct refuse *r, const struct service *s)
{
	/* Every pair of ports is compared. */
	size_t n = s->ports.n < SERVICE_PORTS_MAX ? s->ports.n : SERVICE_PORTS_MAX;

	if (!s->ports.n && !s->headless && s->type != SERVICE_EXTERNAL_NAME)
		refuse_absent(r, NULL, "spec.ports");
	if (s->ports.n > SERVICE_PORTS_MAX)
		refuse_many(r, s->ports.n, SERVICE_PORTS_MAX, "spec.ports");
	for (size_t i = 0; i < n; i++) {
		if (s->type == SERVICE_LOAD_BALANCER && s->ports.at[i].port == KUBELET_PORT)
			refuse_number(r, KUBELET_PORT, "may not expose port 10250 externally "
				      "since it is used by kubelet", "spec.ports[%zu]", i);
	}
	for (size_t i = 0; i < n; i++)
		port_check(r, s, i);
	ports_differ_check(r, s, n);
}

/* --- by type -------------------------------------------------------------------- */

/* A name in the DNS may have one trailing dot. */
static const char *external_name_wrong(const char *text)
{
	size_t n = strlen(text);
	char name[256];

	if (n && text[n - 1] == '.')
		n--;
	if (n >= sizeof(name))
		return "must be no more than 253 characters";
	memcpy(name, text, n);
	name[n] = '\0';
	return dns_subdomain_wrong(name);
}

static void external_name_check(struct refuse *r, const struct service *s)
{
	const char *name = s->external_name ? s->external_name : "";

	if (s->headless || s->cluster_ips.n)
		refuse_present(r, NOT_EXTERNAL_NAME, "spec.clusterIPs");
	if (s->ip_families.n)
		refuse_present(r, NOT_EXTERNAL_NAME, "spec.ipFamilies");
	if (s->ip_family_policy != IPFP_UNSET)
		refuse_present(r, NOT_EXTERNAL_NAME, "spec.ipFamilyPolicy");
	if (!*name || !strcmp(name, "."))
		refuse_absent(r, NULL, "spec.externalName");
	else if (external_name_wrong(name))
		refuse_text(r, name, external_name_wrong(name), "spec.externalName");
}

static void type_check(struct refuse *r, const struct service *s)
{
	char why[80];

	if (s->type == SERVICE_EXTERNAL_NAME)
		external_name_check(r, s);
	if (!s->headless || (s->type != SERVICE_NODE_PORT && s->type != SERVICE_LOAD_BALANCER))
		return;
	snprintf(why, sizeof(why), "may not be set to 'None' for %s services",
		 service_type_name(s->type));
	refuse_text(r, "None", why, "spec.clusterIPs[0]");
}

/* The annotation counts only where the field is absent, as its elder. */
static void ranges_annotation_check(struct refuse *r, const struct service *s)
{
	static const char path[] = "metadata.annotations[" ANNOTATION_RANGES "]";
	const char *text = labels_find(&s->meta.annotations, ANNOTATION_RANGES);

	if (!text)
		return;
	if (s->type != SERVICE_LOAD_BALANCER)
		refuse_present(r, ONLY_LB, "%s", path);
	while (text && text[strspn(text, " \t\n")]) {
		size_t n = strcspn(text, ",");
		char range[CIDR_TEXT_MAX + 16];

		snprintf(range, sizeof(range), "%.*s", (int)n, text);
		if (n >= sizeof(range) || cidr_wrong(range))
			refuse_text(r, range, cidr_wrong(""), "%s", path);
		text = text[n] ? text + n + 1 : NULL;
	}
}

static void ranges_check(struct refuse *r, const struct service *s)
{
	static const char path[] = "spec.loadBalancerSourceRanges";

	if (s->lb_source_ranges.n && s->type != SERVICE_LOAD_BALANCER)
		refuse_present(r, ONLY_LB, "%s", path);
	for (size_t i = 0; i < s->lb_source_ranges.n; i++) {
		const char *wrong = cidr_wrong(s->lb_source_ranges.at[i]);

		if (wrong)
			refuse_text(r, s->lb_source_ranges.at[i], wrong, "%s[%zu]", path, i);
	}
	if (!s->lb_source_ranges.n)
		ranges_annotation_check(r, s);
}

static void balancer_check(struct refuse *r, const struct service *s)
{
	ranges_check(r, s);
	if (s->lb_node_ports_given && s->type != SERVICE_LOAD_BALANCER)
		refuse_present(r, ONLY_LB, "spec.allocateLoadBalancerNodePorts");
	if (!s->lb_class)
		return;
	if (s->type != SERVICE_LOAD_BALANCER)
		refuse_present(r, ONLY_LB, "spec.loadBalancerClass");
	else if (label_key_wrong(s->lb_class))
		refuse_text(r, s->lb_class, label_key_wrong(s->lb_class), "spec.loadBalancerClass");
}

static void ingress_check(struct refuse *r, const struct lb_ingress *in, size_t i)
{
	static const char path[] = "status.loadBalancer.ingress";
	struct addr a;

	if (in->ip && addr_wrong(in->ip))
		refuse_text(r, in->ip, addr_wrong(in->ip), "%s[%zu].ip", path, i);
	if (in->mode_given && !in->ip)
		refuse_present(r, "may not be specified when `ip` is not set", "%s[%zu].ipMode",
			       path, i);
	if (!in->hostname || !*in->hostname)
		return;
	if (dns_subdomain_wrong(in->hostname))
		refuse_text(r, in->hostname, dns_subdomain_wrong(in->hostname),
			    "%s[%zu].hostname", path, i);
	if (!addr_parse(in->hostname, &a))
		refuse_text(r, in->hostname, "must be a DNS name, not an IP address",
			    "%s[%zu].hostname", path, i);
}

static void status_check(struct refuse *r, const struct service *s)
{
	if (s->lb_ingress.n && s->type != SERVICE_LOAD_BALANCER)
		refuse_present(r, "may only be used when `spec.type` is 'LoadBalancer'",
			       "status.loadBalancer.ingress");
	for (size_t i = 0; i < s->lb_ingress.n; i++)
		ingress_check(r, &s->lb_ingress.at[i], i);
}

/* --- policies ------------------------------------------------------------------- */

static void policy_check(struct refuse *r, const struct service *s)
{
	const char *text = s->external_policy == POLICY_LOCAL ? "Local" : "Cluster";

	if (s->external_policy != POLICY_UNSET && !service_is_external(s))
		refuse_text(r, text, "may only be set for externally-accessible services",
			    "spec.externalTrafficPolicy");
	if (s->health_check_node_port &&
	    (s->type != SERVICE_LOAD_BALANCER || s->external_policy != POLICY_LOCAL))
		refuse_number(r, s->health_check_node_port, "may only be set when `type` is "
			      "'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
			      "spec.healthCheckNodePort");
}

static void affinity_check(struct refuse *r, const struct service *s)
{
	uint32_t t = s->affinity_timeout_sec;

	if (!s->affinity_client_ip && s->affinity_config_given)
		refuse_present(r, "must not be set when session affinity is None",
			       "spec.sessionAffinityConfig");
	if (s->affinity_client_ip && (!t || t > AFFINITY_TIMEOUT_MAX_SEC))
		refuse_number(r, t, "must be greater than 0 and less than 86400",
			      "spec.sessionAffinityConfig.clientIP.timeoutSeconds");
}

static void distribution_check(struct refuse *r, const struct service *s)
{
	const char *t = s->traffic_distribution;

	if (t && strcmp(t, "PreferClose") != 0 && strcmp(t, "PreferSameNode") != 0 &&
	    strcmp(t, "PreferSameZone") != 0)
		refuse_choice(r, t, "\"PreferClose\", \"PreferSameNode\", \"PreferSameZone\"",
			      "spec.trafficDistribution");
}

static void topology_check(struct refuse *r, const struct service *s)
{
	const char *mode = labels_find(&s->meta.annotations, ANNOTATION_TOPOLOGY_MODE);
	const char *hints = labels_find(&s->meta.annotations, ANNOTATION_HINTS);

	if (mode && hints && strcmp(mode, hints) != 0)
		refuse_text(r, mode, "must match annotations[" ANNOTATION_HINTS "] when both are "
			    "specified", "metadata.annotations[" ANNOTATION_TOPOLOGY_MODE "]");
}

static void removal_check(struct refuse *r, const struct service *s)
{
	const char *what = labels_find(&s->meta.annotations, ANNOTATION_ON_REMOVAL);

	if (what && strcmp(what, "keep") != 0 && strcmp(what, "reset") != 0)
		refuse_choice(r, what, "\"keep\", \"reset\"",
			      "metadata.annotations[" ANNOTATION_ON_REMOVAL "]");
}

void service_check(struct refuse *r, const struct service *s)
{
	meta_check(r, &s->meta, dns_label_wrong);
	topology_check(r, s);
	removal_check(r, s);
	type_check(r, s);
	ports_check(r, s);
	labels_check(r, &s->selector, "spec.selector");
	affinity_check(r, s);
	service_addrs_check(r, s);
	balancer_check(r, s);
	policy_check(r, s);
	distribution_check(r, s);
	status_check(r, s);
}
