/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What Kubernetes' mirroring controller does: people who maintain Endpoints by hand get slices of
 * them. Each subset becomes slices of its own, one run of them a family.
 */
#include <string.h>

#include "base/hash.h"
#include "cluster/slice_build.h"

/* Endpoints that are somebody's lock and name no endpoints. */
#define ANNOTATION_LEADER "control-plane.alpha.kubernetes.io/leader"
#define ANNOTATION_TRIGGER "endpoints.kubernetes.io/last-change-trigger-time"
#define ANNOTATION_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static bool wants_mirror(const struct meta *m)
{
	const char *skip = labels_find(&m->labels, LABEL_SKIP_MIRROR);

	return !(skip && !strcmp(skip, "true")) && !labels_find(&m->annotations, ANNOTATION_LEADER);
}

static int copy_annotations(struct meta *to, const struct meta *from)
{
	vec_each(a, &from->annotations) {
		if (strcmp(a->key, ANNOTATION_TRIGGER) && strcmp(a->key, ANNOTATION_APPLIED) &&
		    labels_set(&to->annotations, a->key, a->value) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Slices differ by ports and family; those of the same go on where the last is full. */
static uint64_t identity_of(const struct slice_build *b, const slice_port_vec *ports)
{
	uint64_t h = hash_bytes(HASH_INIT, &b->family, sizeof(b->family));

	vec_each(p, ports) {
		h = hash_text(h, p->name);
		h = hash_bytes(h, &p->protocol, sizeof(p->protocol));
		h = hash_bytes(h, &p->port, sizeof(p->port));
	}
	return h;
}

static struct slice *new_slice(struct slice_build *b, const struct endpoints *from,
			       const slice_port_vec *ports)
{
	struct slice *s = slice_add(b, identity_of(b, ports));

	if (!s || copy_annotations(&s->meta, &from->meta) < 0 || slice_ports_add(&s->ports, ports) < 0)
		return NULL;
	return s;
}

/* Adds those of @list that are of the family to *@slice, and to new ones when it is full. */
static int mirror_list(struct slice_build *b, const struct endpoints *from,
		       const slice_port_vec *ports, const endpoint_vec *list, bool ready,
		       struct slice **slice)
{
	struct addr a;

	vec_each(e, list) {
		endpoint_vec *to;

		if (addr_parse(e->addresses.at[0], &a) < 0 || addr_family(&a) != b->family)
			continue;
		if (!*slice || (*slice)->endpoints.n == SLICE_ENDPOINTS_MAX)
			*slice = new_slice(b, from, ports);
		if (!*slice || vec_reserve(&(*slice)->endpoints, 1) < 0)
			return -ENOMEM;
		to = &(*slice)->endpoints;
		if (endpoint_copy(&to->at[to->n++], e) < 0)
			return -ENOMEM;
		to->at[to->n - 1].ready = ready ? TRI_TRUE : TRI_FALSE;
	}
	return 0;
}

int slice_mirror(struct slice_build *b)
{
	const struct meta *m = b->service->meta;
	const struct object *o = snapshot_find(b->snap, KIND_ENDPOINTS, m->namespace, m->name);

	b->first = b->out->n;
	if (!o || !wants_mirror(o->meta))
		return 0;
	b->manager = SLUICE_MIRROR_MANAGER;
	b->labels = &o->meta->labels;
	b->owner = (struct owner){ "v1", "Endpoints", m->name, NULL, TRI_TRUE, TRI_TRUE };
	for (b->family = 0; b->family < FAMILY_COUNT; b->family++) {
		vec_each(s, &o->u.endpoints.subsets) {
			const struct endpoints *from = &o->u.endpoints;
			struct slice *slice = NULL;

			if (mirror_list(b, from, &s->ports, &s->ready, true, &slice) < 0 ||
			    mirror_list(b, from, &s->ports, &s->not_ready, false, &slice) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}
