/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "daemon/closure.h"

#include <string.h>

#include "cluster/equal.h"
#include "cluster/topology.h"
#include "daemon/settings.h"
#include "store/term.h"

/* Beyond this, reading all in order is as good. */
#define READS_MAX 8192
#define FOUND_MAX 4096
#define SERVICES_MAX 4096

static int too_much(struct err *reterr)
{
	return err_set(reterr, E2BIG, "too many objects for a part of them");
}

int closure_init(struct closure *c, struct store *store, const char *node, struct err *reterr)
{
	struct cluster_config cfg;
	int r = settings_load(store, &cfg, reterr);

	if (r)
		return r;
	*c = (struct closure){ .store = store, .pools = cfg.n_lb_pools };
	return closure_add(c, KIND_NODE, "", node, NULL, reterr);
}

void closure_done(struct closure *c)
{
	snapshot_done(&c->snap);
	object_keys_done(&c->services);
}

/* --- reading ---------------------------------------------------------------------- */

static int read_one(struct closure *c, enum kind kind, const char *namespace, const char *name,
		    struct object **ret, struct err *reterr)
{
	if (++c->reads > READS_MAX)
		return too_much(reterr);
	return store_read(c->store, kind, namespace, name, ret, reterr);
}

/* Takes @o in any case. */
static int put(struct closure *c, struct object *o, struct err *reterr)
{
	if (!snapshot_put(&c->snap, o))
		return 0;
	object_free(o);
	return err_nomem(reterr);
}

/* The object in the snapshot, read if it is not there yet; NULL if it is not stored either. */
static int need(struct closure *c, enum kind kind, const char *namespace, const char *name,
		const struct object **ret, struct err *reterr)
{
	struct object *o = snapshot_find(&c->snap, kind, namespace, name);
	int r = 0;

	if (!o) {
		r = read_one(c, kind, namespace, name, &o, reterr);
		if (!r && o)
			r = put(c, o, reterr);
	}
	if (!r && ret)
		*ret = o;
	return r;
}

static int find(struct closure *c, uint64_t term, object_key_vec *ret, struct err *reterr)
{
	size_t before = ret->n;
	int r = store_find(c->store, term, FOUND_MAX + 1, ret, reterr);

	return !r && ret->n - before > FOUND_MAX ? too_much(reterr) : r;
}

/* --- Services --------------------------------------------------------------------- */

static bool has_service(const struct closure *c, const char *namespace, const char *name)
{
	vec_each(k, &c->services)
		if (!strcmp(k->name, name) && !strcmp(k->namespace, namespace))
			return true;
	return false;
}

static int add_service(struct closure *c, const char *namespace, const char *name,
		       struct err *reterr)
{
	struct object_key key = { .kind = KIND_SERVICE };

	if (has_service(c, namespace, name))
		return 0;
	if (c->services.n >= SERVICES_MAX)
		return too_much(reterr);
	key.namespace = strdup(namespace);
	key.name = strdup(name);
	if (key.namespace && key.name && !vec_push(&c->services, key))
		return 0;
	free(key.namespace);
	free(key.name);
	return err_nomem(reterr);
}

/*
 * The Service whose endpoints the slice has, and those that own it: it goes when the last of them
 * does. These need not be the same.
 */
static int add_services_of(struct closure *c, const struct object *slice, struct err *reterr)
{
	const char *service = labels_find(&slice->meta->labels, LABEL_SERVICE_NAME);
	int r = service ? add_service(c, slice->meta->namespace, service, reterr) : 0;

	vec_each(o, &slice->meta->owners) {
		if (!r && owner_is_service(o))
			r = add_service(c, slice->meta->namespace, o->name, reterr);
	}
	return r;
}

static int add_slices(struct closure *c, const struct object_key *service, struct err *reterr)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	int r = find(c, term_slice_of(service->namespace, service->name), &keys, reterr);

	vec_each(k, &keys) {
		const struct object *o = NULL;

		/* Whoever read it added its Services, and there may be many of both. */
		if (r || snapshot_find(&c->snap, k->kind, k->namespace, k->name))
			continue;
		r = need(c, k->kind, k->namespace, k->name, &o, reterr);
		if (!r && o)
			r = add_services_of(c, o, reterr);
	}
	return r;
}

/* The keys of Pods that may match: those with the rarest of the labels. */
static int pods_find(struct closure *c, const struct service *s, object_key_vec *ret,
		     struct err *reterr)
{
	bool first = true;

	vec_each(l, &s->selector) {
		own(object_keys_done) object_key_vec keys = { 0 };
		int r = store_find(c->store, term_pod(s->meta.namespace, l->key, l->value),
				   FOUND_MAX + 1, &keys, reterr);

		if (r)
			return r;
		if (first || keys.n < ret->n) {
			object_key_vec other = *ret;

			*ret = keys;
			keys = other;
		}
		first = false;
	}
	/* The empty selector takes every Pod of the namespace. */
	return first || ret->n > FOUND_MAX ? too_much(reterr) : 0;
}

/* Keeps the Pod, and its Node for the zone, if the Service selects it. */
static int add_pod(struct closure *c, const struct service *s, const struct object_key *k,
		   struct err *reterr)
{
	struct object *o = NULL;
	int r;

	if (k->kind != KIND_POD || snapshot_find(&c->snap, k->kind, k->namespace, k->name))
		return 0;
	r = read_one(c, k->kind, k->namespace, k->name, &o, reterr);
	if (r || !o)
		return r;
	if (strcmp(o->meta->namespace, s->meta.namespace) ||
	    !labels_match(&s->selector, &o->meta->labels)) {
		object_free(o);
		return 0;
	}
	r = put(c, o, reterr);
	if (!r && o->u.pod.node_name)
		r = need(c, KIND_NODE, "", o->u.pod.node_name, NULL, reterr);
	return r;
}

static int add_pods(struct closure *c, const struct service *s, struct err *reterr)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	int r;

	if (!s->has_selector)
		return 0;
	r = pods_find(c, s, &keys, reterr);
	vec_each(k, &keys)
		if (!r)
			r = add_pod(c, s, k, reterr);
	return r;
}

/* Not so if all Nodes have a say in its hints, or all Services in what a pool has to give. */
static int service_is_apart(const struct closure *c, const struct service *s, struct err *reterr)
{
	if (topology_is_auto(&s->meta))
		return too_much(reterr);
	if (c->pools && s->type == SERVICE_LOAD_BALANCER &&
	    s->lb_ingress.n < s->ip_families.n)
		return too_much(reterr);
	return 0;
}

int closure_complete(struct closure *c, struct err *reterr)
{
	int r = 0;

	for (; !r && c->next < c->services.n; c->next++) {
		const struct object_key k = c->services.at[c->next];
		const struct object *o = NULL;

		r = add_slices(c, &k, reterr);
		if (!r)	/* of the same name: mirrored to slices */
			r = need(c, KIND_ENDPOINTS, k.namespace, k.name, NULL, reterr);
		if (!r)
			r = need(c, KIND_SERVICE, k.namespace, k.name, &o, reterr);
		if (!r && o)
			r = service_is_apart(c, &o->u.service, reterr)
			     ?: add_pods(c, &o->u.service, reterr);
	}
	return r;
}

/* --- what hangs on an object ------------------------------------------------------ */

/* The Services of one term whose selector takes these labels. */
static int add_selecting(struct closure *c, const struct meta *pod, uint64_t term,
			 struct err *reterr)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	int r = find(c, term, &keys, reterr);

	vec_each(k, &keys) {
		struct object *o = NULL;

		if (r || has_service(c, k->namespace, k->name))
			continue;
		r = read_one(c, KIND_SERVICE, k->namespace, k->name, &o, reterr);
		if (!r && o && !strcmp(k->namespace, pod->namespace) &&
		    labels_match(&o->u.service.selector, &pod->labels))
			r = add_service(c, k->namespace, k->name, reterr);
		object_free(o);
	}
	return r;
}

static int hang_pod(struct closure *c, const struct object *o, struct err *reterr)
{
	const struct meta *m = o->meta;
	int r = add_selecting(c, m, term_selector(m->namespace, "", ""), reterr);

	vec_each(l, &m->labels)
		if (!r)
			r = add_selecting(c, m, term_selector(m->namespace, l->key, l->value),
					  reterr);
	if (!r && o->u.pod.node_name)
		r = need(c, KIND_NODE, "", o->u.pod.node_name, NULL, reterr);
	return r;
}

/* Its Service, and the one whose generated slices may be called like it: SERVICE-xxxxx. */
static int hang_slice(struct closure *c, const struct object *o, struct err *reterr)
{
	const char *dash = strrchr(o->meta->name, '-');
	own(free) char *stem = dash ? strndup(o->meta->name, dash - o->meta->name) : NULL;
	int r = 0;

	if (dash && !stem)
		return err_nomem(reterr);
	if (stem)
		r = add_service(c, o->meta->namespace, stem, reterr);
	return r ?: add_services_of(c, o, reterr);
}

static int hang(struct closure *c, const struct object *o, struct err *reterr)
{
	switch (o->kind) {
	case KIND_SERVICE:
		return add_service(c, o->meta->namespace, o->meta->name, reterr);
	case KIND_SLICE:
		return hang_slice(c, o, reterr);
	case KIND_POD:
		return hang_pod(c, o, reterr);
	case KIND_ENDPOINTS:
		return add_service(c, o->meta->namespace, o->meta->name, reterr);
	case KIND_NODE:
		return 0;	/* closure_check() looks whether it changed */
	default:
		return too_much(reterr);
	}
}

/* A LoadBalancer may ask a pool for an address, or leave one for others that wait. */
static int pools_are_apart(struct closure *c, const char *namespace, const char *name,
			   const struct object *now, struct err *reterr)
{
	own(object_free) struct object *old = NULL;
	int r = read_one(c, KIND_SERVICE, namespace, name, &old, reterr);

	if (!r && ((old && old->u.service.type == SERVICE_LOAD_BALANCER) ||
		   (now && now->u.service.type == SERVICE_LOAD_BALANCER)))
		r = too_much(reterr);
	return r;
}

int closure_add(struct closure *c, enum kind kind, const char *namespace, const char *name,
		const struct object *now, struct err *reterr)
{
	const struct object *old = NULL;
	int r = 0;

	/* A Service comes in when it is completed, never without what belongs to it. */
	if (kind == KIND_SERVICE) {
		if (c->pools)
			r = pools_are_apart(c, namespace, name, now, reterr);
		if (!r)
			r = add_service(c, namespace, name, reterr);
		if (!r && now)
			r = service_is_apart(c, &now->u.service, reterr)
			     ?: add_pods(c, &now->u.service, reterr);
		return r;
	}
	r = need(c, kind, namespace, name, &old, reterr);
	if (!r && old)
		r = hang(c, old, reterr);
	return r || !now ? r : hang(c, now, reterr);
}

/* --- was it closed? --------------------------------------------------------------- */

static int add_rivals(struct closure *c, uint64_t term, struct err *reterr)
{
	own(object_keys_done) object_key_vec keys = { 0 };
	int r = find(c, term, &keys, reterr);

	vec_each(k, &keys)
		if (!r && k->kind == KIND_SERVICE)
			r = add_service(c, k->namespace, k->name, reterr);
	return r;
}

static int add_rivals_at(struct closure *c, const struct service *s, const struct addr *ip,
			 struct err *reterr)
{
	int r = add_rivals(c, term_cluster_ip(ip), reterr);

	vec_each(p, &s->ports)
		if (!r)
			r = add_rivals(c, term_external_port(ip, p->protocol, p->port), reterr);
	return r;
}

/* Whoever holds, or wants, an address or a port that this one has. */
static int service_rivals(struct closure *c, const struct service *s, struct err *reterr)
{
	own(addrs_done) addr_vec addrs = { 0 };
	struct addr ip;
	int r = service_external_addrs(s, &addrs) ? err_nomem(reterr) : 0;

	vec_each(text, &s->cluster_ips)
		if (!r && !addr_parse(*text, &ip))
			r = add_rivals_at(c, s, &ip, reterr);
	vec_each(external, &addrs)
		if (!r)
			r = add_rivals_at(c, s, external, reterr);
	/* One of those that share a VIP speaks for it (plan/address.h). */
	vec_each(in, &s->lb_ingress)
		if (!r && in->ip && !in->proxy && !addr_parse(in->ip, &ip))
			r = add_rivals(c, term_external(&ip), reterr);
	vec_each(p, &s->ports)
		if (!r && p->node_port)
			r = add_rivals(c, term_node_port(p->node_port), reterr);
	if (!r && s->health_check_node_port)
		r = add_rivals(c, term_node_port(s->health_check_node_port), reterr);
	return r;
}

static int rivals_of_all(struct closure *c, const struct snapshot *snap, struct err *reterr)
{
	size_t n;
	struct object **services = snapshot_kind(snap, KIND_SERVICE, &n);
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = service_rivals(c, &services[i]->u.service, reterr);
	return r;
}

/* A slice that is made anew may meet one of that name that nobody thought of. */
static int check_new(struct closure *c, const struct object *o, bool *ret_closed,
		     struct err *reterr)
{
	const struct object *there = NULL;
	int r;

	if (o->kind == KIND_SERVICE)
		return 0;	/* looked for by its name when it was completed */
	r = need(c, o->kind, o->meta->namespace, o->meta->name, &there, reterr);
	if (r || !there)
		return r;
	*ret_closed = false;
	return hang(c, there, reterr);
}

/* A Node gives its zone to any endpoint. */
static bool nodes_changed(const struct snapshot *a, const struct snapshot *b)
{
	size_t n_a, n_b;
	struct object **in_a = snapshot_kind(a, KIND_NODE, &n_a);
	struct object **in_b = snapshot_kind(b, KIND_NODE, &n_b);

	if (n_a != n_b)
		return true;
	for (size_t i = 0; i < n_a; i++)
		if (!object_equal(in_a[i], in_b[i]))
			return true;
	return false;
}

int closure_check(struct closure *c, const struct snapshot *after, bool *ret_closed,
		  struct err *reterr)
{
	size_t services = c->services.n;
	bool closed = true;
	int r = rivals_of_all(c, &c->snap, reterr) ?: rivals_of_all(c, after, reterr);

	if (!r && nodes_changed(&c->snap, after))
		r = too_much(reterr);
	vec_each(at, &after->objects) {
		const struct meta *m = (*at)->meta;

		if (!r && !snapshot_find(&c->snap, (*at)->kind, m->namespace, m->name))
			r = check_new(c, *at, &closed, reterr);
	}
	*ret_closed = closed && c->services.n == services;
	return r;
}
