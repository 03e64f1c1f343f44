/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses for LoadBalancers out of the pools: the lowest free one of each family of a Service.
 * What a manifest's status says stays as it is; a Service is left alone if any of its addresses is
 * of no pool.
 */
#pragma once

#include "cluster/cluster.h"
#include "cluster/edit.h"

/* cluster_balance() on an edit. 0 or -ENOMEM. */
int balance(struct edit *e, const struct cluster_config *cfg);
