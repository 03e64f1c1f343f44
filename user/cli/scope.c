/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/scope.h"

#include <string.h>

#include "cli/say.h"
#include "cluster/cluster.h"

void scope_done(struct scope *s)
{
	selector_done(&s->selector);
}

void found_done(found_vec *found)
{
	vec_done(found);
}

int scope_parse(const struct scope_opts *o, struct scope *ret, struct err *reterr)
{
	ret->namespace = o->all_namespaces ? NULL : o->namespace ?: NAMESPACE_DEFAULT;
	return o->labels ? selector_parse(o->labels, &ret->selector, reterr) : 0;
}

int scope_show(const resource_vec *resources, struct snapshot *snap, struct err *reterr)
{
	vec_each(res, resources) {
		if (res->kind == KIND_ENDPOINTS)
			return cluster_show_endpoints(snap, reterr);
	}
	return 0;
}

int scope_load(struct store *store, const resource_vec *resources, struct snapshot *ret,
	       struct err *reterr)
{
	bool kinds[KIND_COUNT] = { 0 };

	/* Pods may be many times what else there is. */
	vec_each(res, resources)
		kinds[res->kind] = true;
	/* What Endpoints are made of. */
	if (kinds[KIND_ENDPOINTS])
		kinds[KIND_SERVICE] = kinds[KIND_SLICE] = true;
	return (resources->n ? store_load_kinds(store, kinds, ret, reterr)
			     : store_load(store, ret, reterr))
		?: scope_show(resources, ret, reterr);
}

/* @name of @len bytes: how its name begins; NULL: any. */
static bool scope_has(const struct scope *s, const struct object *o, const char *name, size_t len)
{
	if (name && strncmp(o->meta->name, name, len))
		return false;
	if (s->namespace && kind_infos[o->kind].namespaced &&
	    strcmp(o->meta->namespace, s->namespace))
		return false;
	return selector_matches(&s->selector, &o->meta->labels);
}

/* Appends; returns how many or -ENOMEM. @whole: the NUL behind the name counts, too. */
static int find_one(const struct scope *s, const struct snapshot *snap, const struct resource *res,
		    bool whole, found_vec *ret)
{
	size_t n_all, len = res->name ? strlen(res->name) + whole : 0;
	struct object **all = snapshot_kind(snap, res->kind, &n_all);
	int n = 0;

	for (size_t i = 0; i < n_all; i++) {
		if (!scope_has(s, all[i], res->name, len))
			continue;
		if (vec_push(ret, all[i]))
			return -ENOMEM;
		n++;
	}
	return n;
}

int scope_find(const struct scope *s, const struct snapshot *snap, const resource_vec *resources,
	       found_vec *ret, bool *ret_missing, struct err *reterr)
{
	vec_each(res, resources) {
		int n = find_one(s, snap, res, true, ret);

		if (n == 0 && res->name && s->prefixes)
			n = find_one(s, snap, res, false, ret);
		if (n < 0)
			return err_nomem(reterr);
		if (n == 0 && res->name && ret_missing) {
			say_not_found(res->kind, res->name);
			*ret_missing = true;
		}
	}
	return 0;
}

int scope_find_objects(const struct snapshot *snap, const object_vec *objects, found_vec *ret,
		       bool *ret_missing, struct err *reterr)
{
	vec_each(at, objects) {
		const struct object *o = *at;
		const char *ns = kind_infos[o->kind].namespaced ? o->meta->namespace : "";
		const char *name = o->meta->name ?: "";
		struct object *there = snapshot_find(snap, o->kind, ns, name);

		if (there && vec_push(ret, there))
			return err_nomem(reterr);
		if (!there && ret_missing) {
			say_not_found(o->kind, name);
			*ret_missing = true;
		}
	}
	return 0;
}

void scope_say_none(const struct scope *s, const resource_vec *resources)
{
	bool namespaced = false;

	vec_each(res, resources)
		namespaced |= kind_infos[res->kind].namespaced;
	if (namespaced && s->namespace)
		fprintf(stderr, "No resources found in %s namespace.\n", s->namespace);
	else
		fputs("No resources found\n", stderr);
}
