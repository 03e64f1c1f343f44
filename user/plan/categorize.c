/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which endpoints a node may use. The cluster set and the local set fall back to terminating
 * endpoints independently of each other: with ready endpoints elsewhere and only terminating
 * ones here, cluster traffic goes elsewhere while local traffic drains here.
 */
#include "plan/endpoints.h"

#include <string.h>

/* What hints ask for. They count only if every ready endpoint bears one: a controller that is
 * half done would otherwise send all traffic to the few that it has reached. */
enum topology {
	TOPOLOGY_ALL,
	TOPOLOGY_NODE,
	TOPOLOGY_ZONE,
};

static bool hints_name(const text_vec *hints, const char *what)
{
	if (!what || !*what)
		return false;
	vec_each(hint, hints)
		if (!strcmp(*hint, what))
			return true;
	return false;
}

static enum topology topology_find(const plan_endpoint_vec *eps, const struct endpoint_here *here)
{
	bool node_all = true, node_here = false;
	bool zone_all = true, zone_here = false;

	vec_each(ep, eps) {
		if (!ep->ready)
			continue;
		node_all &= ep->from->node_hints.n > 0;
		node_here |= hints_name(&ep->from->node_hints, here->node);
		zone_all &= ep->from->zone_hints.n > 0;
		zone_here |= hints_name(&ep->from->zone_hints, here->zone);
	}
	if (node_all && node_here)
		return TOPOLOGY_NODE;
	if (zone_all && zone_here)
		return TOPOLOGY_ZONE;
	return TOPOLOGY_ALL;
}

static bool topology_allows(enum topology t, const struct plan_endpoint *ep,
			    const struct endpoint_here *here)
{
	switch (t) {
	case TOPOLOGY_NODE:
		return hints_name(&ep->from->node_hints, here->node);
	case TOPOLOGY_ZONE:
		return hints_name(&ep->from->zone_hints, here->zone);
	case TOPOLOGY_ALL:
		break;
	}
	return true;
}

/* Still answers although it goes away: better than nothing. */
static bool endpoint_drains(const struct plan_endpoint *ep)
{
	return ep->serving && ep->terminating;
}

static void cluster_fill(plan_endpoint_vec *eps, const struct endpoint_here *here)
{
	enum topology t = topology_find(eps, here);
	bool found = false;

	vec_each(ep, eps) {
		ep->in_cluster = ep->ready && topology_allows(t, ep, here);
		found |= ep->in_cluster;
	}
	if (found)
		return;
	vec_each(ep, eps)
		ep->in_cluster = endpoint_drains(ep);
}

static void local_fill(plan_endpoint_vec *eps)
{
	bool found = false;

	vec_each(ep, eps) {
		ep->in_local = ep->local && ep->ready;
		found |= ep->in_local;
	}
	if (found)
		return;
	vec_each(ep, eps)
		ep->in_local = ep->local && endpoint_drains(ep);
}

bool endpoints_categorize(plan_endpoint_vec *eps, const struct endpoint_here *here,
			  bool uses_cluster, bool uses_local)
{
	bool any = false;

	vec_each(ep, eps) {
		ep->in_cluster = false;
		ep->in_local = false;
		any |= ep->ready || endpoint_drains(ep);
	}
	if (uses_cluster)
		cluster_fill(eps, here);
	if (uses_local)
		local_fill(eps);
	return any;
}
