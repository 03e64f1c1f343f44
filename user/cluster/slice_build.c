/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/slice_build.h"

#include <string.h>

#include "base/hash.h"
#include "cluster/topology.h"

/* --- one endpoint ------------------------------------------------------------- */

static int copy_text(const char *from, char **ret)
{
	if (!from || !*from)
		return 0;
	*ret = strdup(from);
	return *ret ? 0 : -ENOMEM;
}

static enum tristate tri(bool v)
{
	return v ? TRI_TRUE : TRI_FALSE;
}

static const char *zone_of(const struct slice_build *b, const struct pod *p)
{
	const struct object *node = p->node_name ?
		snapshot_find(b->snap, KIND_NODE, "", p->node_name) : NULL;

	return node ? labels_find(&node->meta->labels, LABEL_ZONE) : NULL;
}

static int set_hints(struct endpoint *e, const struct service *s)
{
	const char *want = s->traffic_distribution;

	if (!want || e->ready != TRI_TRUE || topology_is_auto(&s->meta))
		return 0;
	if (e->zone && texts_push(&e->zone_hints, e->zone) < 0)
		return -ENOMEM;
	if (!strcmp(want, "PreferSameNode") && e->node_name)
		return texts_push(&e->node_hints, e->node_name);
	return 0;
}

/* @e may be left half built: it is in its slice, which is freed. */
static int fill_endpoint(const struct slice_build *b, const struct candidate *c,
			 struct endpoint *e)
{
	const struct service *s = &b->service->u.service;
	const struct pod *p = c->pod;
	bool terminating = p->meta.deleted != 0;
	bool named = p->hostname && p->subdomain && !strcmp(p->subdomain, s->meta.name);
	char text[ADDR_TEXT_MAX];

	e->serving = tri(p->ready);
	e->terminating = tri(terminating);
	e->ready = tri(s->publish_not_ready || (p->ready && !terminating));
	if (texts_push(&e->addresses, addr_text(&c->addr, text)) < 0 ||
	    copy_text(named ? p->hostname : NULL, &e->hostname) < 0 ||
	    copy_text(p->node_name, &e->node_name) < 0 ||
	    copy_text(zone_of(b, p), &e->zone) < 0 ||
	    copy_text("Pod", &e->target_kind) < 0 ||
	    copy_text(p->meta.namespace, &e->target_namespace) < 0 ||
	    copy_text(p->meta.name, &e->target_name) < 0)
		return -ENOMEM;
	return set_hints(e, s);
}

/* --- one slice ---------------------------------------------------------------- */

/* A port that these pods do not have (number 0) is left out. */
static int set_ports(struct slice *slice, const struct service *s, const uint16_t *numbers)
{
	for (size_t i = 0; i < s->ports.n; i++) {
		const struct service_port *from = &s->ports.at[i];
		struct slice_port *to;

		if (!numbers[i])
			continue;
		if (vec_push(&slice->ports, (struct slice_port){ .protocol = from->protocol,
								 .port = numbers[i] }) < 0)
			return -ENOMEM;
		to = &slice->ports.at[slice->ports.n - 1];
		to->name = strdup(from->name ? from->name : "");
		if (!to->name || copy_text(from->app_protocol, &to->app_protocol) < 0)
			return -ENOMEM;
	}
	return 0;
}

static uint64_t family_identity(const struct slice_build *b)
{
	return hash_bytes(HASH_INIT, &b->family, sizeof(b->family));
}

/* One slice of candidates first to first + n, which have the same numbers. */
static int slice_of(const struct slice_build *b, size_t first, size_t n, size_t chunk)
{
	const struct candidates *c = &b->c;
	const uint16_t *numbers = candidate_numbers(c, first);
	uint64_t identity = family_identity(b);
	struct slice *slice;

	if (c->n_ports)
		identity = hash_bytes(identity, numbers, c->n_ports * sizeof(*numbers));
	slice = slice_add(b, hash_bytes(identity, &chunk, sizeof(chunk)));
	if (!slice || set_ports(slice, &b->service->u.service, numbers) < 0 ||
	    vec_reserve(&slice->endpoints, n) < 0)
		return -ENOMEM;
	for (size_t i = first; i < first + n; i++) {
		struct endpoint *e = &slice->endpoints.at[slice->endpoints.n++];

		*e = (struct endpoint){ 0 };
		if (fill_endpoint(b, &c->list.at[i], e) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Groups of the same numbers, each cut into slices. */
static int slices_of(const struct slice_build *b)
{
	const struct candidates *c = &b->c;
	size_t group = 0, n;

	for (size_t first = 0; first < c->list.n; first += n) {
		if (!candidates_same(c, group, first))
			group = first;
		for (n = 1; n < SLICE_ENDPOINTS_MAX && first + n < c->list.n; n++) {
			if (!candidates_same(c, group, first + n))
				break;
		}
		if (slice_of(b, first, n, (first - group) / SLICE_ENDPOINTS_MAX) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int slices_of_family(struct slice_build *b, const pod_vec *pods)
{
	const struct service *s = &b->service->u.service;
	size_t first = b->out->n;

	if (candidates_find(&b->c, s, b->family, pods) < 0)
		return -ENOMEM;
	/* The placeholder tells "no endpoints" from "nobody looked yet". */
	if (!b->c.list.n)
		return slice_add(b, family_identity(b)) ? 0 : -ENOMEM;
	if (slices_of(b) < 0)
		return -ENOMEM;
	if (!topology_is_auto(&s->meta))
		return 0;
	if (b->out->n == first)
		return 0;
	return topology_hint(b->snap, b->out->at + first, b->out->n - first);
}

int slice_build(struct slice_build *b, const pod_vec *pods)
{
	const struct service *s = &b->service->u.service;
	int r = 0;

	b->first = b->out->n;
	b->manager = SLUICE_SLICE_MANAGER;
	b->labels = &s->meta.labels;
	b->owner = (struct owner){ "v1", "Service", s->meta.name, NULL, TRI_TRUE, TRI_TRUE };
	vec_each(family, &s->ip_families) {
		b->family = *family;
		if (!r)
			r = slices_of_family(b, pods);
	}
	candidates_done(&b->c);
	return r;
}
