/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The rules of Kubernetes Services for one node, straight from the description of kube-proxy's
 * behaviour. Section numbers are those of that description: 2.1 endpoints, 2.3 reject and drop,
 * 2.4 masquerade, 2.5 short-circuit, 2.6 node ports, 2.7 source ranges.
 *
 * Slow and plain: nothing is kept, everything is worked out from the configuration each time.
 */
#pragma once

#include "model/config.h"
#include "sluice/service.h"

#define THIS_NODE "node-1"
#define THIS_ZONE "zone-a"

/* Who sent a packet, as seen by the hook that meets it. */
enum sender {
	SENDER_OUTSIDE,
	SENDER_POD,		/* of this node */
	SENDER_NODE,		/* a process of this node */
};

/* A service port in one family. */
struct rule_port {
	unsigned service;
	unsigned port;
	bool v6;
};

struct rule_front {
	struct sluice_addr addr;
	__u16 port;
	__u8 proto;
	enum sluice_frontend_kind kind;
	struct rule_port of;
};

#define RULE_FRONTS_MAX (CONFIG_SERVICES * CONFIG_PORTS * 2 * (2 * CONFIG_OUTSIDE + 4))

struct rule_fronts {
	unsigned n;
	struct rule_front at[RULE_FRONTS_MAX];
};

struct rule_backend {
	struct sluice_addr addr;
	__u16 port;
};

struct rule_set {
	unsigned n;
	struct rule_backend at[CONFIG_ENDPOINTS];
};

struct rule_sets {
	struct rule_set cluster;
	struct rule_set local;
	bool any;		/* a usable endpoint exists somewhere */
};

bool rule_same_addr(const struct sluice_addr *a, const struct sluice_addr *b, bool v6);

/* An address of this node: 2.7, and whether an endpoint is a socket of the node. */
bool rule_is_node(const struct sluice_addr *a, bool v6);

/* 2.6: whether node ports answer at an address of this node. */
bool rule_has_node_ports(const struct config *c, const struct host *h);

/* Everything that can be dialled, each once. */
void rule_fronts(const struct config *c, struct rule_fronts *ret);
const struct rule_front *rule_front_find(const struct rule_fronts *f, const struct sluice_addr *addr,
					 __u16 port, __u8 proto, bool v6);

/*
 * Who may speak for an address of Services at a port that it has not (2.3), or for an echo request:
 * of its service ports those that serve clients from outside, else those with a usable endpoint
 * somewhere, else all. Cluster addresses and VIPs that they are dialled at, but those of this node.
 * Returns how many.
 */
#define RULE_SPEAKERS_MAX (CONFIG_SERVICES * CONFIG_PORTS)
unsigned rule_speakers(const struct config *c, const struct rule_fronts *f,
		       const struct sluice_addr *addr, bool v6,
		       struct rule_front ret[RULE_SPEAKERS_MAX]);

/* 2.3: the address belongs to Services, whether one of them has it or not. */
bool rule_is_for_services(const struct config *c, const struct sluice_addr *a, bool v6);

void rule_sets(const struct config *c, const struct rule_port *p, struct rule_sets *ret);

/* Who the sender of a packet is for the two rules below, which ask for pods. */
enum sender rule_client(const struct config *c, enum sender from, const struct sluice_addr *a,
			bool v6);

/* Which set a new connection of @from to a frontend uses, and whether it is masqueraded. */
bool rule_uses_local(const struct config *c, const struct rule_front *f, enum sender from);
bool rule_masquerades(const struct config *c, const struct rule_front *f, enum sender from);

/* Whether loadBalancerSourceRanges keep the client out. */
bool rule_refuses(const struct config *c, const struct rule_front *f,
		  const struct sluice_addr *client);
