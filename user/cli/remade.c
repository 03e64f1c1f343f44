/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/remade.h"

#include <stdio.h>
#include <string.h>

#include "cli/say.h"
#include "cluster/slice_build.h"

void made_done(made_vec *v)
{
	vec_each(m, v) {
		free(m->namespace);
		free(m->name);
		free(m->service);
	}
	vec_done(v);
}

/* The Service that a controller made it for; NULL: nobody made it. */
static const char *made_for(const struct object *o, const struct snapshot *stored)
{
	if (o->kind == KIND_SLICE && slice_is_ours(o))
		return labels_find(&o->meta->labels, LABEL_SERVICE_NAME);
	if (o->kind == KIND_ENDPOINTS &&
	    snapshot_find(stored, o->kind, o->meta->namespace, o->meta->name) != o)
		return o->meta->name;
	return NULL;
}

int made_add(made_vec *v, const struct object *o, const struct snapshot *stored)
{
	const char *service = made_for(o, stored);
	struct made m;

	if (!service)
		return 0;
	m = (struct made){ .kind = o->kind, .namespace = strdup(o->meta->namespace),
			   .name = strdup(o->meta->name), .service = strdup(service) };
	if (m.namespace && m.name && m.service && !vec_push(v, m))
		return 0;
	free(m.namespace);
	free(m.name);
	free(m.service);
	return -ENOMEM;
}

/* Whether the Service is there and has such objects, now that this one was deleted. */
static bool is_remade(const struct made *m, const struct snapshot *snap,
		      const struct slices *slices)
{
	const struct object *s = snapshot_find(snap, KIND_SERVICE, m->namespace, m->service);
	struct object **of;
	size_t n;

	if (!s || m->kind == KIND_ENDPOINTS)
		return s;
	of = slices_find(slices, s, &n);
	for (size_t i = 0; i < n; i++) {
		if (slice_is_ours(of[i]))
			return true;
	}
	return false;
}

int remade_find(struct remade *ret, const struct snapshot *snap, const made_vec *made)
{
	own(slices_done) struct slices slices = { 0 };

	ret->n = 0;
	if (!made->n)
		return 0;
	if (slices_init(&slices, snap) < 0)
		return -ENOMEM;
	vec_each(m, made) {
		if (is_remade(m, snap, &slices) && !ret->n++)
			snprintf(ret->first, sizeof(ret->first), "%s \"%s\"",
				 kind_infos[m->kind].singular, m->name);
	}
	return 0;
}

void remade_say(const struct remade *r)
{
	char many[40];

	snprintf(many, sizeof(many), "%zu of these", r->n);
	if (r->n)
		say_warning("%s %s made for a Service, and %s made anew: delete the Service, or "
			    "the Pods or Endpoints behind it, instead",
			    r->n == 1 ? r->first : many, r->n == 1 ? "is" : "are",
			    r->n == 1 ? "was" : "were");
}
