/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unit/plan_world.h"

#include <criterion/criterion.h>

#include <string.h>

static char *text_dup(const char *text)
{
	char *copy = strdup(text);

	cr_assert_not_null(copy);
	return copy;
}

void texts_add(text_vec *texts, const char *text)
{
	cr_assert_eq(texts_push(texts, text), 0);
}

void facts_addr_add(struct world *w, const char *ip, bool node_port)
{
	struct addr a;

	cr_assert_eq(addr_parse(ip, &a), 0);
	cr_assert_eq(vec_push(&w->facts.addrs, a), 0);
	if (node_port)
		cr_assert_eq(vec_push(&w->facts.node_port_addrs, a), 0);
}

void world_init(struct world *w)
{
	*w = (struct world){ .facts.name = "here" };
	facts_addr_add(w, "192.168.0.2", true);
	facts_addr_add(w, "2001:db8::1", true);
}

void world_done(struct world *w)
{
	image_done(&w->img);
	node_facts_done(&w->facts);
	snapshot_done(&w->snap);
}

static struct object *world_object(struct world *w, enum kind kind, const char *namespace,
				   const char *name)
{
	struct object *o = object_new(kind);

	cr_assert_not_null(o);
	o->meta->name = text_dup(name);
	o->meta->namespace = text_dup(namespace);
	o->meta->created = 1000;
	cr_assert_eq(snapshot_put(&w->snap, o), 0);
	return o;
}

struct service *world_service(struct world *w, const char *name, const char *ips)
{
	struct service *s = &world_object(w, KIND_SERVICE, "default", name)->u.service;
	own(free) char *list = text_dup(ips ? ips : "");
	char *rest = list;

	for (char *ip = strsep(&rest, ","); ip && *ip; ip = strsep(&rest, ","))
		texts_add(&s->cluster_ips, ip);
	s->internal_policy = POLICY_CLUSTER;
	return s;
}

struct service_port *service_port_add(struct service *s, const char *name, uint16_t port)
{
	struct service_port p = { .name = text_dup(name), .protocol = PROTO_TCP, .port = port };

	cr_assert_eq(vec_push(&s->ports, p), 0);
	return &s->ports.at[s->ports.n - 1];
}

struct slice *world_slice(struct world *w, const char *name, const char *service,
			  enum family family)
{
	struct slice *s = &world_object(w, KIND_SLICE, "default", name)->u.slice;

	s->family = family;
	if (service)
		cr_assert_eq(labels_set(&s->meta.labels, LABEL_SERVICE_NAME, service), 0);
	return s;
}

struct slice_port *slice_port_add(struct slice *s, const char *name, uint16_t port)
{
	struct slice_port p = { .protocol = PROTO_TCP, .port = port };

	p.name = name ? text_dup(name) : NULL;
	cr_assert_eq(vec_push(&s->ports, p), 0);
	return &s->ports.at[s->ports.n - 1];
}

struct endpoint *slice_endpoint_add(struct slice *s, const char *ip, const char *node)
{
	struct endpoint e = { 0 };

	e.node_name = node ? text_dup(node) : NULL;
	texts_add(&e.addresses, ip);
	cr_assert_eq(vec_push(&s->endpoints, e), 0);
	return &s->endpoints.at[s->endpoints.n - 1];
}

struct service *world_web(struct world *w)
{
	struct service *s;
	struct slice *sl;

	world_init(w);
	s = world_service(w, "web", "10.96.0.1");
	service_port_add(s, "http", 80);
	sl = world_slice(w, "web-1", "web", FAMILY_V4);
	slice_port_add(sl, "http", 8080);
	slice_endpoint_add(sl, "10.1.0.1", "here");
	slice_endpoint_add(sl, "10.1.0.2", "there");
	return s;
}

void ingress_add(struct service *s, const char *ip, const char *hostname, bool proxy)
{
	struct lb_ingress in = { .proxy = proxy };

	in.ip = ip ? strdup(ip) : NULL;
	in.hostname = hostname ? strdup(hostname) : NULL;
	cr_assert_eq(vec_push(&s->lb_ingress, in), 0);
}

struct node *world_node(struct world *w, const char *name, const char *zone)
{
	struct object *o = world_object(w, KIND_NODE, "", name);

	if (zone)
		cr_assert_eq(labels_set(&o->meta->labels, LABEL_ZONE, zone), 0);
	return &o->u.node;
}

/* --- the image as text ---------------------------------------------------------- */

static void warn_keep(void *arg, const char *text)
{
	struct world *w = arg;
	size_t n = strlen(w->warnings);

	snprintf(w->warnings + n, sizeof(w->warnings) - n, "%s\n", text);
	w->n_warnings++;
}

static int by_name(const void *a, const void *b)
{
	const struct image_service *x = *(struct image_service *const *)a;
	const struct image_service *y = *(struct image_service *const *)b;
	int c = strcmp(x->name, y->name);

	c = c ? c : strcmp(x->port_name, y->port_name);
	c = c ? c : (int)x->protocol - (int)y->protocol;
	return c ? c : (int)x->family - (int)y->family;
}

static void service_print(FILE *f, const struct image_service *s)
{
	static const char *const kinds[] = {
		[SLUICE_FE_CLUSTER_IP] = "cluster",
		[SLUICE_FE_LOAD_BALANCER] = "balancer",
		[SLUICE_FE_EXTERNAL] = "external",
		[SLUICE_FE_NODE_PORT] = "nodeport",
		[SLUICE_FE_LOCALHOST] = "localhost",
	};
	char cidr[CIDR_TEXT_MAX];
	char addr[ADDR_TEXT_MAX];

	fprintf(f, "%s/%s %s %s%s%s%s\n", s->name, s->port_name, protocol_name(s->protocol),
		family_name(s->family), s->flags & SLUICE_SVC_HAS_ANY ? " any" : "",
		s->flags & SLUICE_SVC_EXT_LOCAL ? " ext-local" : "",
		s->flags & SLUICE_SVC_INT_LOCAL ? " int-local" : "");
	if (s->flags & SLUICE_SVC_AFFINITY)
		fprintf(f, " affinity %u\n", s->affinity_sec);
	vec_each(fe, &s->frontends)
		fprintf(f, " %s:%u %s\n", addr_text(&fe->addr, addr), fe->port, kinds[fe->kind]);
	vec_each(r, &s->ranges)
		fprintf(f, " < %s\n", cidr_text(r, cidr));
	vec_each(b, &s->backends)
		fprintf(f, " > %s:%u %s%s%s\n", addr_text(&b->addr, addr), b->port,
			b->in_cluster ? "C" : "", b->in_local ? "L" : "", b->host ? " host" : "");
}

/* What the header promises of every image. */
static void image_check(const struct image *img)
{
	for (size_t i = 0; i < img->services.n; i++) {
		const struct image_service *s = &img->services.at[i];

		if (i)
			cr_assert(s->id[0] > s[-1].id[0] ||
				  (s->id[0] == s[-1].id[0] && s->id[1] > s[-1].id[1]));
		cr_assert_eq(!!(s->flags & SLUICE_SVC_IPV6), s->family == FAMILY_V6);
		cr_assert_eq(!!(s->flags & SLUICE_SVC_RANGES), !!s->ranges.n);
		cr_assert_eq(!!(s->flags & SLUICE_SVC_AFFINITY), !!s->affinity_sec);
		for (size_t k = 1; k < s->backends.n; k++) {
			const struct image_backend *b = &s->backends.at[k];
			int c = addr_cmp(&b[-1].addr, &b->addr);

			cr_assert(c < 0 || (!c && b[-1].port < b->port));
		}
		for (size_t k = 1; k < s->frontends.n; k++) {
			const struct image_frontend *f = &s->frontends.at[k];
			int c = addr_cmp(&f[-1].addr, &f->addr);

			cr_assert(c < 0 || (!c && f[-1].port < f->port));
		}
	}
}

char *world_image(struct world *w)
{
	const struct image_service *order[64];
	struct err e = { 0 };
	char *text = NULL;
	size_t len;
	FILE *f;

	w->n_warnings = 0;
	w->warnings[0] = '\0';
	image_done(&w->img);
	cr_assert_eq(image_make(&w->snap, &w->facts, warn_keep, w, &w->img, &e), 0, "%s", e.text);
	image_check(&w->img);

	cr_assert_leq(w->img.services.n, sizeof(order) / sizeof(*order));
	for (size_t i = 0; i < w->img.services.n; i++)
		order[i] = &w->img.services.at[i];
	if (w->img.services.n)
		qsort(order, w->img.services.n, sizeof(*order), by_name);

	f = open_memstream(&text, &len);
	cr_assert_not_null(f);
	for (size_t i = 0; i < w->img.services.n; i++)
		service_print(f, order[i]);
	fclose(f);
	return text;
}

char *world_addresses(const struct world *w)
{
	char addr[ADDR_TEXT_MAX];
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	cr_assert_not_null(f);
	vec_each(s, &w->img.services)
		vec_each(a, &s->addrs)
			fprintf(f, "%s %s/%s\n", addr_text(&a->addr, addr), s->name, s->port_name);
	fclose(f);
	return text;
}

void world_expect(struct world *w, const char *text)
{
	own(free) char *got = world_image(w);

	cr_assert_str_eq(got, text, "expected:\n%sgot:\n%s", text, got);
}
