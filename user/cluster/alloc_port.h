/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Node ports and health check node ports: one pool of numbers for all protocols. Two Services
 * cannot hold the same number, not even for different protocols; one Service can.
 * Order as in alloc_ip.h: keep, request, fill.
 */
#pragma once

#include "cluster/cluster.h"
#include "cluster/pool.h"
#include "model/refuse.h"

struct port_alloc {
	const struct cluster_config *cfg;
	struct pool pool;
};

void port_alloc_init(struct port_alloc *a, const struct cluster_config *cfg);
void port_alloc_done(struct port_alloc *a);
DEFINE_OWN_DONE(struct port_alloc, port_alloc_done)

/* As ip_alloc_keep(), ip_alloc_request() and ip_alloc_fill(). */
int port_alloc_keep(struct port_alloc *a, const struct service *now, const struct service *old);
int port_alloc_request(struct port_alloc *a, struct refuse *r, const struct service *old);
int port_alloc_fill(struct port_alloc *a, struct service *s, struct err *reterr);
