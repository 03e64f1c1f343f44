/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Endpoints: what an EndpointSlice was before there were slices. */
#include <stdio.h>
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

int endpoints_copy(struct endpoints *to, const struct endpoints *from)
{
	if (vec_reserve(&to->subsets, from->subsets.n) < 0)
		return -ENOMEM;
	vec_each(s, &from->subsets) {
		struct endpoints_subset *copy = &to->subsets.at[to->subsets.n++];

		*copy = (struct endpoints_subset){ 0 };
		if (endpoints_list_copy(&copy->ready, &s->ready) < 0 ||
		    endpoints_list_copy(&copy->not_ready, &s->not_ready) < 0 ||
		    slice_ports_copy(&copy->ports, &s->ports) < 0)
			return -ENOMEM;
	}
	return 0;
}

void endpoints_done(struct endpoints *e)
{
	meta_done(&e->meta);
	vec_each(s, &e->subsets) {
		endpoints_list_done(&s->ready);
		endpoints_list_done(&s->not_ready);
		slice_ports_done(&s->ports);
	}
	vec_done(&e->subsets);
}

int endpoints_default(struct endpoints *e)
{
	vec_each(s, &e->subsets) {
		if (endpoints_list_default(&s->ready) < 0 ||
		    endpoints_list_default(&s->not_ready) < 0 ||
		    slice_ports_default(&s->ports) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- rules ---------------------------------------------------------------------- */

static void addresses_check(struct refuse *r, const endpoint_vec *list, const char *field, size_t i)
{
	for (size_t j = 0; j < list->n; j++) {
		const struct endpoint *e = &list->at[j];
		const char *ip = e->addresses.n ? e->addresses.at[0] : "";

		if (endpoint_addr_wrong(ip))
			refuse_text(r, ip, endpoint_addr_wrong(ip), "subsets[%zu].%s[%zu].ip", i,
				    field, j);
		if (e->hostname && *e->hostname && dns_label_wrong(e->hostname))
			refuse_text(r, e->hostname, dns_label_wrong(e->hostname),
				    "subsets[%zu].%s[%zu].hostname", i, field, j);
		if (e->node_name && dns_subdomain_wrong(e->node_name))
			refuse_text(r, e->node_name, dns_subdomain_wrong(e->node_name),
				    "subsets[%zu].%s[%zu].nodeName", i, field, j);
	}
}

static void ports_check(struct refuse *r, const slice_port_vec *ports, size_t i)
{
	for (size_t j = 0; j < ports->n && j < SLICE_PORTS_MAX; j++) {
		const struct slice_port *p = &ports->at[j];

		if (!*p->name && ports->n > 1)
			refuse_absent(r, NULL, "subsets[%zu].ports[%zu].name", i, j);
		if (*p->name && dns_label_wrong(p->name))
			refuse_text(r, p->name, dns_label_wrong(p->name),
				    "subsets[%zu].ports[%zu].name", i, j);
		if (port_wrong(p->port))
			refuse_number(r, p->port, port_wrong(p->port),
				      "subsets[%zu].ports[%zu].port", i, j);
		if (p->app_protocol && label_key_wrong(p->app_protocol))
			refuse_text(r, p->app_protocol, label_key_wrong(p->app_protocol),
				    "subsets[%zu].ports[%zu].appProtocol", i, j);
	}
	if (ports->n > SLICE_PORTS_MAX)
		refuse_many(r, ports->n, SLICE_PORTS_MAX, "subsets[%zu].ports", i);
}

void endpoints_check(struct refuse *r, const struct endpoints *e)
{
	meta_check(r, &e->meta, dns_subdomain_wrong);
	for (size_t i = 0; i < e->subsets.n; i++) {
		const struct endpoints_subset *s = &e->subsets.at[i];

		if (!s->ready.n && !s->not_ready.n)
			refuse_absent(r, "must specify `addresses` or `notReadyAddresses`",
				      "subsets[%zu]", i);
		addresses_check(r, &s->ready, "addresses", i);
		addresses_check(r, &s->not_ready, "notReadyAddresses", i);
		ports_check(r, &s->ports, i);
	}
}
