/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Hints for Services with topology-mode Auto: every zone gets a part of the endpoints that is in
 * proportion to the processors of its nodes, its own endpoints first (the algorithm of
 * Kubernetes' topologycache).
 */
#pragma once

#include "cluster/slice_build.h"

/* Whether the annotation asks for it. It stands above trafficDistribution. */
bool topology_is_auto(const struct meta *service);

/*
 * Gives the ready endpoints of slices[0..n) their zones, all of them or, where there are too few
 * endpoints, zones or facts about the nodes, none. 0 or -ENOMEM.
 */
int topology_hint(const struct snapshot *snap, struct object **slices, size_t n);
