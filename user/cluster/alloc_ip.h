/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Cluster addresses: one pool a family. Addresses that a Service has already are kept first,
 * then those that are asked for are taken, then the rest is chosen; so that what is chosen
 * at random never takes what another object of the same apply asks for.
 */
#pragma once

#include "cluster/cluster.h"
#include "cluster/pool.h"
#include "model/refuse.h"

struct ip_pool {
	struct cidr cidr;
	struct addr first;	/* number 0: the one after the network's own */
	struct pool pool;
};

struct ip_alloc {
	const struct cluster_config *cfg;
	struct ip_pool pools[FAMILY_COUNT];
};

/* @cfg is checked and outlives @a. */
void ip_alloc_init(struct ip_alloc *a, const struct cluster_config *cfg);
void ip_alloc_done(struct ip_alloc *a);
DEFINE_OWN_DONE(struct ip_alloc, ip_alloc_done)

/*
 * Takes the addresses of @now that @old has too. Never refuses: an address allocated from an
 * earlier range stays with its Service. 0 or -ENOMEM.
 */
int ip_alloc_keep(struct ip_alloc *a, const struct service *now, const struct service *old);

/*
 * Takes the addresses of @r's Service that @old (may be NULL) does not have; those that it cannot
 * have are refused. 0 or -ENOMEM.
 */
int ip_alloc_request(struct ip_alloc *a, struct refuse *r, const struct service *old);

/* Gives @s an address for each of its families that has none yet. 0, -ENOSPC or -ENOMEM. */
int ip_alloc_fill(struct ip_alloc *a, struct service *s, struct err *reterr);
