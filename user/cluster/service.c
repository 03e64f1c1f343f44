/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/service.h"

#include <stdarg.h>
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

int service_invalid(struct err *reterr, const struct object *o, const char *fmt, ...)
{
	char text[sizeof(reterr->text)];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r = err_set(reterr, EINVAL, "The Service \"%s\" is invalid: %s",
		    o->meta->name ? o->meta->name : "", text);
	if (o->file)
		err_prefix(reterr, "%s:%u", o->file, o->line);
	return r;
}

const char *service_ips_text(const struct service *s, char buf[static SERVICE_IPS_TEXT_MAX])
{
	int n = snprintf(buf, SERVICE_IPS_TEXT_MAX, "[]string{%s", s->headless ? "\"None\"" : "");

	for (size_t i = 0; i < s->cluster_ips.n && n < SERVICE_IPS_TEXT_MAX; i++)
		n += snprintf(buf + n, SERVICE_IPS_TEXT_MAX - n, "%s\"%s\"", i ? ", " : "",
			      s->cluster_ips.at[i]);
	if (n < SERVICE_IPS_TEXT_MAX)
		snprintf(buf + n, SERVICE_IPS_TEXT_MAX - n, "}");
	return buf;
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
 * A manifest with clusterIP alone says nothing of the second address, and one without
 * ipFamilies nothing of the families: kubectl would leave both as they are in the cluster.
 */
static int keep_addresses(struct service *now, const struct service *old)
{
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

	now->no_lb_node_ports = false;
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

int service_keep(struct service *now, const struct service *old, struct err *reterr)
{
	if (service_needs_cluster_ip(now) && service_needs_cluster_ip(old) &&
	    keep_addresses(now, old) < 0)
		return err_nomem(reterr);
	if (service_needs_node_ports(now) && service_needs_node_ports(old)) {
		keep_node_ports(now, old, same_port);
		keep_node_ports(now, old, same_port_name);
	}
	if (service_needs_health_port(now) && service_needs_health_port(old) &&
	    !now->health_check_node_port)
		now->health_check_node_port = old->health_check_node_port;
	drop_void(now, old);
	return 0;
}

static int check_address(const struct object *o, const struct service *old, struct err *reterr)
{
	const struct service *now = &o->u.service;
	char ips[SERVICE_IPS_TEXT_MAX];
	size_t n = now->cluster_ips.n < old->cluster_ips.n ? now->cluster_ips.n
							   : old->cluster_ips.n;

	service_ips_text(now, ips);
	if (now->headless != old->headless)
		return service_invalid(reterr, o, "spec.clusterIPs[0]: Invalid value: %s: may not "
				       "change once set", ips);
	for (size_t i = 0; i < n; i++) {
		if (!same_ip(now->cluster_ips.at[i], old->cluster_ips.at[i]))
			return service_invalid(reterr, o, "spec.clusterIPs[%zu]: Invalid value: "
					       "%s: may not change once set", i, ips);
	}
	/* Headless without a selector has no controller that a change could confuse. */
	if (now->headless && !now->has_selector)
		return 0;
	if (now->ip_families.n && old->ip_families.n &&
	    now->ip_families.at[0] != old->ip_families.at[0])
		return service_invalid(reterr, o, "spec.ipFamilies[0]: Invalid value: \"%s\": may "
				       "not change once set", family_name(now->ip_families.at[0]));
	return 0;
}

int service_check_update(const struct object *o, const struct service *old, struct err *reterr)
{
	const struct service *now = &o->u.service;
	int r = 0;

	if (service_needs_cluster_ip(now) && service_needs_cluster_ip(old))
		r = check_address(o, old, reterr);
	if (r < 0)
		return r;
	if (now->type == SERVICE_LOAD_BALANCER && old->type == SERVICE_LOAD_BALANCER &&
	    !same_text(now->lb_class, old->lb_class))
		return service_invalid(reterr, o, "spec.loadBalancerClass: Invalid value: \"%s\": "
				       "may not change once set",
				       now->lb_class ? now->lb_class : "null");
	if (service_needs_health_port(now) && service_needs_health_port(old) &&
	    now->health_check_node_port != old->health_check_node_port)
		return service_invalid(reterr, o, "spec.healthCheckNodePort: Invalid value: %u: "
				       "field is immutable", now->health_check_node_port);
	return 0;
}

/* SingleStack gives up a second address and family only if they are not newly asked for. */
static int settle_single(struct object *o, const struct service *old, struct err *reterr)
{
	struct service *s = &o->u.service;

	if (old && ips_begin(s, old))
		ips_trim(s, 1);
	if (old && families_begin(s, old) && s->ip_families.n > 1)
		s->ip_families.n = 1;
	if (s->cluster_ips.n > 1)
		return service_invalid(reterr, o, "spec.ipFamilyPolicy: Invalid value: "
				       "\"SingleStack\": must be 'RequireDualStack' or "
				       "'PreferDualStack' when multiple cluster IPs are specified");
	if (s->ip_families.n > 1)
		return service_invalid(reterr, o, "spec.ipFamilyPolicy: Invalid value: "
				       "\"SingleStack\": must be 'RequireDualStack' or "
				       "'PreferDualStack' when multiple IP families are specified");
	return 0;
}

/* The addresses that are there say of which family they are. */
static int settle_from_ips(struct object *o, struct err *reterr)
{
	struct service *s = &o->u.service;
	struct addr ip;

	for (size_t i = 0; i < s->cluster_ips.n; i++) {
		const char *text = s->cluster_ips.at[i];

		if (addr_parse(text, &ip) < 0)
			return service_invalid(reterr, o, "spec.clusterIPs[%zu]: Invalid value: "
					       "\"%s\": must be a valid IP address", i, text);
		if (i == s->ip_families.n && vec_push(&s->ip_families, addr_family(&ip)) < 0)
			return err_nomem(reterr);
		if (s->ip_families.at[i] != addr_family(&ip))
			return service_invalid(reterr, o, "spec.clusterIPs[%zu]: Invalid value: "
					       "\"%s\": expected an %s value as indicated by "
					       "`spec.ipFamilies[%zu]`", i, text,
					       family_name(s->ip_families.at[i]), i);
	}
	return 0;
}

/*
 * Two addresses or families cannot be meant for one stack; and headless without a selector
 * may get endpoints of either family.
 */
static enum ip_family_policy default_policy(const struct service *s)
{
	bool dual = s->cluster_ips.n > 1 || s->ip_families.n > 1 ||
		    (s->headless && !s->has_selector);

	return dual ? IPFP_REQUIRE_DUAL : IPFP_SINGLE;
}

int service_settle_families(struct object *o, const struct service *old, struct err *reterr)
{
	struct service *s = &o->u.service;
	bool single;
	int r = 0;

	if (!service_needs_cluster_ip(s))
		return 0;
	if (s->ip_family_policy == IPFP_UNSET)
		s->ip_family_policy = default_policy(s);
	single = s->ip_family_policy == IPFP_SINGLE;
	if (single)
		r = settle_single(o, old, reterr);
	if (!r)
		r = settle_from_ips(o, reterr);
	if (r < 0)
		return r;

	if (!s->ip_families.n && vec_push(&s->ip_families, FAMILY_V4) < 0)
		return err_nomem(reterr);
	if (!single && s->ip_families.n == 1 &&
	    vec_push(&s->ip_families, s->ip_families.at[0] == FAMILY_V4 ? FAMILY_V6
									: FAMILY_V4) < 0)
		return err_nomem(reterr);
	return 0;
}
