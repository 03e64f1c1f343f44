/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/image_text.h"

#include <string.h>

static int by_name(const void *va, const void *vb)
{
	const struct image_service *a = *(const struct image_service *const *)va;
	const struct image_service *b = *(const struct image_service *const *)vb;

	return strcmp(a->namespace, b->namespace)
		?: strcmp(a->name, b->name)
		?: (int)a->port - (int)b->port
		?: (int)a->protocol - (int)b->protocol
		?: strcmp(a->port_name, b->port_name)
		?: (int)a->family - (int)b->family;
}

static void print_begin(FILE *out, const char *what, const struct image_service *s,
			const struct addr *addr, uint16_t port)
{
	bool v6 = addr_family(addr) == FAMILY_V6;
	char text[ADDR_TEXT_MAX];

	fprintf(out, "%s %s/%s%s%s %s %s%s%s:%u ", what, s->namespace, s->name,
		*s->port_name ? ":" : "", s->port_name, protocol_name(s->protocol), v6 ? "[" : "",
		addr_text(addr, text), v6 ? "]" : "", port);
}

static void print_frontend(FILE *out, const struct image_service *s,
			   const struct image_frontend *f)
{
	static const char *const kinds[] = {
		[SLUICE_FE_CLUSTER_IP] = "cluster-ip",
		[SLUICE_FE_LOAD_BALANCER] = "load-balancer",
		[SLUICE_FE_EXTERNAL] = "external",
		[SLUICE_FE_NODE_PORT] = "node-port",
		[SLUICE_FE_LOCALHOST] = "localhost",
	};
	uint32_t local = f->kind == SLUICE_FE_CLUSTER_IP ? SLUICE_SVC_INT_LOCAL :
							   SLUICE_SVC_EXT_LOCAL;

	print_begin(out, "frontend", s, &f->addr, f->port);
	fprintf(out, "%s %s\n", kinds[f->kind], s->flags & local ? "Local" : "Cluster");
}

/* Whether its connections stay with an endpoint, once a family. */
static void print_affinity(FILE *out, const struct image_service *s)
{
	if (s->flags & SLUICE_SVC_AFFINITY)
		fprintf(out, "affinity %s/%s%s%s %s %s ClientIP %us\n", s->namespace, s->name,
			*s->port_name ? ":" : "", s->port_name, protocol_name(s->protocol),
			family_name(s->family), s->affinity_sec);
}

static void print_range(FILE *out, const struct image_service *s, const struct cidr *range)
{
	char text[CIDR_TEXT_MAX];

	fprintf(out, "source %s/%s%s%s %s %s\n", s->namespace, s->name, *s->port_name ? ":" : "",
		s->port_name, protocol_name(s->protocol), cidr_text(range, text));
}

/* In which sets it is, and where. */
static void print_backend(FILE *out, const struct image_service *s, const struct image_backend *b)
{
	print_begin(out, "backend", s, &b->addr, b->port);
	fprintf(out, "%s%s%s", b->in_cluster ? "cluster" : "",
		b->in_cluster && b->in_local ? "," : "", b->in_local ? "local" : "");
	if (b->node_name)
		fprintf(out, " node %s", b->node_name);
	fprintf(out, "%s\n", b->host ? " host" : "");
}

int image_text_print(FILE *out, const struct image *image)
{
	size_t n = image->services.n;
	own(free) const struct image_service **sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = &image->services.at[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		vec_each(f, &sorted[i]->frontends)
			print_frontend(out, sorted[i], f);
		print_affinity(out, sorted[i]);
		vec_each(r, &sorted[i]->ranges)
			print_range(out, sorted[i], r);
		vec_each(b, &sorted[i]->backends)
			print_backend(out, sorted[i], b);
	}
	return 0;
}
