/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Defaults of a Service (the API server's SetDefaults_Service and the part of its
 * strategy that needs no allocator). Filling in twice changes nothing.
 */
#include <string.h>

#include "model/kinds.h"

#define AFFINITY_TIMEOUT_SEC 10800

static int port_default(struct service_port *p)
{
	if (!p->name) {
		p->name = strdup("");
		if (!p->name)
			return -ENOMEM;
	}
	if (!p->protocol)
		p->protocol = PROTO_TCP;
	if (!p->target.name && !p->target.number)
		p->target.number = p->port;
	return 0;
}

static bool externally_accessible(const struct service *s)
{
	return s->type == SERVICE_NODE_PORT || s->type == SERVICE_LOAD_BALANCER ||
	       (s->type == SERVICE_CLUSTER_IP && s->external_ips.n);
}

static void policies_default(struct service *s)
{
	if (s->external_policy == POLICY_UNSET && externally_accessible(s))
		s->external_policy = POLICY_CLUSTER;
	if (s->internal_policy == POLICY_UNSET && s->type != SERVICE_EXTERNAL_NAME)
		s->internal_policy = POLICY_CLUSTER;
	if (s->affinity_client_ip && !s->affinity_timeout_sec)
		s->affinity_timeout_sec = AFFINITY_TIMEOUT_SEC;
}

/* Families follow the addresses that were given; the rest is for the allocator. */
static int families_default(struct service *s)
{
	struct addr a;

	for (size_t i = s->ip_families.n; i < s->cluster_ips.n; i++) {
		if (addr_parse(s->cluster_ips.at[i], &a) < 0)
			break;
		if (vec_push(&s->ip_families, addr_family(&a)) < 0)
			return -ENOMEM;
	}
	if (s->ip_family_policy != IPFP_UNSET || s->type == SERVICE_EXTERNAL_NAME)
		return 0;
	/* A headless Service without selector may get endpoints of either family. */
	if ((s->headless && !s->has_selector && !s->ip_families.n) ||
	    s->ip_families.n > 1 || s->cluster_ips.n > 1)
		s->ip_family_policy = IPFP_REQUIRE_DUAL;
	else
		s->ip_family_policy = IPFP_SINGLE;
	return 0;
}

static int addrs_default(struct service *s)
{
	vec_each(r, &s->lb_source_ranges) {
		if (text_canonical_cidr(r) < 0)
			return -ENOMEM;
	}
	vec_each(in, &s->lb_ingress) {
		if (text_canonical_addr(&in->ip) < 0)
			return -ENOMEM;
	}
	if (texts_canonical_addr(&s->cluster_ips) < 0 ||
	    texts_canonical_addr(&s->external_ips) < 0)
		return -ENOMEM;
	return 0;
}

int service_default(struct service *s)
{
	s->type_given = true;
	vec_each(p, &s->ports) {
		if (port_default(p) < 0)
			return -ENOMEM;
	}
	labels_sort(&s->selector);
	policies_default(s);
	if (addrs_default(s) < 0)
		return -ENOMEM;
	return families_default(s);
}
