/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * `apply`: every object is prepared beside the snapshot, all Services get what they need
 * together, the slices follow, and only then does the snapshot change, in one step.
 */
#include <stdio.h>

#include "cluster/alloc_ip.h"
#include "cluster/alloc_port.h"
#include "cluster/balance.h"
#include "cluster/change.h"
#include "cluster/config.h"
#include "cluster/endpoints.h"
#include "cluster/endpoints_show.h"
#include "cluster/equal.h"
#include "cluster/stage.h"
#include "model/refuse.h"

static const struct service *old_service(const struct staged *s)
{
	return s->old ? &s->old->u.service : NULL;
}

static bool wants_service(const struct staged *s)
{
	return s->now->kind == KIND_SERVICE && !s->refused;
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

static int keep_own(const staged_vec *staged, struct ip_alloc *ips, struct port_alloc *ports)
{
	vec_each(s, staged) {
		if (wants_service(s) && s->old &&
		    (ip_alloc_keep(ips, &s->now->u.service, old_service(s)) < 0 ||
		     port_alloc_keep(ports, &s->now->u.service, old_service(s)) < 0))
			return -ENOMEM;
	}
	return 0;
}

static int request(struct staged *s, struct ip_alloc *ips, struct port_alloc *ports,
		   struct faults *faults)
{
	struct refuse why;
	struct err e;

	refuse_begin(&why, s->now);
	if (ip_alloc_request(ips, &why, old_service(s)) < 0 ||
	    port_alloc_request(ports, &why, old_service(s)) < 0)
		return -ENOMEM;
	return refuse_end(&why, err_clear(&e)) ? staged_refuse(s, faults, e.text) : 0;
}

/* The pool is empty, which is the Service's fault only as the last one that came. */
static int refuse_unfilled(struct staged *s, struct faults *faults, const char *why)
{
	const struct object *o = s->now;
	char text[ERR_TEXT_MAX], place[OBJECT_PLACE_MAX] = "";

	if (o->file)
		object_place(o, place);
	snprintf(text, sizeof(text), "%s%sService \"%s\": %s", place, *place ? ": " : "",
		 o->meta->name, why);
	return staged_refuse(s, faults, text);
}

static int fill(struct staged *s, struct ip_alloc *ips, struct port_alloc *ports,
		struct faults *faults)
{
	struct err e;
	int r = ip_alloc_fill(ips, &s->now->u.service, err_clear(&e)) ?:
		port_alloc_fill(ports, &s->now->u.service, &e);

	return r == -ENOSPC ? refuse_unfilled(s, faults, e.text) : r;
}

/* Kept before requested before chosen; see alloc_ip.h. */
static int allocate_staged(staged_vec *staged, struct ip_alloc *ips, struct port_alloc *ports,
			   struct faults *faults)
{
	int r = keep_own(staged, ips, ports);

	vec_each(s, staged) {
		if (!r && wants_service(s))
			r = request(s, ips, ports, faults);
	}
	vec_each(s, staged) {
		if (!r && wants_service(s))
			r = fill(s, ips, ports, faults);
	}
	return r;
}

/* 0 or -ENOMEM. */
static int allocate(const struct snapshot *snap, const struct cluster_config *cfg,
		    staged_vec *staged, struct faults *faults)
{
	own(ip_alloc_done) struct ip_alloc ips;
	own(port_alloc_done) struct port_alloc ports;

	ip_alloc_init(&ips, cfg);
	port_alloc_init(&ports, cfg);
	return keep_others(snap, staged, &ips, &ports) ?:
	       allocate_staged(staged, &ips, &ports, faults);
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

/* Endpoints that are made for a Service with a selector are not stored, whatever is given. */
static int drop_made_endpoints(struct edit *e, const cluster_change_vec *changes)
{
	object_vec none = { 0 }, dels = { 0 };
	int r = 0;

	vec_each(c, changes) {
		if (!r && c->kind == KIND_ENDPOINTS &&
		    endpoints_are_made(&e->view, c->namespace, c->name))
			r = vec_push(&dels, snapshot_find(&e->view, c->kind, c->namespace, c->name));
	}
	edit_sort(&dels);
	r = r ?: edit_change(e, &none, &dels);
	vec_done(&dels);
	return r;
}

/*
 * What a controller makes may not be what was given: of a slice that is only the name, if that, of
 * Endpoints nothing. @changes is in the order of @staged.
 */
static void review_made(const struct snapshot *before, const struct snapshot *after,
			const staged_vec *staged, cluster_change_vec *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct cluster_change *c = &changes->at[i];
		const struct object *old = staged->at[i].old, *now;

		if (c->kind == KIND_ENDPOINTS && endpoints_are_made(after, c->namespace, c->name))
			c->change = endpoints_are_made(before, c->namespace, c->name) ? CHANGE_NONE :
				    old ? CHANGE_CONFIGURED : CHANGE_CREATED;
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
	    edit_change(&e, &puts, NULL) < 0 || drop_made_endpoints(&e, &mine) < 0 ||
	    balance(&e, cfg) < 0 || endpoints_sync(&e) < 0)
		return -ENOMEM;
	review_made(snap, &e.view, staged, &mine);
	if (changes_move(changes, &mine) < 0)
		return -ENOMEM;
	edit_commit(&e, snap);
	return 0;
}

int cluster_apply_input(struct snapshot *snap, const struct cluster_config *cfg,
			const struct cluster_input *in, cluster_change_vec *changes,
			struct err *reterr)
{
	own(faults_done) struct faults faults = { 0 };
	own(staged_done) staged_vec staged = { 0 };
	int r = cluster_config_check(cfg, reterr);

	if (r)
		return r;
	if ((in->faults && faults_copy(&faults, in->faults) < 0) ||
	    stage_all(snap, in, &staged, &faults) < 0 ||
	    allocate(snap, cfg, &staged, &faults) < 0)
		return err_nomem(reterr);
	r = faults_end(&faults, reterr);
	if (!r && apply_staged(snap, cfg, &staged, changes) < 0)
		r = err_nomem(reterr);
	return r;
}

int cluster_apply(struct snapshot *snap, const struct cluster_config *cfg,
		  struct object *const *objects, size_t n, cluster_change_vec *changes,
		  struct err *reterr)
{
	const struct cluster_input in = { .objects = objects, .n = n };

	return cluster_apply_input(snap, cfg, &in, changes, reterr);
}
