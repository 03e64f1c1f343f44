/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/equal.h"

#include <string.h>

/* An absent text is as good as an empty one, except where a comment says otherwise. */
static bool text_eq(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool texts_eq(const text_vec *a, const text_vec *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->at[i], b->at[i]))
			return false;
	}
	return true;
}

/* Sorted by key where they were defaulted, but a selector need not be. */
static bool labels_eq(const label_vec *a, const label_vec *b)
{
	return a->n == b->n && labels_match(a, b);
}

/* Two vecs of the same type, element by element. */
#define VEC_EQ(a, b, eq)                                                           \
	({                                                                         \
		bool same_ = (a)->n == (b)->n;                                     \
		for (size_t i_ = 0; same_ && i_ < (a)->n; i_++)                    \
			same_ = eq(&(a)->at[i_], &(b)->at[i_]);                    \
		same_;                                                             \
	})

static bool owner_eq(const struct owner *a, const struct owner *b)
{
	return text_eq(a->api_version, b->api_version) && text_eq(a->kind, b->kind) &&
	       text_eq(a->name, b->name) && text_eq(a->uid, b->uid) &&
	       a->controller == b->controller && a->block_deletion == b->block_deletion;
}

static bool meta_eq(const struct meta *a, const struct meta *b)
{
	return text_eq(a->name, b->name) && text_eq(a->namespace, b->namespace) &&
	       a->deleted == b->deleted && labels_eq(&a->labels, &b->labels) &&
	       labels_eq(&a->annotations, &b->annotations) &&
	       VEC_EQ(&a->owners, &b->owners, owner_eq);
}

static bool service_port_eq(const struct service_port *a, const struct service_port *b)
{
	return text_eq(a->name, b->name) && a->protocol == b->protocol && a->port == b->port &&
	       a->node_port == b->node_port && a->target.number == b->target.number &&
	       text_eq(a->target.name, b->target.name) && text_eq(a->app_protocol, b->app_protocol);
}

static bool ingress_eq(const struct lb_ingress *a, const struct lb_ingress *b)
{
	return text_eq(a->ip, b->ip) && text_eq(a->hostname, b->hostname) && a->proxy == b->proxy;
}

static bool family_eq(const enum family *a, const enum family *b)
{
	return *a == *b;
}

static bool service_addresses_eq(const struct service *a, const struct service *b)
{
	return a->headless == b->headless && texts_eq(&a->cluster_ips, &b->cluster_ips) &&
	       VEC_EQ(&a->ip_families, &b->ip_families, family_eq) &&
	       a->ip_family_policy == b->ip_family_policy &&
	       texts_eq(&a->external_ips, &b->external_ips) &&
	       texts_eq(&a->lb_source_ranges, &b->lb_source_ranges) &&
	       VEC_EQ(&a->lb_ingress, &b->lb_ingress, ingress_eq) &&
	       text_eq(a->lb_class, b->lb_class) && text_eq(a->lb_ip, b->lb_ip) &&
	       text_eq(a->external_name, b->external_name);
}

static bool service_policies_eq(const struct service *a, const struct service *b)
{
	return a->external_policy == b->external_policy &&
	       a->internal_policy == b->internal_policy &&
	       a->health_check_node_port == b->health_check_node_port &&
	       a->affinity_client_ip == b->affinity_client_ip &&
	       a->affinity_timeout_sec == b->affinity_timeout_sec &&
	       a->publish_not_ready == b->publish_not_ready &&
	       a->no_lb_node_ports == b->no_lb_node_ports &&
	       text_eq(a->traffic_distribution, b->traffic_distribution);
}

static bool service_eq(const struct service *a, const struct service *b)
{
	return a->type == b->type && service_addresses_eq(a, b) && service_policies_eq(a, b) &&
	       VEC_EQ(&a->ports, &b->ports, service_port_eq) &&
	       a->has_selector == b->has_selector && labels_eq(&a->selector, &b->selector);
}

/* A port without a name is skipped by proxies, one with an empty name is not. */
static bool slice_port_eq(const struct slice_port *a, const struct slice_port *b)
{
	return !a->name == !b->name && text_eq(a->name, b->name) && a->protocol == b->protocol &&
	       a->port == b->port && text_eq(a->app_protocol, b->app_protocol);
}

static bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return texts_eq(&a->addresses, &b->addresses) && a->ready == b->ready &&
	       a->serving == b->serving && a->terminating == b->terminating &&
	       text_eq(a->hostname, b->hostname) && text_eq(a->node_name, b->node_name) &&
	       text_eq(a->zone, b->zone) && text_eq(a->target_kind, b->target_kind) &&
	       text_eq(a->target_namespace, b->target_namespace) &&
	       text_eq(a->target_name, b->target_name) &&
	       texts_eq(&a->zone_hints, &b->zone_hints) &&
	       texts_eq(&a->node_hints, &b->node_hints);
}

static bool slice_eq(const struct slice *a, const struct slice *b)
{
	return a->family == b->family && a->fqdn == b->fqdn &&
	       VEC_EQ(&a->ports, &b->ports, slice_port_eq) &&
	       VEC_EQ(&a->endpoints, &b->endpoints, endpoint_eq);
}

static bool subset_eq(const struct endpoints_subset *a, const struct endpoints_subset *b)
{
	return VEC_EQ(&a->ready, &b->ready, endpoint_eq) &&
	       VEC_EQ(&a->not_ready, &b->not_ready, endpoint_eq) &&
	       VEC_EQ(&a->ports, &b->ports, slice_port_eq);
}

static bool container_port_eq(const struct container_port *a, const struct container_port *b)
{
	return text_eq(a->name, b->name) && a->protocol == b->protocol && a->port == b->port;
}

static bool container_eq(const struct container *a, const struct container *b)
{
	return text_eq(a->name, b->name) && a->sidecar == b->sidecar && a->n_ports == b->n_ports &&
	       a->reported == b->reported && a->ready == b->ready && a->restarts == b->restarts &&
	       a->state == b->state && text_eq(a->reason, b->reason);
}

static bool pod_eq(const struct pod *a, const struct pod *b)
{
	return text_eq(a->node_name, b->node_name) && text_eq(a->hostname, b->hostname) &&
	       text_eq(a->subdomain, b->subdomain) && a->host_network == b->host_network &&
	       a->ready == b->ready && a->phase == b->phase && text_eq(a->reason, b->reason) &&
	       texts_eq(&a->ips, &b->ips) && VEC_EQ(&a->containers, &b->containers, container_eq) &&
	       VEC_EQ(&a->ports, &b->ports, container_port_eq);
}

static bool node_eq(const struct node *a, const struct node *b)
{
	return texts_eq(&a->pod_cidrs, &b->pod_cidrs) &&
	       texts_eq(&a->internal_ips, &b->internal_ips) &&
	       texts_eq(&a->external_ips, &b->external_ips) && a->cpu_milli == b->cpu_milli &&
	       a->ready == b->ready && a->unschedulable == b->unschedulable;
}

bool object_equal(const struct object *a, const struct object *b)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || !meta_eq(a->meta, b->meta))
		return false;
	switch (a->kind) {
	case KIND_SERVICE:
		return service_eq(&a->u.service, &b->u.service);
	case KIND_SLICE:
		return slice_eq(&a->u.slice, &b->u.slice);
	case KIND_ENDPOINTS:
		return VEC_EQ(&a->u.endpoints.subsets, &b->u.endpoints.subsets, subset_eq);
	case KIND_POD:
		return pod_eq(&a->u.pod, &b->u.pod);
	case KIND_NODE:
		return node_eq(&a->u.node, &b->u.node);
	case KIND_COUNT:
		break;
	}
	return false;
}
