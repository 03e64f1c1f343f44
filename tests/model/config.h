/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A configuration as the model sees it: Services and endpoints as plain fields, nothing derived.
 * It goes two ways: as YAML through the real code into the maps (apply.h), and through rules.h
 * into what the model expects.
 */
#pragma once

#include <stdio.h>

#include "model/random.h"
#include "support/scene.h"

#define CONFIG_SERVICES 4
#define CONFIG_PORTS 2
#define CONFIG_ENDPOINTS 5
#define CONFIG_SLICES 2
#define CONFIG_OUTSIDE 4
#define CONFIG_RANGES 9

/* A condition of an endpoint. */
enum tri {
	ABSENT,
	YES,
	NO,
};

/* nodeName. */
enum where {
	NOWHERE,		/* not given */
	HERE,
	ELSEWHERE,
};

/* Hints, as bits. */
#define HINT_HERE 1
#define HINT_ELSEWHERE 2

struct config_endpoint {
	const struct host *host;	/* whose address it has */
	enum tri ready, serving, terminating;
	enum where node;
	__u8 node_hints, zone_hints;
	__u8 slice;			/* in which of the slices */
};

struct config_port {
	__u8 proto;
	__u16 port;
	__u16 target[CONFIG_SLICES];	/* the endpoints' port, by slice */
	__u16 node_port;		/* 0: none */
};

enum config_type {
	TYPE_CLUSTER_IP,
	TYPE_NODE_PORT,
	TYPE_LOAD_BALANCER,
};

struct config_service {
	bool exists;
	bool others;			/* of another proxy: service-proxy-name */
	bool resets;			/* connections to endpoints that are gone */
	enum config_type type;
	bool family[2];			/* [v6] */
	bool external_local, internal_local;
	__u32 affinity_sec;		/* sessionAffinity ClientIP; 0: None */
	/* Bits by number of config_outside. */
	__u8 external_ips;
	__u8 vips;
	__u8 proxied_vips;		/* of the vips: ipMode Proxy */
	__u16 ranges;			/* bits by number of config_ranges */
	unsigned n_ports, n_endpoints;
	struct config_port ports[CONFIG_PORTS];
	struct config_endpoint endpoints[CONFIG_ENDPOINTS];
};

/* Who is a pod: --cluster-cidr. */
enum config_pods {
	PODS_BY_DEVICE,
	PODS_BY_CIDR,		/* by device too */
	PODS_NOBODY,
};

/* Where node ports answer: --node-port-addresses. */
enum config_node_ports {
	NODE_PORTS_PRIMARY,
	NODE_PORTS_SECOND,	/* the address towards up1 */
	NODE_PORTS_ALL,
};

/* What is for Services and nothing else: --service-cidr. */
enum config_cidr {
	CIDR_NONE,
	CIDR_CLUSTER,		/* where the cluster addresses are */
	CIDR_HOME,		/* a mistake: the network that this node lives in */
	CIDR_COUNT,
};

/* The first of few_ports: a client's own, too. */
#define CONFIG_FEW_MIN 61007

/* What is set for the node as a whole; the same for all of a case. */
struct config_node {
	bool no_echo;
	bool masquerade_all;
	bool localhost;			/* --localhost-node-ports */
	__u8 few_ports;			/* there are so many source ports; 0: enough */
	enum config_pods pods;
	enum config_cidr cidr[2];	/* [v6] */
	enum config_node_ports node_ports;
};

struct config {
	struct config_node node;
	bool zone;			/* this node has a zone */
	struct config_service services[CONFIG_SERVICES];
};

/* Addresses that a Service may have beside its cluster address. */
extern const struct host *const config_outside[CONFIG_OUTSIDE];

struct config_range {
	const char *text;
	bool v6;
	__u8 bits;
	struct sluice_addr base;
};
extern const struct config_range config_ranges[CONFIG_RANGES];

/* The cluster's pods, in each family. */
extern const struct config_range config_pod_range[2];

/* The prefixes of each enum config_cidr but CIDR_NONE, in each family. */
extern const struct config_range config_cidrs[CIDR_COUNT][2];

/* Nobody's addresses in these: one that a gateway leads to, one that nothing does, a neighbour. */
extern const struct host unallocated, unrouted, neighbour;

/* The cluster address of Service number @i. */
struct sluice_addr config_cluster_ip(unsigned i, bool v6);

/* The name of a Service's port; "" for who has only one. */
const char *config_port_name(unsigned service, unsigned port);

/* Something of everything, and a small change of @c. */
void config_random(struct config *c, struct random *r);
void config_change(struct config *c, struct random *r);

/* What `kubectl get -o yaml` would say of it. */
void config_yaml(const struct config *c, FILE *out);
