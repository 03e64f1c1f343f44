/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A new slice: its name and its labels. */
#include <string.h>

#include "base/hash.h"
#include "cluster/slice_build.h"

static bool is_managed(const struct object *o, const char *by, const char *or_by)
{
	const char *manager = o->kind == KIND_SLICE ?
		labels_find(&o->meta->labels, LABEL_MANAGED_BY) : NULL;

	return manager && (!strcmp(manager, by) || !strcmp(manager, or_by));
}

bool slice_is_ours(const struct object *o)
{
	return is_managed(o, SLUICE_SLICE_MANAGER, SLUICE_MIRROR_MANAGER);
}

bool slice_is_of_cluster(const struct object *o)
{
	return is_managed(o, KUBE_SLICE_MANAGER, KUBE_MIRROR_MANAGER);
}

/* --- names and labels --------------------------------------------------------- */

/* Those that were made for this Service make room for those that are being made. */
static bool is_made_for(const struct slice_build *b, const struct object *o)
{
	const char *service = labels_find(&o->meta->labels, LABEL_SERVICE_NAME);

	return slice_is_ours(o) && service && !strcmp(service, b->service->meta->name);
}

static bool name_is_free(const struct slice_build *b, const char *name)
{
	const char *namespace = b->service->meta->namespace;
	const struct object *there = snapshot_find(b->snap, KIND_SLICE, namespace, name);

	if (there && !is_made_for(b, there))
		return false;
	for (size_t i = b->first; i < b->out->n; i++) {
		if (!strcmp(b->out->at[i]->meta->name, name))
			return false;
	}
	return true;
}

/*
 * <service>-<5 letters>, as the controller's names look, but from a hash of what tells this
 * slice from its Service's others. The alphabet is Kubernetes' own: it spells no words.
 */
static char *slice_name(const struct slice_build *b, uint64_t identity)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	const struct meta *m = b->service->meta;
	char tail[6] = "";
	char *name;

	identity = hash_text(hash_text(identity, m->namespace), m->name);
	for (;; identity++) {
		uint64_t h = hash_mix(identity);

		for (size_t i = 0; i < sizeof(tail) - 1; i++, h /= sizeof(letters) - 1)
			tail[i] = letters[h % (sizeof(letters) - 1)];
		if (asprintf(&name, "%s-%s", m->name, tail) < 0)
			return NULL;
		if (name_is_free(b, name))
			return name;
		free(name);
	}
}

static bool label_is_reserved(const char *key)
{
	return !strcmp(key, LABEL_SERVICE_NAME) || !strcmp(key, LABEL_MANAGED_BY) ||
	       !strcmp(key, LABEL_HEADLESS);
}

static int set_labels(const struct slice_build *b, struct meta *to)
{
	const struct service *s = &b->service->u.service;

	vec_each(l, b->labels) {
		if (!label_is_reserved(l->key) && labels_set(&to->labels, l->key, l->value) < 0)
			return -ENOMEM;
	}
	if (labels_set(&to->labels, LABEL_SERVICE_NAME, s->meta.name) < 0 ||
	    labels_set(&to->labels, LABEL_MANAGED_BY, b->manager) < 0)
		return -ENOMEM;
	if (s->headless && labels_set(&to->labels, LABEL_HEADLESS, "") < 0)
		return -ENOMEM;
	meta_sort_labels(to);
	return 0;
}

struct slice *slice_add(const struct slice_build *b, uint64_t identity)
{
	own(object_free) struct object *o = object_new(KIND_SLICE);

	if (!o)
		return NULL;
	o->u.slice.family = b->family;
	o->meta->name = slice_name(b, identity);
	o->meta->namespace = strdup(b->service->meta->namespace);
	if (!o->meta->name || !o->meta->namespace ||
	    set_labels(b, o->meta) < 0 || owner_add(o->meta, &b->owner) < 0 ||
	    vec_reserve(b->out, 1) < 0)
		return NULL;
	b->out->at[b->out->n++] = o;
	return &TAKE(o)->u.slice;
}
