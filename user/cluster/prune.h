/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* `apply --prune`: what is stored becomes what the files say. */
#pragma once

#include "cluster/cluster.h"
#include "model/selector.h"

/* What may be pruned at all; NULL: any. */
struct cluster_prune {
	const char *namespace;
	const struct selector *selector;
};

/*
 * Removes the objects that are none of @keep, which have their namespaces but need not be
 * valid yet. Slices that were made here follow their Services. To be done before what is kept
 * is applied, so that it can take what the pruned ones had.
 */
int cluster_prune(struct snapshot *snap, const struct cluster_config *cfg,
		  const struct cluster_prune *p, struct object *const *keep, size_t n,
		  cluster_change_vec *changes, struct err *reterr);
