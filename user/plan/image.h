/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The image: everything the maps must hold for this node, by name and not by row number.
 * A pure function of (snapshot, node facts): every policy rule that is not per packet lives
 * here, and it can be tested without root.
 */
#pragma once

#include "model/snapshot.h"
#include "sluice/service.h"

/* What is known of this node when the image is made. */
struct node_facts {
	const char *name;		/* may be NULL: then no endpoint is local by name */
	addr_vec addrs;			/* every address of this host: an endpoint that has one
					 * of these is a host socket */
	addr_vec node_port_addrs;	/* where node ports answer: the primary address
					 * of each family by default */
	bool localhost_node_ports;	/* and 127.0.0.1 for this host's processes */
	cidr_vec pod_cidrs;		/* of this node, from its Node object */
	cidr_vec service_cidrs;		/* what the operator gave to Services and nothing else: at
					 * most one of each family */
};

/* 127.0.0.1, which has node ports if the facts say so. */
extern const struct addr image_localhost;

void node_facts_done(struct node_facts *f);
DEFINE_OWN_DONE(struct node_facts, node_facts_done)

/* A service port in one family: the owner of frontends and backends. */
struct image_backend {
	struct addr addr;
	uint16_t port;
	bool host;		/* address of this node */
	bool in_cluster;	/* member of the cluster set, of the local set, or both */
	bool in_local;
	const char *node_name;	/* for people; may be NULL; borrowed from the snapshot */
};

struct image_frontend {
	struct addr addr;
	uint16_t port;
	enum sluice_frontend_kind kind;
};

struct image_service {
	uint64_t id[2];			/* from the fields below: see image_service_id() */
	enum family family;
	const char *namespace;		/* borrowed from the snapshot */
	const char *name;
	const char *port_name;
	enum protocol protocol;
	uint16_t port;
	uint32_t flags;			/* SLUICE_SVC_*, without _USED */
	bool reset;			/* connections to endpoints that are gone: SLUICE_BE_RESET */
	uint32_t affinity_sec;		/* with SLUICE_SVC_AFFINITY; else 0 */
	VEC(struct image_frontend) frontends;	/* sorted by addr, port */
	VEC(struct image_frontend) addrs;	/* cluster addresses and VIPs for which this one
						 * speaks of all that share them; port 0; sorted */
	cidr_vec ranges;		/* who may dial the load-balancer VIPs, with
					 * SLUICE_SVC_RANGES; sorted by base, bits; unique */
	VEC(struct image_backend) backends;	/* sorted by addr, port; unique */
};

struct image {
	VEC(struct image_service) services;	/* sorted by id */
	cidr_vec ranges;			/* the facts' service_cidrs */
};

void image_done(struct image *img);
DEFINE_OWN_DONE(struct image, image_done)

void image_service_id(struct image_service *s);

/*
 * Makes the image. Two Services that claim the same frontend: the older one (created, then
 * namespace/name) keeps it, and @warn tells. The image borrows from @snap.
 */
typedef void image_warn_fn(void *arg, const char *text);
int image_make(const struct snapshot *snap, const struct node_facts *facts,
	       image_warn_fn *warn, void *warn_arg, struct image *ret, struct err *reterr);
