/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/stage.h"

#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "cluster/equal.h"
#include "cluster/service.h"
#include "model/refuse.h"

void staged_done(staged_vec *v)
{
	vec_each(s, v)
		object_free(s->now);
	vec_done(v);
	free(v->sorted);
}

/* --- one object --------------------------------------------------------------- */

/* uid and creation time are the store's to give; what a manifest says of them is ignored. */
static int keep_identity(struct object *now, const struct object *old)
{
	char *uid = old && old->meta->uid ? strdup(old->meta->uid) : NULL;

	if (old && old->meta->uid && !uid)
		return -ENOMEM;
	free(now->meta->uid);
	now->meta->uid = uid;
	now->meta->created = old ? old->meta->created : 0;
	return 0;
}

static bool slice_type_differs(const struct slice *a, const struct slice *b)
{
	return a->family != b->family || a->fqdn != b->fqdn;
}

/* All that is wrong with it, and with how it differs from @old. */
static int check(const struct object *now, const struct object *old, struct err *reterr)
{
	struct refuse why;

	refuse_begin(&why, now);
	if (old && now->kind == KIND_SERVICE)
		service_check_update(&why, &old->u.service);
	if (old && now->kind == KIND_SLICE && slice_type_differs(&now->u.slice, &old->u.slice))
		refuse_text(&why, now->u.slice.fqdn ? "FQDN" : family_name(now->u.slice.family),
			    "field is immutable", "addressType");
	object_check(&why);
	return refuse_end(&why, reterr);
}

/*
 * Whether @given needs nothing that would change it: it is new, or does not differ. Of most Pods
 * of most manifests there is then no copy.
 */
static bool is_ready(const struct object *given, const struct object *old)
{
	if (!given->defaulted || given->kind == KIND_SERVICE)
		return false;
	return old ? object_equal(old, given) : !given->meta->uid && !given->meta->created;
}

/* Brings @o from what was given to all that does not need an allocator. */
static int prepare(struct object *o, const struct object *old, struct err *reterr)
{
	struct service *s = o->kind == KIND_SERVICE ? &o->u.service : NULL;
	const struct service *was = s && old ? &old->u.service : NULL;
	int r;

	if (was && service_keep(s, was) < 0)
		return err_nomem(reterr);
	r = check(o, old, reterr);
	if (r < 0)
		return r;
	if ((s && service_settle_families(s, was) < 0) || keep_identity(o, old) < 0)
		return err_nomem(reterr);
	return 0;
}

int staged_refuse(struct staged *s, struct faults *faults, const char *text)
{
	s->refused = true;
	return faults_add(faults, s->now->source, s->now->line, text);
}

static const struct object *old_object(const struct snapshot *snap, const struct object *o)
{
	const struct meta *m = o->meta;

	return m->name && m->namespace ? snapshot_find(snap, o->kind, m->namespace, m->name) : NULL;
}

/* Gives @s, a copy, all that it needs. */
static int stage_copy(const struct snapshot *snap, struct staged *s, struct err *reterr)
{
	if (object_default(s->now, reterr) < 0)
		return -ENOMEM;
	s->old = old_object(snap, s->now);
	return prepare(s->now, s->old, reterr);
}

/* Of one that is broken nothing is known but its name, if that. */
static int stage(const struct snapshot *snap, struct staged *s, struct faults *faults)
{
	struct err e;
	int r;

	s->refused = s->now->broken;
	if (s->refused)
		return 0;
	err_clear(&e);
	r = s->ready ? check(s->now, s->old, &e) : stage_copy(snap, s, &e);
	return r == -EINVAL ? staged_refuse(s, faults, e.text) : r;
}

/* --- all of them -------------------------------------------------------------- */

static int refuse_twice_given(struct staged *again, const struct staged *first,
			      struct faults *faults)
{
	const struct object *o = again->now;
	const char *namespace = o->meta->namespace ? o->meta->namespace : "";
	char here[OBJECT_PLACE_MAX], there[OBJECT_PLACE_MAX];
	char name[QUOTE_MAX], within[QUOTE_MAX], text[1024];

	snprintf(text, sizeof(text), "%s: %s %s%s%s is given twice, first at %s",
		 object_place(o, here), kind_infos[o->kind].kind, quote(o->meta->name, name),
		 *namespace ? " in namespace " : "", *namespace ? quote(namespace, within) : "",
		 object_place(first->now, there));
	return staged_refuse(again, faults, text);
}

/* Those of one name stay in the order in which they were given. */
static int staged_cmp(const void *va, const void *vb)
{
	const struct staged *a = *(struct staged *const *)va, *b = *(struct staged *const *)vb;
	int order = object_cmp(a->now, b->now);

	return order ? order : a < b ? -1 : a > b;
}

static int sort_staged(staged_vec *staged)
{
	staged->sorted = calloc(staged->n ? staged->n : 1, sizeof(*staged->sorted));
	if (!staged->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < staged->n; i++)
		staged->sorted[i] = &staged->at[i];
	qsort(staged->sorted, staged->n, sizeof(*staged->sorted), staged_cmp);
	return 0;
}

/* Of those of one name all but the first; without a name they are refused already. */
static int refuse_twins(staged_vec *staged, struct faults *faults)
{
	const struct staged *first = NULL;
	int r = 0;

	for (size_t i = 0; !r && i < staged->n; i++) {
		struct staged *s = staged->sorted[i];
		const char *name = s->now->meta->name;

		if (first && name && *name && !object_cmp(first->now, s->now))
			r = refuse_twice_given(s, first, faults);
		else
			first = s;
	}
	return r;
}

int stage_all(const struct snapshot *snap, const struct cluster_input *in, staged_vec *staged,
	      struct faults *faults)
{
	int r = vec_reserve(staged, in->n);

	for (size_t i = 0; !r && i < in->n; i++) {
		struct staged *s = &staged->at[staged->n];

		*s = (struct staged){ .old = old_object(snap, in->objects[i]) };
		s->ready = in->objects[i]->broken || is_ready(in->objects[i], s->old);
		s->now = s->ready ? object_share(in->objects[i]) : object_copy(in->objects[i]);
		if (!s->now)
			return -ENOMEM;
		staged->n++;
		r = stage(snap, s, faults);
	}
	return r ?: sort_staged(staged) ?: refuse_twins(staged, faults);
}
