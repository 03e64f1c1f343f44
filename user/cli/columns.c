/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/columns.h"

#include <string.h>

#include "cli/format.h"

#define CELL_LIST_MAX 3		/* kubectl shows so many endpoints and ports */

#define CELL(name)                                                                 \
	static void name(FILE *out, const struct object *o, const struct column_env *env)

/* --- pieces ------------------------------------------------------------------- */

static const char *or_none(const char *text)
{
	return text && *text ? text : "<none>";
}

static void print_texts(FILE *out, const text_vec *texts)
{
	for (size_t i = 0; i < texts->n; i++)
		fprintf(out, "%s%s", i ? "," : "", texts->at[i]);
}

/* Behind a list that was cut after CELL_LIST_MAX of @n. */
static void print_more(FILE *out, size_t n)
{
	if (n == 0)
		fputs("<unset>", out);
	else if (n > CELL_LIST_MAX)
		fprintf(out, " + %zu more...", n - CELL_LIST_MAX);
}

/* --- any kind ----------------------------------------------------------------- */

CELL(cell_name)
{
	if (env->with_kind)
		fprintf(out, "%s/", kind_infos[o->kind].printed);
	fputs(o->meta->name, out);
}

CELL(cell_age)
{
	char buf[FORMAT_MAX];

	fputs(format_age(o->meta->created, buf), out);
}

CELL(cell_labels)
{
	vec_each(l, &o->meta->labels)
		fprintf(out, "%s%s=%s", l == o->meta->labels.at ? "" : ",", l->key, l->value);
	if (!o->meta->labels.n)
		fputs("<none>", out);
}

const struct column column_labels = { "LABELS", false, cell_labels };

/* --- services ----------------------------------------------------------------- */

CELL(cell_type)
{
	fputs(service_type_name(o->u.service.type), out);
}

CELL(cell_cluster_ip)
{
	const struct service *s = &o->u.service;

	if (s->headless)
		fputs("None", out);
	else
		fputs(or_none(s->cluster_ips.n ? s->cluster_ips.at[0] : NULL), out);
}

CELL(cell_external_ip)
{
	const struct service *s = &o->u.service;
	size_t n = 0;

	if (s->type == SERVICE_EXTERNAL_NAME) {
		fputs(or_none(s->external_name), out);
		return;
	}
	if (s->type == SERVICE_LOAD_BALANCER) {
		vec_each(in, &s->lb_ingress)
			fprintf(out, "%s%s", n++ ? "," : "", or_none(in->ip ? in->ip : in->hostname));
	}
	vec_each(ip, &s->external_ips)
		fprintf(out, "%s%s", n++ ? "," : "", *ip);
	if (!n)
		fputs(s->type == SERVICE_LOAD_BALANCER ? "<pending>" : "<none>", out);
}

CELL(cell_ports)
{
	const struct service *s = &o->u.service;

	vec_each(p, &s->ports) {
		fprintf(out, "%s%u", p == s->ports.at ? "" : ",", p->port);
		if (p->node_port)
			fprintf(out, ":%u", p->node_port);
		fprintf(out, "/%s", protocol_name(p->protocol));
	}
	if (!s->ports.n)
		fputs("<none>", out);
}

CELL(cell_selector)
{
	const struct service *s = &o->u.service;

	vec_each(l, &s->selector)
		fprintf(out, "%s%s=%s", l == s->selector.at ? "" : ",", l->key, l->value);
	if (!s->selector.n)
		fputs("<none>", out);
}

static const struct column service_columns[] = {
	{ "NAME", false, cell_name },
	{ "TYPE", false, cell_type },
	{ "CLUSTER-IP", false, cell_cluster_ip },
	{ "EXTERNAL-IP", false, cell_external_ip },
	{ "PORT(S)", false, cell_ports },
	{ "AGE", false, cell_age },
	{ "SELECTOR", true, cell_selector },
	{ 0 },
};

/* --- endpoint slices ---------------------------------------------------------- */

CELL(cell_address_type)
{
	fputs(o->u.slice.fqdn ? "FQDN" : family_name(o->u.slice.family), out);
}

CELL(cell_slice_ports)
{
	const struct slice *s = &o->u.slice;

	for (size_t i = 0; i < s->ports.n && i < CELL_LIST_MAX; i++) {
		const struct slice_port *p = &s->ports.at[i];

		fputs(i ? "," : "", out);
		if (p->port)
			fprintf(out, "%u", p->port);
		else
			fputs(p->name && *p->name ? p->name : "*", out);
	}
	print_more(out, s->ports.n);
}

CELL(cell_endpoints)
{
	size_t n = 0;

	vec_each(e, &o->u.slice.endpoints) {
		vec_each(a, &e->addresses) {
			if (n < CELL_LIST_MAX)
				fprintf(out, "%s%s", n ? "," : "", *a);
			n++;
		}
	}
	print_more(out, n);
}

CELL(cell_slice_service)
{
	fputs(or_none(labels_find(&o->meta->labels, LABEL_SERVICE_NAME)), out);
}

static const struct column slice_columns[] = {
	{ "NAME", false, cell_name },
	{ "ADDRESSTYPE", false, cell_address_type },
	{ "PORTS", false, cell_slice_ports },
	{ "ENDPOINTS", false, cell_endpoints },
	{ "AGE", false, cell_age },
	{ "SERVICE", true, cell_slice_service },
	{ 0 },
};

/* --- endpoints ----------------------------------------------------------------- */

/* Every ready address with every port, as kubectl pairs them. */
CELL(cell_pairs)
{
	size_t n = 0;

	vec_each(subset, &o->u.endpoints.subsets) {
		vec_each(e, &subset->ready) {
			size_t ports = subset->ports.n;

			for (size_t i = 0; i < (ports ? ports : 1); i++, n++) {
				bool v6 = ports && strchr(e->addresses.at[0], ':');

				if (n >= CELL_LIST_MAX)
					continue;
				fprintf(out, "%s%s%s%s", n ? "," : "", v6 ? "[" : "",
					e->addresses.at[0], v6 ? "]" : "");
				if (ports)
					fprintf(out, ":%u", subset->ports.at[i].port);
			}
		}
	}
	if (!n)
		fputs("<none>", out);
	else
		print_more(out, n);
}

static const struct column endpoints_columns[] = {
	{ "NAME", false, cell_name },
	{ "ENDPOINTS", false, cell_pairs },
	{ "AGE", false, cell_age },
	{ 0 },
};

/* --- pods --------------------------------------------------------------------- */

/* Not "1/1": containers are not known here, the Ready condition is. */
CELL(cell_ready)
{
	fputs(o->u.pod.ready ? "True" : "False", out);
}

const char *pod_status_text(const struct pod *p)
{
	return p->meta.deleted ? "Terminating" :
	       p->finished     ? "Completed" :
	       !p->ips.n       ? "Pending" : "Running";
}

CELL(cell_pod_status)
{
	fputs(pod_status_text(&o->u.pod), out);
}

CELL(cell_pod_ip)
{
	fputs(or_none(o->u.pod.ips.n ? o->u.pod.ips.at[0] : NULL), out);
}

CELL(cell_pod_node)
{
	fputs(or_none(o->u.pod.node_name), out);
}

static const struct column pod_columns[] = {
	{ "NAME", false, cell_name },
	{ "READY", false, cell_ready },
	{ "STATUS", false, cell_pod_status },
	{ "IP", false, cell_pod_ip },
	{ "NODE", false, cell_pod_node },
	{ "AGE", false, cell_age },
	{ 0 },
};

/* --- nodes -------------------------------------------------------------------- */

/* What matters here of a node is whether it is this one. */
CELL(cell_node_status)
{
	fputs(env->node && !strcmp(env->node, o->meta->name) ? "Local" : "Remote", out);
}

CELL(cell_internal_ip)
{
	const text_vec *ips = &o->u.node.internal_ips;

	if (ips->n)
		print_texts(out, ips);
	else
		fputs("<none>", out);
}

CELL(cell_pod_cidr)
{
	const text_vec *cidrs = &o->u.node.pod_cidrs;

	if (cidrs->n)
		print_texts(out, cidrs);
	else
		fputs("<none>", out);
}

static const struct column node_columns[] = {
	{ "NAME", false, cell_name },
	{ "STATUS", false, cell_node_status },
	{ "INTERNAL-IP", false, cell_internal_ip },
	{ "AGE", false, cell_age },
	{ "POD-CIDR", true, cell_pod_cidr },
	{ 0 },
};

const struct column *const kind_columns[KIND_COUNT] = {
	[KIND_SERVICE] = service_columns,
	[KIND_SLICE] = slice_columns,
	[KIND_ENDPOINTS] = endpoints_columns,
	[KIND_POD] = pod_columns,
	[KIND_NODE] = node_columns,
};
