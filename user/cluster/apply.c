/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `apply`: every object is prepared beside the snapshot, all Services get what they need
 * together, the slices follow, and only then does the snapshot change, in one step.
 */
#include <string.h>

#include "cluster/alloc_ip.h"
#include "cluster/alloc_port.h"
#include "cluster/balance.h"
#include "cluster/change.h"
#include "cluster/config.h"
#include "cluster/endpoints.h"
#include "cluster/equal.h"
#include "cluster/service.h"

/* An object that is being applied. */
struct staged {
	struct object *now;		/* owned, until it is moved into the edit */
	const struct object *old;	/* in the snapshot, or NULL */
	bool ready;			/* @now is what was given */
	bool changed;			/* it differs from @old */
};

/* All of them, in the order in which they were given. */
typedef struct {
	struct staged *at;
	size_t n;
	size_t cap;
	struct staged **sorted;		/* the same in the snapshot's order, once all are there */
} staged_vec;

static void staged_done(staged_vec *v)
{
	vec_each(s, v)
		object_free(s->now);
	vec_done(v);
	free(v->sorted);
}
DEFINE_OWN_DONE(staged_vec, staged_done)

static const struct service *old_service(const struct staged *s)
{
	return s->old ? &s->old->u.service : NULL;
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

static const struct object *old_object(const struct snapshot *snap, const struct object *o)
{
	const struct meta *m = o->meta;

	return m->name && m->namespace ? snapshot_find(snap, o->kind, m->namespace, m->name) : NULL;
}

/* A copy of @given with all that it needs. */
static int stage_copy(const struct snapshot *snap, const struct object *given,
		      const struct object **ret_old, struct object **ret, struct err *reterr)
{
	own(object_free) struct object *o = object_copy(given);
	int r = o ? object_default(o, reterr) : err_nomem(reterr);

	if (r < 0)
		return r;
	*ret_old = old_object(snap, o);
	r = prepare(o, *ret_old, reterr);
	if (r < 0)
		return r;
	*ret = TAKE(o);
	return 0;
}

static int stage(const struct snapshot *snap, struct object *given, staged_vec *staged,
		 struct err *reterr)
{
	own(object_free) struct object *o = NULL;
	const struct object *old = old_object(snap, given);
	bool ready = is_ready(given, old);
	int r;

	if (ready) {
		o = object_share(given);
		r = check(o, old, reterr);
	} else {
		r = stage_copy(snap, given, &old, &o, reterr);
	}
	if (r < 0)
		return r;
	if (vec_reserve(staged, 1) < 0)
		return err_nomem(reterr);
	staged->at[staged->n++] = (struct staged){ .now = TAKE(o), .old = old, .ready = ready };
	return 0;
}

/* --- all of them -------------------------------------------------------------- */

static void place_text(const struct object *o, char *buf, size_t size)
{
	if (o->file)
		snprintf(buf, size, "%s:%u", o->file, o->line);
	else
		snprintf(buf, size, "the input");
}

static int refuse_given_twice(const staged_vec *staged, const struct object *a,
			      const struct object *b, struct err *reterr)
{
	const struct staged *s = staged->at;
	char first[200], second[200];

	while (s->now != a && s->now != b)
		s++;
	place_text(s->now, first, sizeof(first));
	place_text(s->now == a ? b : a, second, sizeof(second));
	return err_set(reterr, EEXIST, "%s: %s \"%s\"%s%s%s is given twice, first at %s", second,
		       kind_infos[a->kind].kind, a->meta->name,
		       *a->meta->namespace ? " in namespace \"" : "", a->meta->namespace,
		       *a->meta->namespace ? "\"" : "", first);
}

static int staged_cmp(const void *a, const void *b)
{
	return object_cmp((*(struct staged *const *)a)->now, (*(struct staged *const *)b)->now);
}

/* Two of one name are refused. */
static int sort_staged(staged_vec *staged, struct err *reterr)
{
	struct staged **sorted = calloc(staged->n ? staged->n : 1, sizeof(*sorted));

	if (!sorted)
		return err_nomem(reterr);
	staged->sorted = sorted;
	for (size_t i = 0; i < staged->n; i++)
		sorted[i] = &staged->at[i];
	qsort(sorted, staged->n, sizeof(*sorted), staged_cmp);
	for (size_t i = 1; i < staged->n; i++) {
		if (!staged_cmp(&sorted[i - 1], &sorted[i]))
			return refuse_given_twice(staged, sorted[i - 1]->now, sorted[i]->now,
						  reterr);
	}
	return 0;
}

/* What the Services that are not being applied have stays theirs. */
static int keep_others(const struct snapshot *snap, const staged_vec *staged, struct ip_alloc *ips,
		       struct port_alloc *ports)
{
	size_t n, at = 0;
	struct object **services = snapshot_kind(snap, KIND_SERVICE, &n);

	for (size_t i = 0; i < n; i++) {
		const struct service *s = &services[i]->u.service;

		while (at < staged->n && object_cmp(staged->sorted[at]->now, services[i]) < 0)
			at++;
		if (at < staged->n && !object_cmp(staged->sorted[at]->now, services[i]))
			continue;
		if (ip_alloc_keep(ips, s, s) < 0 || port_alloc_keep(ports, s, s) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Kept before requested before chosen; see alloc_ip.h. */
static int allocate_staged(staged_vec *staged, struct ip_alloc *ips, struct port_alloc *ports,
			   struct err *reterr)
{
	int r = 0;

	vec_each(s, staged) {
		if (s->now->kind == KIND_SERVICE && s->old &&
		    (ip_alloc_keep(ips, &s->now->u.service, old_service(s)) < 0 ||
		     port_alloc_keep(ports, &s->now->u.service, old_service(s)) < 0))
			return err_nomem(reterr);
	}
	vec_each(s, staged) {
		if (!r && s->now->kind == KIND_SERVICE)
			r = ip_alloc_request(ips, s->now, old_service(s), reterr) ?:
			    port_alloc_request(ports, s->now, old_service(s), reterr);
	}
	vec_each(s, staged) {
		if (!r && s->now->kind == KIND_SERVICE)
			r = ip_alloc_fill(ips, &s->now->u.service, reterr) ?:
			    port_alloc_fill(ports, s->now, reterr);
	}
	return r;
}

static int allocate(const struct snapshot *snap, const struct cluster_config *cfg,
		    staged_vec *staged, struct err *reterr)
{
	own(ip_alloc_done) struct ip_alloc ips;
	own(port_alloc_done) struct port_alloc ports;
	int r;

	ip_alloc_init(&ips, cfg);
	port_alloc_init(&ports, cfg);
	r = sort_staged(staged, reterr);
	if (!r && keep_others(snap, staged, &ips, &ports) < 0)
		r = err_nomem(reterr);
	if (!r)
		r = allocate_staged(staged, &ips, &ports, reterr);
	return r;
}

/* What differs from the snapshot, sorted; the rest stays in @staged and goes with it. */
static int take_changed(staged_vec *staged, object_vec *puts, cluster_change_vec *changes)
{
	if (vec_reserve(puts, staged->n) < 0)
		return -ENOMEM;
	vec_each(s, staged) {
		enum change c = !s->old ? CHANGE_CREATED :
				s->ready || object_equal(s->old, s->now) ? CHANGE_NONE :
				CHANGE_CONFIGURED;

		s->changed = c != CHANGE_NONE;
		if (changes_add(changes, s->now, c) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < staged->n; i++) {
		struct staged *s = staged->sorted[i];

		if (s->changed)
			puts->at[puts->n++] = TAKE(s->now);
	}
	return 0;
}

/*
 * A slice may not be what was given: of one that a controller makes, what is given is only its
 * name, if that. @changes is in the order of @staged.
 */
static void review_slices(const struct snapshot *after, const staged_vec *staged,
			  cluster_change_vec *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct cluster_change *c = &changes->at[i];
		const struct object *old = staged->at[i].old, *now;

		if (c->kind != KIND_SLICE)
			continue;
		now = snapshot_find(after, c->kind, c->namespace, c->name);
		if (!old || !now)
			c->change = now ? CHANGE_CREATED : old ? CHANGE_DELETED : CHANGE_NONE;
		else
			c->change = object_equal(old, now) ? CHANGE_NONE : CHANGE_CONFIGURED;
	}
}

static int apply_staged(struct snapshot *snap, const struct cluster_config *cfg,
			staged_vec *staged, cluster_change_vec *changes)
{
	own(cluster_changes_done) cluster_change_vec mine = { 0 };
	own(objects_done) object_vec puts = { 0 };
	own(edit_done) struct edit e = { 0 };

	if (edit_init(&e, snap) < 0 || take_changed(staged, &puts, &mine) < 0 ||
	    edit_change(&e, &puts, NULL) < 0 || balance(&e, cfg) < 0 ||
	    endpoints_sync(&e) < 0)
		return -ENOMEM;
	review_slices(&e.view, staged, &mine);
	if (changes_move(changes, &mine) < 0)
		return -ENOMEM;
	edit_commit(&e, snap);
	return 0;
}

/* Every object that is refused is named, as far as there is room; other failures end it. */
static int stage_all(const struct snapshot *snap, struct object *const *objects, size_t n,
		     staged_vec *staged, struct err *reterr)
{
	size_t left_out = 0;
	struct err all = { 0 };
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct err e;
		int one = stage(snap, objects[i], staged, err_clear(&e));

		if (one == -ENOMEM)
			return err_nomem(reterr);
		if (one < 0 && !r)
			all = e;
		else if (one < 0 && (left_out || !err_append(&all, &e)))
			left_out++;
		r = r ?: one;
	}
	if (!r)
		return 0;
	if (!left_out)
		return err_set(reterr, all.code, "%s", all.text);
	return err_set(reterr, all.code, "%.*s\nand %zu more objects", ERR_TEXT_MAX - 64, all.text,
		       left_out);
}

int cluster_apply(struct snapshot *snap, const struct cluster_config *cfg,
		  struct object *const *objects, size_t n, cluster_change_vec *changes,
		  struct err *reterr)
{
	own(staged_done) staged_vec staged = { 0 };
	int r = cluster_config_check(cfg, reterr);

	if (!r)
		r = stage_all(snap, objects, n, &staged, reterr);
	if (!r)
		r = allocate(snap, cfg, &staged, reterr);
	if (!r && apply_staged(snap, cfg, &staged, changes) < 0)
		r = err_nomem(reterr);
	return r;
}
