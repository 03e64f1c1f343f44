/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/topology.h"

#include <strings.h>
#include <string.h>

#define ANNOTATION_HINTS "service.kubernetes.io/topology-aware-hints"
/* A zone may carry so much more than its share: 20 percent. */
#define OVERLOAD 0.2

struct zone {
	const char *name;	/* borrowed from a Node */
	double cpu;
	double desired;		/* endpoints */
	double lacks;		/* desired less what it has */
	bool gives;		/* had too many at first; the others take */
	int moves;		/* how many it still gives, or takes */
};

typedef VEC(struct zone) zone_vec;

bool topology_is_auto(const struct meta *service)
{
	const char *mode = labels_find(&service->annotations, ANNOTATION_HINTS);

	if (!mode)
		mode = labels_find(&service->annotations, ANNOTATION_TOPOLOGY_MODE);
	return mode && !strcasecmp(mode, "auto");
}

static struct zone *zone_find(const zone_vec *zones, const char *name)
{
	vec_each(z, zones) {
		if (!strcmp(z->name, name))
			return z;
	}
	return NULL;
}

/* --- the nodes ------------------------------------------------------------------ */

static bool node_counts(const struct node *n)
{
	return n->ready != TRI_FALSE &&
	       !labels_find(&n->meta.labels, "node-role.kubernetes.io/control-plane") &&
	       !labels_find(&n->meta.labels, "node-role.kubernetes.io/master");
}

/* No zones if one node does not say enough of itself. */
static int zones_of_nodes(const struct snapshot *snap, zone_vec *ret)
{
	size_t n;
	struct object **nodes = snapshot_kind(snap, KIND_NODE, &n);

	for (size_t i = 0; i < n; i++) {
		const struct node *node = &nodes[i]->u.node;
		const char *name = labels_find(&node->meta.labels, LABEL_ZONE);
		struct zone *z;

		if (!node_counts(node))
			continue;
		if (!name || !*name || !node->cpu_milli) {
			ret->n = 0;
			return 0;
		}
		z = zone_find(ret, name);
		if (z)
			z->cpu += node->cpu_milli;
		else if (vec_push(ret, (struct zone){ .name = name, .cpu = node->cpu_milli }) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- shares --------------------------------------------------------------------- */

static int round_up(double v)
{
	int whole = (int)v;

	return whole + (v > whole);
}

/* False if there are too few endpoints for every zone to have what it needs at least. */
static bool zones_share(zone_vec *zones, int endpoints)
{
	int left = endpoints;
	double cpu = 0;

	if (zones->n < 2 || zones->n > (size_t)endpoints)
		return false;
	vec_each(z, zones)
		cpu += z->cpu;
	vec_each(z, zones) {
		double desired = z->cpu / cpu * endpoints;
		int least = round_up(desired / (1 + OVERLOAD));

		z->desired = desired > least ? desired : least;
		z->lacks = z->desired;
		left -= least;
	}
	return left >= 0;
}

/* The one of those that give that has most too much, or of those that take that lacks most. */
static struct zone *zone_most(const zone_vec *zones, bool gives)
{
	struct zone *most = NULL;

	vec_each(z, zones) {
		if (z->gives == gives &&
		    (!most || (gives ? z->lacks < most->lacks : z->lacks > most->lacks)))
			most = z;
	}
	return most;
}

/* How many endpoints each zone gives or takes: whole ones, while that makes it better. */
static void zones_balance(zone_vec *zones)
{
	vec_each(z, zones)
		z->gives = z->lacks < 0;
	for (;;) {
		struct zone *to = zone_most(zones, false), *from = zone_most(zones, true);

		if (!to || !from || (to->lacks < 1 && -from->lacks < 1) || to->lacks < 0.5 ||
		    -from->lacks < 0.5)
			return;
		to->lacks--;
		to->moves++;
		from->lacks++;
		from->moves++;
	}
}

static struct zone *zone_that_takes(const zone_vec *zones)
{
	vec_each(z, zones) {
		if (!z->gives && z->moves)
			return z;
	}
	return NULL;
}

/* --- endpoints ------------------------------------------------------------------ */

typedef VEC(struct endpoint *) endpoint_ref_vec;

/* The ready endpoints, borrowed; none at all if one of them has no zone. */
static int collect(struct object **slices, size_t n, endpoint_ref_vec *ret)
{
	for (size_t i = 0; i < n; i++) {
		vec_each(e, &slices[i]->u.slice.endpoints) {
			if (e->ready != TRI_TRUE)
				continue;
			if (!e->zone) {
				ret->n = 0;
				return 0;
			}
			if (vec_push(ret, e) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

static int hint_all(const endpoint_ref_vec *endpoints, zone_vec *zones)
{
	vec_each(e, endpoints) {
		struct zone *z = zone_find(zones, (*e)->zone);

		if (z)
			z->lacks--;
	}
	zones_balance(zones);
	vec_each(e, endpoints) {
		struct zone *from = zone_find(zones, (*e)->zone);
		struct zone *to = from && from->gives && from->moves ? zone_that_takes(zones)
								     : NULL;

		if (to) {
			from->moves--;
			to->moves--;
		}
		if (texts_push(&(*e)->zone_hints, to ? to->name : (*e)->zone) < 0)
			return -ENOMEM;
	}
	return 0;
}

int topology_hint(const struct snapshot *snap, struct object **slices, size_t n)
{
	endpoint_ref_vec endpoints = { 0 };
	zone_vec zones = { 0 };
	int r = zones_of_nodes(snap, &zones) ?: collect(slices, n, &endpoints);

	if (!r && zones_share(&zones, (int)endpoints.n))
		r = hint_all(&endpoints, &zones);
	vec_done(&endpoints);
	vec_done(&zones);
	return r;
}
