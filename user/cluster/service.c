/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/service.h"

#include <string.h>

bool service_needs_cluster_ip(const struct service *s)
{
	return s->type != SERVICE_EXTERNAL_NAME;
}

bool service_needs_node_ports(const struct service *s)
{
	return s->type == SERVICE_NODE_PORT || s->type == SERVICE_LOAD_BALANCER;
}

bool service_needs_health_port(const struct service *s)
{
	return s->type == SERVICE_LOAD_BALANCER && s->external_policy == POLICY_LOCAL;
}

/* --- addresses and families --------------------------------------------------- */

static bool same_ip(const char *a, const char *b)
{
	struct addr x, y;

	if (addr_parse(a, &x) < 0 || addr_parse(b, &y) < 0)
		return !strcmp(a, b);
	return !addr_cmp(&x, &y);
}

/* Whether the addresses of @now are the first of @old's, or all of them, or none. */
static bool ips_begin(const struct service *now, const struct service *old)
{
	if (now->cluster_ips.n > old->cluster_ips.n)
		return false;
	for (size_t i = 0; i < now->cluster_ips.n; i++) {
		if (!same_ip(now->cluster_ips.at[i], old->cluster_ips.at[i]))
			return false;
	}
	return true;
}

static bool families_begin(const struct service *now, const struct service *old)
{
	if (now->ip_families.n > old->ip_families.n)
		return false;
	for (size_t i = 0; i < now->ip_families.n; i++) {
		if (now->ip_families.at[i] != old->ip_families.at[i])
			return false;
	}
	return true;
}

static int ips_add_rest(struct service *now, const struct service *old)
{
	for (size_t i = now->cluster_ips.n; i < old->cluster_ips.n; i++) {
		if (texts_push(&now->cluster_ips, old->cluster_ips.at[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int families_add_rest(struct service *now, const struct service *old)
{
	for (size_t i = now->ip_families.n; i < old->ip_families.n; i++) {
		if (vec_push(&now->ip_families, old->ip_families.at[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void ips_trim(struct service *s, size_t n)
{
	while (s->cluster_ips.n > n)
		free(s->cluster_ips.at[--s->cluster_ips.n]);
}

/*
 * A manifest with clusterIP alone says nothing of the second address, one with clusterIPs alone
 * nothing of clusterIP, and one without ipFamilies nothing of the families: kubectl would leave
 * them as they are in the cluster.
 */
static int keep_addresses(struct service *now, const struct service *old)
{
	if (now->cluster_ip == CLUSTER_IP_ABSENT)
		now->cluster_ip = CLUSTER_IP_AGREES;
	if (!now->cluster_ips.n && old->headless)
		now->headless = true;
	if (!now->headless && ips_begin(now, old) && ips_add_rest(now, old) < 0)
		return -ENOMEM;
	if (families_begin(now, old) && families_add_rest(now, old) < 0)
		return -ENOMEM;
	if (now->ip_family_policy == IPFP_UNSET)
		now->ip_family_policy = old->ip_family_policy;
	return 0;
}

/* --- node ports --------------------------------------------------------------- */

/* Whether @node_port is taken already for this protocol of the service. */
static bool node_port_in_use(const struct service *s, enum protocol protocol, uint16_t node_port)
{
	vec_each(p, &s->ports) {
		if (p->protocol == protocol && p->node_port == node_port)
			return true;
	}
	return false;
}

static bool same_port(const struct service_port *a, const struct service_port *b)
{
	return a->protocol == b->protocol && a->port == b->port;
}

static bool same_port_name(const struct service_port *a, const struct service_port *b)
{
	return a->protocol == b->protocol && a->name && b->name && !strcmp(a->name, b->name);
}

static void keep_node_ports(struct service *now, const struct service *old,
			    bool (*same)(const struct service_port *a,
					 const struct service_port *b))
{
	vec_each(p, &now->ports) {
		vec_each(q, &old->ports) {
			if (!p->node_port && q->node_port && same(p, q) &&
			    !node_port_in_use(now, p->protocol, q->node_port))
				p->node_port = q->node_port;
		}
	}
}

/* No number in @now that @old does not have: nobody asked for a node port. */
static bool node_ports_within(const struct service *now, const struct service *old)
{
	bool found;

	vec_each(p, &now->ports) {
		found = !p->node_port;
		vec_each(q, &old->ports)
			found |= q->node_port == p->node_port;
		if (!found)
			return false;
	}
	return true;
}

/* --- the story ---------------------------------------------------------------- */

static void drop_addresses(struct service *now, const struct service *old)
{
	if (now->headless ? old->headless : ips_begin(now, old)) {
		ips_trim(now, 0);
		now->headless = false;
	}
	if (families_begin(now, old))
		now->ip_families.n = 0;
	if (now->ip_family_policy == old->ip_family_policy)
		now->ip_family_policy = IPFP_UNSET;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/*
 * A field that has no meaning for the new type goes, if it is as it was: it was not asked
 * for but came along, as in `get -o yaml`, edit, apply. One that was changed as well is left
 * for validation to refuse.
 */
static void drop_void(struct service *now, const struct service *old)
{
	bool was_lb = old->type == SERVICE_LOAD_BALANCER;
	bool is_lb = now->type == SERVICE_LOAD_BALANCER;

	if (service_needs_cluster_ip(old) && !service_needs_cluster_ip(now))
		drop_addresses(now, old);
	if (service_needs_node_ports(old) && !service_needs_node_ports(now) &&
	    node_ports_within(now, old)) {
		vec_each(p, &now->ports)
			p->node_port = 0;
	}
	if (service_needs_health_port(old) && !service_needs_health_port(now) &&
	    now->health_check_node_port == old->health_check_node_port)
		now->health_check_node_port = 0;
	if (service_needs_node_ports(old) && !service_needs_node_ports(now) &&
	    !now->external_ips.n && now->external_policy == old->external_policy)
		now->external_policy = POLICY_UNSET;
	if (!was_lb || is_lb)
		return;

	now->no_lb_node_ports = now->lb_node_ports_given = false;
	if (same_text(now->lb_class, old->lb_class)) {
		free(now->lb_class);
		now->lb_class = NULL;
	}
	vec_each(i, &now->lb_ingress) {
		free(i->ip);
		free(i->hostname);
	}
	vec_done(&now->lb_ingress);
}

/* SingleStack gives up a second address and family only if they are not newly asked for. */
static void give_up_second(struct service *now, const struct service *old)
{
	if (ips_begin(now, old))
		ips_trim(now, 1);
	if (families_begin(now, old) && now->ip_families.n > 1)
		now->ip_families.n = 1;
}

/* Not one of a family that is given up, nor one instead of which loadBalancerIP asks for another. */
static bool ingress_stays(const struct lb_ingress *in, const struct service *now,
			  const struct service *old)
{
	struct addr has, asked;

	if (!in->ip || addr_parse(in->ip, &has) < 0)
		return true;
	if (!same_text(now->lb_ip, old->lb_ip) && now->lb_ip && !addr_parse(now->lb_ip, &asked) &&
	    addr_family(&asked) == addr_family(&has) && addr_cmp(&asked, &has))
		return false;
	vec_each(f, &now->ip_families) {
		if (*f == addr_family(&has))
			return true;
	}
	return !now->ip_families.n;
}

/* As `kubectl apply`, which does not touch the status, unless the manifest has one. */
static int keep_ingress(struct service *now, const struct service *old)
{
	if (now->lb_ingress.n)
		return 0;
	if (vec_reserve(&now->lb_ingress, old->lb_ingress.n) < 0)
		return -ENOMEM;
	vec_each(in, &old->lb_ingress) {
		if (ingress_stays(in, now, old) &&
		    lb_ingress_copy(&now->lb_ingress.at[now->lb_ingress.n++], in) < 0)
			return -ENOMEM;
	}
	return 0;
}

int service_keep(struct service *now, const struct service *old)
{
	if (service_needs_cluster_ip(now) && service_needs_cluster_ip(old) &&
	    keep_addresses(now, old) < 0)
		return -ENOMEM;
	if (service_needs_node_ports(now) && service_needs_node_ports(old)) {
		keep_node_ports(now, old, same_port);
		keep_node_ports(now, old, same_port_name);
	}
	if (service_needs_health_port(now) && service_needs_health_port(old) &&
	    !now->health_check_node_port)
		now->health_check_node_port = old->health_check_node_port;
	drop_void(now, old);
	if (now->ip_family_policy == IPFP_SINGLE)
		give_up_second(now, old);
	if (now->type == SERVICE_LOAD_BALANCER && old->type == SERVICE_LOAD_BALANCER)
		return keep_ingress(now, old);
	return 0;
}

/* --- what may not change ------------------------------------------------------ */

#define ONCE_SET "may not change once set"

static void check_address(struct refuse *r, const struct service *now, const struct service *old)
{
	char ips[SERVICE_IPS_TEXT_MAX];
	size_t n = now->cluster_ips.n < old->cluster_ips.n ? now->cluster_ips.n
							   : old->cluster_ips.n;

	service_ips_text(now, ips);
	if (now->headless != old->headless) {
		refuse_value(r, ips, ONCE_SET, "spec.clusterIPs[0]");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (!same_ip(now->cluster_ips.at[i], old->cluster_ips.at[i]))
			refuse_value(r, ips, ONCE_SET, "spec.clusterIPs[%zu]", i);
	}
	/* Headless without a selector has no controller that a change could confuse. */
	if (now->headless && !now->has_selector)
		return;
	if (now->ip_families.n && old->ip_families.n &&
	    now->ip_families.at[0] != old->ip_families.at[0])
		refuse_text(r, family_name(now->ip_families.at[0]), ONCE_SET, "spec.ipFamilies[0]");
}

void service_check_update(struct refuse *r, const struct service *old)
{
	const struct service *now = &r->object->u.service;

	if (service_needs_cluster_ip(now) && service_needs_cluster_ip(old))
		check_address(r, now, old);
	if (now->type == SERVICE_LOAD_BALANCER && old->type == SERVICE_LOAD_BALANCER &&
	    !same_text(now->lb_class, old->lb_class)) {
		if (now->lb_class)
			refuse_text(r, now->lb_class, ONCE_SET, "spec.loadBalancerClass");
		else
			refuse_value(r, "null", ONCE_SET, "spec.loadBalancerClass");
	}
	if (service_needs_health_port(now) && service_needs_health_port(old) &&
	    now->health_check_node_port != old->health_check_node_port)
		refuse_present(r, "field is immutable", "spec.healthCheckNodePort");
}

/* --- families ----------------------------------------------------------------- */

/* The addresses that are there say of which family they are. */
static int families_of_ips(struct service *s)
{
	struct addr ip;

	for (size_t i = s->ip_families.n; i < s->cluster_ips.n; i++) {
		if (addr_parse(s->cluster_ips.at[i], &ip) < 0)
			break;
		if (vec_push(&s->ip_families, addr_family(&ip)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/*
 * PreferDualStack asks for a second family when it is first said, or when addresses or families
 * change; one that could not have it then does not get it behind its user's back.
 */
static bool prefers_as_before(const struct service *s, const struct service *old)
{
	return old && s->ip_family_policy == IPFP_PREFER_DUAL &&
	       old->ip_family_policy == IPFP_PREFER_DUAL && s->headless == old->headless &&
	       s->cluster_ips.n == old->cluster_ips.n && ips_begin(s, old) &&
	       s->ip_families.n == old->ip_families.n && families_begin(s, old);
}

int service_settle_families(struct service *s, const struct service *old)
{
	if (!service_needs_cluster_ip(s) || prefers_as_before(s, old))
		return 0;
	/* Headless without a selector may get endpoints of either family. */
	if (s->ip_family_policy == IPFP_UNSET)
		s->ip_family_policy = s->headless && !s->has_selector ? IPFP_REQUIRE_DUAL
								      : IPFP_SINGLE;
	if (families_of_ips(s) < 0 ||
	    (!s->ip_families.n && vec_push(&s->ip_families, FAMILY_V4) < 0))
		return -ENOMEM;
	if (s->ip_family_policy == IPFP_SINGLE || s->ip_families.n > 1)
		return 0;
	return vec_push(&s->ip_families, s->ip_families.at[0] == FAMILY_V4 ? FAMILY_V6 : FAMILY_V4);
}
