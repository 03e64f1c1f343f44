/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

static int containers_copy(struct pod *to, const struct pod *from)
{
	if (vec_reserve(&to->containers, from->containers.n) < 0)
		return -ENOMEM;
	vec_each(c, &from->containers) {
		struct container *copy = &to->containers.at[to->containers.n++];

		*copy = *c;
		copy->name = copy->reason = NULL;
		if (text_copy(&copy->name, c->name) < 0 || text_copy(&copy->reason, c->reason) < 0)
			return -ENOMEM;
	}
	return 0;
}

int pod_copy(struct pod *to, const struct pod *from)
{
	to->host_network = from->host_network;
	to->ready = from->ready;
	to->phase = from->phase;
	if (text_copy(&to->node_name, from->node_name) < 0 ||
	    text_copy(&to->hostname, from->hostname) < 0 ||
	    text_copy(&to->subdomain, from->subdomain) < 0 ||
	    text_copy(&to->reason, from->reason) < 0 ||
	    texts_copy(&to->ips, &from->ips) < 0 || containers_copy(to, from) < 0 ||
	    vec_reserve(&to->ports, from->ports.n) < 0)
		return -ENOMEM;
	vec_each(p, &from->ports) {
		struct container_port *copy = &to->ports.at[to->ports.n++];

		*copy = (struct container_port){ .protocol = p->protocol, .port = p->port };
		if (text_copy(&copy->name, p->name) < 0)
			return -ENOMEM;
	}
	return 0;
}

void pod_done(struct pod *p)
{
	meta_done(&p->meta);
	free(p->node_name);
	free(p->hostname);
	free(p->subdomain);
	free(p->reason);
	texts_done(&p->ips);
	vec_each(c, &p->containers) {
		free(c->name);
		free(c->reason);
	}
	vec_done(&p->containers);
	vec_each(port, &p->ports)
		free(port->name);
	vec_done(&p->ports);
}

bool pod_is_finished(const struct pod *p)
{
	return p->phase == PHASE_SUCCEEDED || p->phase == PHASE_FAILED;
}

int pod_default(struct pod *p)
{
	vec_each(port, &p->ports) {
		if (!port->protocol)
			port->protocol = PROTO_TCP;
	}
	return texts_canonical_addr(&p->ips);
}

static void ports_check(struct refuse *r, const struct pod *p)
{
	vec_each(port, &p->ports) {
		const char *wrong = port_wrong(port->port);

		if (wrong)
			refuse_number(r, port->port, wrong,
				      "spec.containers.ports.containerPort");
		wrong = port->name ? port_name_wrong(port->name) : NULL;
		if (wrong)
			refuse_text(r, port->name, wrong, "spec.containers.ports.name");
	}
}

/* A name that may be absent. */
static void text_check(struct refuse *r, const char *text, const char *(*wrong)(const char *),
		       const char *field)
{
	if (text && *text && wrong(text))
		refuse_text(r, text, wrong(text), "%s", field);
}

void pod_check(struct refuse *r, const struct pod *p)
{
	meta_check(r, &p->meta, dns_subdomain_wrong);
	ports_check(r, p);
	text_check(r, p->node_name, dns_subdomain_wrong, "spec.nodeName");
	text_check(r, p->hostname, dns_label_wrong, "spec.hostname");
	text_check(r, p->subdomain, dns_label_wrong, "spec.subdomain");
	for (size_t i = 0; i < p->ips.n; i++) {
		const char *wrong = addr_wrong(p->ips.at[i]);

		if (wrong)
			refuse_text(r, p->ips.at[i], wrong, "status.podIPs[%zu]", i);
	}
}
