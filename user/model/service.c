/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "model/kinds.h"

const char *protocol_name(enum protocol p)
{
	switch (p) {
	case PROTO_TCP:
		return "TCP";
	case PROTO_UDP:
		return "UDP";
	case PROTO_SCTP:
		return "SCTP";
	}
	return "?";
}

const char *service_type_name(enum service_type t)
{
	switch (t) {
	case SERVICE_CLUSTER_IP:
		return "ClusterIP";
	case SERVICE_NODE_PORT:
		return "NodePort";
	case SERVICE_LOAD_BALANCER:
		return "LoadBalancer";
	case SERVICE_EXTERNAL_NAME:
		return "ExternalName";
	}
	return "?";
}

bool service_is_external(const struct service *s)
{
	return s->type == SERVICE_NODE_PORT || s->type == SERVICE_LOAD_BALANCER ||
	       (s->type == SERVICE_CLUSTER_IP && s->external_ips.n);
}

const char *service_ips_text(const struct service *s, char buf[static SERVICE_IPS_TEXT_MAX])
{
	int n = snprintf(buf, SERVICE_IPS_TEXT_MAX, "[]string{%s", s->headless ? "\"None\"" : "");

	for (size_t i = 0; i < s->cluster_ips.n && n < SERVICE_IPS_TEXT_MAX; i++)
		n += snprintf(buf + n, SERVICE_IPS_TEXT_MAX - n, "%s\"%.45s\"",
			      i || s->headless ? ", " : "", s->cluster_ips.at[i]);
	if (n < SERVICE_IPS_TEXT_MAX)
		snprintf(buf + n, SERVICE_IPS_TEXT_MAX - n, "}");
	return buf;
}

static int port_copy(struct service_port *to, const struct service_port *from)
{
	*to = *from;
	to->name = to->app_protocol = to->target.name = NULL;
	if (text_copy(&to->name, from->name) < 0 ||
	    text_copy(&to->app_protocol, from->app_protocol) < 0 ||
	    text_copy(&to->target.name, from->target.name) < 0)
		return -ENOMEM;
	return 0;
}

int lb_ingress_copy(struct lb_ingress *to, const struct lb_ingress *from)
{
	*to = (struct lb_ingress){ .proxy = from->proxy, .mode_given = from->mode_given };
	if (text_copy(&to->ip, from->ip) < 0 ||
	    text_copy(&to->hostname, from->hostname) < 0)
		return -ENOMEM;
	return 0;
}

static int lists_copy(struct service *to, const struct service *from)
{
	if (vec_reserve(&to->ports, from->ports.n) < 0 ||
	    vec_reserve(&to->ip_families, from->ip_families.n) < 0 ||
	    vec_reserve(&to->lb_ingress, from->lb_ingress.n) < 0)
		return -ENOMEM;
	vec_each(f, &from->ip_families)
		to->ip_families.at[to->ip_families.n++] = *f;
	vec_each(p, &from->ports) {
		if (port_copy(&to->ports.at[to->ports.n++], p) < 0)
			return -ENOMEM;
	}
	vec_each(in, &from->lb_ingress) {
		if (lb_ingress_copy(&to->lb_ingress.at[to->lb_ingress.n++], in) < 0)
			return -ENOMEM;
	}
	if (texts_copy(&to->cluster_ips, &from->cluster_ips) < 0 ||
	    texts_copy(&to->external_ips, &from->external_ips) < 0 ||
	    texts_copy(&to->lb_source_ranges, &from->lb_source_ranges) < 0 ||
	    labels_copy(&to->selector, &from->selector) < 0)
		return -ENOMEM;
	return 0;
}

int service_copy(struct service *to, const struct service *from)
{
	to->type = from->type;
	to->type_given = from->type_given;
	to->headless = from->headless;
	to->cluster_ip = from->cluster_ip;
	to->ip_family_policy = from->ip_family_policy;
	to->has_selector = from->has_selector;
	to->external_policy = from->external_policy;
	to->internal_policy = from->internal_policy;
	to->health_check_node_port = from->health_check_node_port;
	to->affinity_client_ip = from->affinity_client_ip;
	to->affinity_timeout_sec = from->affinity_timeout_sec;
	to->affinity_config_given = from->affinity_config_given;
	to->publish_not_ready = from->publish_not_ready;
	to->no_lb_node_ports = from->no_lb_node_ports;
	to->lb_node_ports_given = from->lb_node_ports_given;
	if (text_copy(&to->lb_class, from->lb_class) < 0 ||
	    text_copy(&to->lb_ip, from->lb_ip) < 0 ||
	    text_copy(&to->external_name, from->external_name) < 0 ||
	    text_copy(&to->traffic_distribution, from->traffic_distribution) < 0)
		return -ENOMEM;
	return lists_copy(to, from);
}

void service_done(struct service *s)
{
	meta_done(&s->meta);
	vec_each(p, &s->ports) {
		free(p->name);
		free(p->app_protocol);
		free(p->target.name);
	}
	vec_done(&s->ports);
	vec_each(in, &s->lb_ingress) {
		free(in->ip);
		free(in->hostname);
	}
	vec_done(&s->lb_ingress);
	vec_done(&s->ip_families);
	texts_done(&s->cluster_ips);
	texts_done(&s->external_ips);
	texts_done(&s->lb_source_ranges);
	labels_done(&s->selector);
	free(s->lb_class);
	free(s->lb_ip);
	free(s->external_name);
	free(s->traffic_distribution);
}
