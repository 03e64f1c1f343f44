/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

#define ENDPOINTS_MAX 1000
#define ADDRESSES_MAX 100
#define HINTS_MAX 8

/* --- value ---------------------------------------------------------------------- */

static int port_copy(struct slice_port *to, const struct slice_port *from)
{
	*to = *from;
	to->name = to->app_protocol = NULL;
	if (text_copy(&to->name, from->name) < 0 ||
	    text_copy(&to->app_protocol, from->app_protocol) < 0)
		return -ENOMEM;
	return 0;
}

int endpoint_copy(struct endpoint *to, const struct endpoint *from)
{
	*to = (struct endpoint){
		.ready = from->ready,
		.serving = from->serving,
		.terminating = from->terminating,
	};
	if (text_copy(&to->hostname, from->hostname) < 0 ||
	    text_copy(&to->node_name, from->node_name) < 0 ||
	    text_copy(&to->zone, from->zone) < 0 ||
	    text_copy(&to->target_kind, from->target_kind) < 0 ||
	    text_copy(&to->target_namespace, from->target_namespace) < 0 ||
	    text_copy(&to->target_name, from->target_name) < 0 ||
	    texts_copy(&to->addresses, &from->addresses) < 0 ||
	    texts_copy(&to->zone_hints, &from->zone_hints) < 0 ||
	    texts_copy(&to->node_hints, &from->node_hints) < 0)
		return -ENOMEM;
	return 0;
}

int slice_ports_copy(slice_port_vec *to, const slice_port_vec *from)
{
	if (vec_reserve(to, from->n) < 0)
		return -ENOMEM;
	vec_each(p, from) {
		if (port_copy(&to->at[to->n++], p) < 0)
			return -ENOMEM;
	}
	return 0;
}

int endpoints_list_copy(endpoint_vec *to, const endpoint_vec *from)
{
	if (vec_reserve(to, from->n) < 0)
		return -ENOMEM;
	vec_each(e, from) {
		if (endpoint_copy(&to->at[to->n++], e) < 0)
			return -ENOMEM;
	}
	return 0;
}

int slice_copy(struct slice *to, const struct slice *from)
{
	to->family = from->family;
	to->fqdn = from->fqdn;
	if (slice_ports_copy(&to->ports, &from->ports) < 0 ||
	    endpoints_list_copy(&to->endpoints, &from->endpoints) < 0)
		return -ENOMEM;
	return 0;
}

void endpoint_done(struct endpoint *e)
{
	texts_done(&e->addresses);
	texts_done(&e->zone_hints);
	texts_done(&e->node_hints);
	free(e->hostname);
	free(e->node_name);
	free(e->zone);
	free(e->target_kind);
	free(e->target_namespace);
	free(e->target_name);
}

void slice_ports_done(slice_port_vec *ports)
{
	vec_each(p, ports) {
		free(p->name);
		free(p->app_protocol);
	}
	vec_done(ports);
}

void endpoints_list_done(endpoint_vec *endpoints)
{
	vec_each(e, endpoints)
		endpoint_done(e);
	vec_done(endpoints);
}

void slice_done(struct slice *s)
{
	meta_done(&s->meta);
	slice_ports_done(&s->ports);
	endpoints_list_done(&s->endpoints);
}

/* --- defaults ------------------------------------------------------------------- */

int slice_ports_default(slice_port_vec *ports)
{
	vec_each(p, ports) {
		if (!p->protocol)
			p->protocol = PROTO_TCP;
		if (!p->name && !(p->name = strdup("")))
			return -ENOMEM;
	}
	return 0;
}

int endpoints_list_default(endpoint_vec *endpoints)
{
	vec_each(e, endpoints) {
		if (texts_canonical_addr(&e->addresses) < 0)
			return -ENOMEM;
	}
	return 0;
}

int slice_default(struct slice *s)
{
	if (slice_ports_default(&s->ports) < 0)
		return -ENOMEM;
	return s->fqdn ? 0 : endpoints_list_default(&s->endpoints);
}

/* --- rules ---------------------------------------------------------------------- */

static void port_check(struct refuse *r, const struct slice *s, size_t i)
{
	const struct slice_port *p = &s->ports.at[i];
	char text[80];

	if (*p->name && dns_label_wrong(p->name))
		refuse_text(r, p->name, dns_label_wrong(p->name), "ports[%zu].name", i);
	if (p->app_protocol && label_key_wrong(p->app_protocol))
		refuse_text(r, p->app_protocol, label_key_wrong(p->app_protocol),
			    "ports[%zu].appProtocol", i);
	for (size_t j = 0; j < i; j++) {
		if (strcmp(s->ports.at[j].name, p->name) != 0)
			continue;
		snprintf(text, sizeof(text), "\"%s\"", p->name);
		refuse_twice(r, text, "ports[%zu].name", i);
		return;
	}
}

static const char *address_wrong(const struct slice *s, const char *text)
{
	struct addr a;

	if (s->fqdn)
		return dns_subdomain_wrong(text);
	if (addr_parse(text, &a) < 0 || addr_family(&a) != s->family)
		return s->family == FAMILY_V4 ? "must be a valid IPv4 address" :
						"must be a valid IPv6 address";
	return endpoint_addr_wrong(text);
}

static void addresses_check(struct refuse *r, const struct slice *s, size_t i)
{
	const text_vec *addresses = &s->endpoints.at[i].addresses;

	if (!addresses->n)
		refuse_absent(r, "must contain at least 1 address", "endpoints[%zu].addresses", i);
	if (addresses->n > ADDRESSES_MAX)
		refuse_many(r, addresses->n, ADDRESSES_MAX, "endpoints[%zu].addresses", i);
	for (size_t j = 0; j < addresses->n && j < ADDRESSES_MAX; j++) {
		const char *wrong = address_wrong(s, addresses->at[j]);

		if (wrong)
			refuse_text(r, addresses->at[j], wrong,
				    "endpoints[%zu].addresses[%zu]", i, j);
	}
}

static void hints_check(struct refuse *r, const text_vec *hints, const char *field,
			const char *(*wrong)(const char *), size_t i)
{
	if (hints->n > HINTS_MAX)
		refuse_many(r, hints->n, HINTS_MAX, "endpoints[%zu].hints.%s", i, field);
	for (size_t j = 0; j < hints->n && j < HINTS_MAX; j++) {
		if (wrong(hints->at[j]))
			refuse_text(r, hints->at[j], wrong(hints->at[j]),
				    "endpoints[%zu].hints.%s[%zu].name", i, field, j);
	}
}

static void endpoint_check(struct refuse *r, const struct slice *s, size_t i)
{
	const struct endpoint *e = &s->endpoints.at[i];

	addresses_check(r, s, i);
	if (e->hostname && dns_label_wrong(e->hostname))
		refuse_text(r, e->hostname, dns_label_wrong(e->hostname),
			    "endpoints[%zu].hostname", i);
	if (e->node_name && dns_subdomain_wrong(e->node_name))
		refuse_text(r, e->node_name, dns_subdomain_wrong(e->node_name),
			    "endpoints[%zu].nodeName", i);
	if (e->zone && label_value_wrong(e->zone))
		refuse_text(r, e->zone, label_value_wrong(e->zone), "endpoints[%zu].zone", i);
	hints_check(r, &e->zone_hints, "forZones", label_value_wrong, i);
	hints_check(r, &e->node_hints, "forNodes", dns_subdomain_wrong, i);
}

void slice_check(struct refuse *r, const struct slice *s)
{
	meta_check(r, &s->meta, dns_subdomain_wrong);
	if (s->endpoints.n > ENDPOINTS_MAX)
		refuse_many(r, s->endpoints.n, ENDPOINTS_MAX, "endpoints");
	if (s->ports.n > SLICE_PORTS_MAX)
		refuse_many(r, s->ports.n, SLICE_PORTS_MAX, "ports");
	for (size_t i = 0; i < s->ports.n && i < SLICE_PORTS_MAX; i++)
		port_check(r, s, i);
	for (size_t i = 0; i < s->endpoints.n && i < ENDPOINTS_MAX; i++)
		endpoint_check(r, s, i);
}
