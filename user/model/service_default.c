/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Defaults of a Service (the API server's SetDefaults_Service and the part of its
 * strategy that does not depend on an older version). Filling in twice changes nothing. The
 * families are settled with the addresses, in cluster/.
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

static void policies_default(struct service *s)
{
	if (s->external_policy == POLICY_UNSET && service_is_external(s))
		s->external_policy = POLICY_CLUSTER;
	if (s->internal_policy == POLICY_UNSET && s->type != SERVICE_EXTERNAL_NAME)
		s->internal_policy = POLICY_CLUSTER;
	if (s->affinity_client_ip && !s->affinity_timeout_sec)
		s->affinity_timeout_sec = AFFINITY_TIMEOUT_SEC;
}

static int addrs_default(struct service *s)
{
	vec_each(r, &s->lb_source_ranges) {
		if (text_canonical_cidr(r) < 0)
			return -ENOMEM;
	}
	vec_each(in, &s->lb_ingress) {
		if (in->ip && !*in->ip) {
			free(in->ip);
			in->ip = NULL;
		}
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
	return addrs_default(s);
}
