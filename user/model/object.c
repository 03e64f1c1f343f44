/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One type over the kinds: what is the same for all is here, the rest is a switch away.
 */
#include "model/object.h"

#include <stddef.h>
#include <string.h>

#include "base/shared.h"
#include "model/kinds.h"

const struct kind_info kind_infos[KIND_COUNT] = {
	[KIND_SERVICE] = {
		.kind = "Service", .api_version = "v1",
		.singular = "service", .plural = "services",
		.printed = "service", .short_name = "svc", .namespaced = true,
	},
	[KIND_SLICE] = {
		.kind = "EndpointSlice", .api_version = "discovery.k8s.io/v1",
		.singular = "endpointslice", .plural = "endpointslices",
		.printed = "endpointslice.discovery.k8s.io", .namespaced = true,
	},
	[KIND_ENDPOINTS] = {
		.kind = "Endpoints", .api_version = "v1",
		.singular = "endpoints", .plural = "endpoints",
		.printed = "endpoints", .short_name = "ep", .namespaced = true,
	},
	[KIND_POD] = {
		.kind = "Pod", .api_version = "v1",
		.singular = "pod", .plural = "pods",
		.printed = "pod", .short_name = "po", .namespaced = true,
	},
	[KIND_NODE] = {
		.kind = "Node", .api_version = "v1",
		.singular = "node", .plural = "nodes",
		.printed = "node", .short_name = "no", .namespaced = false,
	},
};

static size_t kind_size(enum kind kind)
{
	switch (kind) {
	case KIND_SERVICE:
		return sizeof(struct service);
	case KIND_SLICE:
		return sizeof(struct slice);
	case KIND_ENDPOINTS:
		return sizeof(struct endpoints);
	case KIND_POD:
		return sizeof(struct pod);
	case KIND_NODE:
	case KIND_COUNT:
		break;
	}
	return sizeof(struct node);
}

struct object *object_new(enum kind kind)
{
	struct object *o = calloc(1, offsetof(struct object, u) + kind_size(kind));

	if (!o)
		return NULL;
	o->kind = kind;
	o->owners = 1;
	switch (kind) {
	case KIND_SERVICE:
		o->meta = &o->u.service.meta;
		break;
	case KIND_SLICE:
		o->meta = &o->u.slice.meta;
		break;
	case KIND_ENDPOINTS:
		o->meta = &o->u.endpoints.meta;
		break;
	case KIND_POD:
		o->meta = &o->u.pod.meta;
		break;
	case KIND_NODE:
	case KIND_COUNT:
		o->meta = &o->u.node.meta;
		break;
	}
	return o;
}

void object_free(struct object *o)
{
	if (!o || --o->owners)
		return;
	switch (o->kind) {
	case KIND_SERVICE:
		service_done(&o->u.service);
		break;
	case KIND_SLICE:
		slice_done(&o->u.slice);
		break;
	case KIND_ENDPOINTS:
		endpoints_done(&o->u.endpoints);
		break;
	case KIND_POD:
		pod_done(&o->u.pod);
		break;
	case KIND_NODE:
	case KIND_COUNT:
		node_done(&o->u.node);
		break;
	}
	shared_free(o->file);
	free(o);
}

static int kind_copy(struct object *to, const struct object *from)
{
	switch (from->kind) {
	case KIND_SERVICE:
		return service_copy(&to->u.service, &from->u.service);
	case KIND_SLICE:
		return slice_copy(&to->u.slice, &from->u.slice);
	case KIND_ENDPOINTS:
		return endpoints_copy(&to->u.endpoints, &from->u.endpoints);
	case KIND_POD:
		return pod_copy(&to->u.pod, &from->u.pod);
	case KIND_NODE:
	case KIND_COUNT:
		break;
	}
	return node_copy(&to->u.node, &from->u.node);
}

struct object *object_copy(const struct object *o)
{
	own(object_free) struct object *copy = object_new(o->kind);

	if (!copy || meta_copy(copy->meta, o->meta) < 0 || kind_copy(copy, o) < 0)
		return NULL;
	copy->defaulted = o->defaulted;
	copy->file = shared_use(o->file);
	copy->line = o->line;
	copy->source = o->source;
	copy->broken = o->broken;
	return TAKE(copy);
}

static int kind_default(struct object *o)
{
	switch (o->kind) {
	case KIND_SERVICE:
		return service_default(&o->u.service);
	case KIND_SLICE:
		return slice_default(&o->u.slice);
	case KIND_ENDPOINTS:
		return endpoints_default(&o->u.endpoints);
	case KIND_POD:
		return pod_default(&o->u.pod);
	case KIND_NODE:
	case KIND_COUNT:
		break;
	}
	return node_default(&o->u.node);
}

int object_default(struct object *o, struct err *reterr)
{
	if (meta_default(o->meta, kind_infos[o->kind].namespaced) < 0 || kind_default(o) < 0)
		return err_nomem(reterr);
	o->defaulted = true;
	return 0;
}

void object_check(struct refuse *r)
{
	const struct object *o = r->object;

	switch (o->kind) {
	case KIND_SERVICE:
		service_check(r, &o->u.service);
		break;
	case KIND_SLICE:
		slice_check(r, &o->u.slice);
		break;
	case KIND_ENDPOINTS:
		endpoints_check(r, &o->u.endpoints);
		break;
	case KIND_POD:
		pod_check(r, &o->u.pod);
		break;
	case KIND_NODE:
	case KIND_COUNT:
		node_check(r, &o->u.node);
		break;
	}
}

int object_validate(const struct object *o, struct err *reterr)
{
	struct refuse r;

	refuse_begin(&r, o);
	object_check(&r);
	return refuse_end(&r, reterr);
}

static int text_cmp(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int object_cmp(const struct object *a, const struct object *b)
{
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = text_cmp(a->meta->namespace, b->meta->namespace);
	return order ? order : text_cmp(a->meta->name, b->meta->name);
}

void objects_drop(object_vec *objects, enum kind kind)
{
	size_t kept = 0;

	vec_each(o, objects) {
		if ((*o)->kind == kind)
			object_free(*o);
		else
			objects->at[kept++] = *o;
	}
	objects->n = kept;
}

int objects_share(object_vec *to, const object_vec *from)
{
	if (vec_reserve(to, from->n) < 0)
		return -ENOMEM;
	vec_each(o, from)
		to->at[to->n++] = object_share(*o);
	return 0;
}

void objects_cut(object_vec *objects, size_t n)
{
	while (objects->n > n)
		object_free(objects->at[--objects->n]);
}

void objects_done(object_vec *objects)
{
	objects_cut(objects, 0);
	vec_done(objects);
}
