/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A small cluster for tests of plan/: objects made with one line each, and the image as text.
 */
#pragma once

#include "plan/image.h"

struct world {
	struct snapshot snap;
	struct node_facts facts;	/* name is "here" */
	struct image img;
	char warnings[8192];		/* one a line */
	size_t n_warnings;
};

/* Node "here" with 192.168.0.2 and 2001:db8::1, node ports on both. */
void world_init(struct world *w);
void world_done(struct world *w);
DEFINE_OWN_DONE(struct world, world_done)

/* In namespace "default". @ips: NULL or up to two, separated by a comma. */
struct service *world_service(struct world *w, const char *name, const char *ips);
struct service_port *service_port_add(struct service *s, const char *name, uint16_t port);

/* Slice @name of service @service. */
struct slice *world_slice(struct world *w, const char *name, const char *service,
			  enum family family);
struct slice_port *slice_port_add(struct slice *s, const char *name, uint16_t port);
/* Valid until the next one is added. @node may be NULL. */
struct endpoint *slice_endpoint_add(struct slice *s, const char *ip, const char *node);

/* The world begins with "web": port http 80, endpoints 10.1.0.1 here and 10.1.0.2 there. */
struct service *world_web(struct world *w);
void ingress_add(struct service *s, const char *ip, const char *hostname, bool proxy);

struct node *world_node(struct world *w, const char *name, const char *zone);

void texts_add(text_vec *texts, const char *text);
void facts_addr_add(struct world *w, const char *ip, bool node_port);

/*
 * Makes the image and returns it as text, sorted by service name, port name, protocol, family:
 *	web/http TCP IPv4 any ext-local
 *	 10.0.0.1:80 cluster
 *	 < 192.0.2.0/24
 *	 > 10.1.0.1:8080 CL host
 * The caller frees it.
 */
char *world_image(struct world *w);

/*
 * Of the last image, who speaks for which address, sorted like services:
 *	10.96.0.1 web/http
 * The caller frees it.
 */
char *world_addresses(const struct world *w);

/* The image is exactly @text. */
void world_expect(struct world *w, const char *text);
