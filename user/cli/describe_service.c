/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Lines of a key and a value. All values begin in one column, two blanks behind the longest
 * key, so the lines are collected before they are printed.
 */
#include "cli/describe_service.h"

#include <stdarg.h>
#include <string.h>

#define ENDPOINTS_SHOWN 3	/* as kubectl */
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* --- lines -------------------------------------------------------------------- */

struct line {
	const char *key;	/* "": more of what the line before is about */
	off_t value;		/* where it begins in the text */
};

struct lines {
	VEC(struct line) all;
	FILE *out;		/* all values, with a NUL behind each; into */
	char *text;
	size_t len;
	bool failed;
};

static int lines_init(struct lines *l)
{
	l->out = open_memstream(&l->text, &l->len);
	return l->out ? 0 : -ENOMEM;
}

static void lines_done(struct lines *l)
{
	if (l->out)
		fclose(l->out);
	free(l->text);
	vec_done(&l->all);
}
DEFINE_OWN_DONE(struct lines, lines_done)

/* What is printed into the stream that is returned becomes the value; nothing is "<none>". */
static FILE *begin(struct lines *l, const char *key)
{
	if (l->all.n)
		fputc('\0', l->out);
	if (vec_push(&l->all, (struct line){ key, ftello(l->out) }))
		l->failed = true;
	return l->out;
}

__attribute__((format(printf, 3, 4)))
static void add(struct lines *l, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(begin(l, key), fmt, args);
	va_end(args);
}

/* "a,b" */
static void add_texts(struct lines *l, const char *key, const text_vec *texts)
{
	FILE *out = begin(l, key);

	vec_each(t, texts)
		fprintf(out, "%s%s", t == texts->at ? "" : ",", *t);
}

/* "a=1,b=2" */
static void add_selector(struct lines *l, const label_vec *selector)
{
	FILE *out = begin(l, "Selector");

	vec_each(p, selector)
		fprintf(out, "%s%s=%s", p == selector->at ? "" : ",", p->key, p->value);
}

/* One a line. */
static void add_pairs(struct lines *l, const char *key, const label_vec *pairs, const char *equals)
{
	size_t n = 0;

	vec_each(p, pairs) {
		if (strcmp(p->key, LAST_APPLIED))
			add(l, n++ ? "" : key, "%s%s%s", p->key, equals, p->value);
	}
	if (!n)
		begin(l, key);
}

static int lines_print(FILE *out, struct lines *l)
{
	int width = 0;

	fputc('\0', l->out);
	if (fflush(l->out) || l->failed)
		return -ENOMEM;
	vec_each(line, &l->all) {
		if ((int)strlen(line->key) > width)
			width = (int)strlen(line->key);
	}
	vec_each(line, &l->all) {
		const char *value = l->text + line->value;

		fprintf(out, "%s%s%*s%s\n", line->key, *line->key ? ":" : " ",
			width + 2 - (int)strlen(line->key), "", *value ? value : "<none>");
	}
	return 0;
}

/* --- endpoints ---------------------------------------------------------------- */

static const struct slice_port *slice_port_find(const struct slice *s, const char *name)
{
	vec_each(p, &s->ports) {
		if (p->port && p->name && !strcmp(p->name, name))
			return p;
	}
	return NULL;
}

static void print_endpoint(FILE *out, const char *addr, uint16_t port)
{
	bool v6 = strchr(addr, ':');

	fprintf(out, "%s%s%s:%u", v6 ? "[" : "", addr, v6 ? "]" : "", port);
}

/* Those that are ready, of one slice; *@n is how many there were before. */
static void print_ready(FILE *out, const struct slice *s, uint16_t port, size_t *n)
{
	vec_each(e, &s->endpoints) {
		if (e->ready == TRI_FALSE || !e->addresses.n)
			continue;
		if (*n < ENDPOINTS_SHOWN) {
			fputs(*n ? "," : "", out);
			print_endpoint(out, e->addresses.at[0], port);
		}
		++*n;
	}
}

static void add_endpoints(struct lines *l, const struct object *service, const char *port,
			  const struct slices *slices)
{
	size_t n_slices, n = 0;
	struct object **at = slices_find(slices, service, &n_slices);
	FILE *out = begin(l, "Endpoints");

	for (size_t i = 0; i < n_slices; i++) {
		const struct slice *s = &at[i]->u.slice;
		const struct slice_port *p = slice_port_find(s, port);

		if (p)
			print_ready(out, s, p->port, &n);
	}
	if (n > ENDPOINTS_SHOWN)
		fprintf(out, " + %zu more...", n - ENDPOINTS_SHOWN);
}

/* --- the Service -------------------------------------------------------------- */

static void add_families(struct lines *l, const struct service *s)
{
	static const char *const policies[] = {
		[IPFP_SINGLE] = "SingleStack", [IPFP_PREFER_DUAL] = "PreferDualStack",
		[IPFP_REQUIRE_DUAL] = "RequireDualStack",
	};
	bool both = s->ip_families.n > 1;

	if (s->ip_family_policy != IPFP_UNSET)
		add(l, "IP Family Policy", "%s", policies[s->ip_family_policy]);
	if (s->ip_families.n)
		add(l, "IP Families", "%s%s%s", family_name(s->ip_families.at[0]),
		    both ? "," : "", both ? family_name(s->ip_families.at[1]) : "");
	else
		begin(l, "IP Families");
}

static void add_addresses(struct lines *l, const struct service *s)
{
	add(l, "IP", "%s", s->headless ? "None" : s->cluster_ips.n ? s->cluster_ips.at[0] : "");
	if (s->headless)
		add(l, "IPs", "None");
	else
		add_texts(l, "IPs", &s->cluster_ips);
	if (s->external_ips.n)
		add_texts(l, "External IPs", &s->external_ips);
	if (s->lb_ip && *s->lb_ip)
		add(l, "Desired LoadBalancer IP", "%s", s->lb_ip);
	if (s->external_name && *s->external_name)
		add(l, "External Name", "%s", s->external_name);
	vec_each(in, &s->lb_ingress) {
		const char *key = in == s->lb_ingress.at ? "LoadBalancer Ingress" : "";

		if (in->ip)
			add(l, key, "%s (%s)", in->ip, in->proxy ? "Proxy" : "VIP");
		else
			add(l, key, "%s", in->hostname ? in->hostname : "");
	}
}

static void add_port(struct lines *l, const struct service_port *p)
{
	const char *name = p->name && *p->name ? p->name : "<unset>";
	const char *proto = protocol_name(p->protocol);

	add(l, "Port", "%s  %u/%s", name, p->port, proto);
	if (p->target.name)
		add(l, "TargetPort", "%s/%s", p->target.name, proto);
	else
		add(l, "TargetPort", "%u/%s", p->target.number, proto);
	if (p->node_port)
		add(l, "NodePort", "%s  %u/%s", name, p->node_port, proto);
}

static void add_policies(struct lines *l, const struct service *s)
{
	static const char *const policies[] = {
		[POLICY_CLUSTER] = "Cluster", [POLICY_LOCAL] = "Local",
	};

	add(l, "Session Affinity", "%s", s->affinity_client_ip ? "ClientIP" : "None");
	if (s->external_policy != POLICY_UNSET)
		add(l, "External Traffic Policy", "%s", policies[s->external_policy]);
	if (s->internal_policy != POLICY_UNSET)
		add(l, "Internal Traffic Policy", "%s", policies[s->internal_policy]);
	if (s->traffic_distribution && *s->traffic_distribution)
		add(l, "Traffic Distribution", "%s", s->traffic_distribution);
	if (s->health_check_node_port)
		add(l, "HealthCheck NodePort", "%u", s->health_check_node_port);
	if (s->lb_source_ranges.n)
		add_texts(l, "LoadBalancer Source Ranges", &s->lb_source_ranges);
}

int describe_service(FILE *out, const struct object *service, const struct slices *slices)
{
	own(lines_done) struct lines lines = { 0 };
	const struct service *s = &service->u.service;

	if (lines_init(&lines))
		return -ENOMEM;
	add(&lines, "Name", "%s", s->meta.name);
	add(&lines, "Namespace", "%s", s->meta.namespace);
	add_pairs(&lines, "Labels", &s->meta.labels, "=");
	add_pairs(&lines, "Annotations", &s->meta.annotations, ": ");
	add_selector(&lines, &s->selector);
	add(&lines, "Type", "%s", service_type_name(s->type));
	add_families(&lines, s);
	add_addresses(&lines, s);
	vec_each(p, &s->ports) {
		add_port(&lines, p);
		add_endpoints(&lines, service, p->name ? p->name : "", slices);
	}
	add_policies(&lines, s);
	return lines_print(out, &lines);
}
