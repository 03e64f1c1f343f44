/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Made from the slices of the Service's first family that a controller made of its Pods. They are
 * grouped by ports already, so that a subset is the slices of the same ports.
 */
#include "cluster/endpoints_show.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "cluster/cluster.h"
#include "cluster/slice_build.h"

#define LABEL_ENDPOINTS_MANAGER "endpoints.kubernetes.io/managed-by"
#define ENDPOINTS_MANAGER "endpoint-controller"
#define ANNOTATION_OVER_CAPACITY "endpoints.kubernetes.io/over-capacity"

/* --- subsets ------------------------------------------------------------------- */

static struct endpoints_subset *subset_of(struct endpoints *to, const slice_port_vec *ports)
{
	struct endpoints_subset *s;

	vec_each(have, &to->subsets) {
		if (slice_ports_same(&have->ports, ports))
			return have;
	}
	if (vec_reserve(&to->subsets, 1) < 0)
		return NULL;
	s = &to->subsets.at[to->subsets.n++];
	*s = (struct endpoints_subset){ 0 };
	return slice_ports_add(&s->ports, ports) < 0 ? NULL : s;
}

/* Who is leaving is none, unless it is published all the same. */
static bool is_shown(const struct endpoint *e)
{
	return e->ready != TRI_FALSE || e->terminating != TRI_TRUE;
}

static int add_endpoint(struct endpoints *to, const slice_port_vec *ports,
			const struct endpoint *e)
{
	struct endpoints_subset *s = subset_of(to, ports);
	endpoint_vec *list;

	if (!s)
		return -ENOMEM;
	list = e->ready != TRI_FALSE ? &s->ready : &s->not_ready;
	if (vec_reserve(list, 1) < 0)
		return -ENOMEM;
	return endpoint_copy(&list->at[list->n++], e);
}

static bool is_of_selector(const struct object *slice, const struct service *s)
{
	const char *manager = labels_find(&slice->meta->labels, LABEL_MANAGED_BY);

	if (!manager || (strcmp(manager, SLUICE_SLICE_MANAGER) &&
			 strcmp(manager, KUBE_SLICE_MANAGER)))
		return false;
	/* One of Pods that have none of the Service's ports is no endpoint of it. */
	return !slice->u.slice.fqdn && slice->u.slice.family == s->ip_families.at[0] &&
	       (slice->u.slice.ports.n || !s->ports.n);
}

static int add_slices(struct endpoints *to, const struct service *s, struct object *const *slices,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct slice *from = &slices[i]->u.slice;

		if (!s->ip_families.n || !is_of_selector(slices[i], s))
			continue;
		vec_each(e, &from->endpoints) {
			if (is_shown(e) && add_endpoint(to, &from->ports, e) < 0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* --- their order, and how many ---------------------------------------------------- */

static int by_address(const void *va, const void *vb)
{
	const struct endpoint *x = va, *y = vb;
	struct addr a = { 0 }, b = { 0 };
	int order;

	(void)addr_parse(x->addresses.at[0], &a);
	(void)addr_parse(y->addresses.at[0], &b);
	order = addr_cmp(&a, &b);
	return order ? order : strcmp(x->target_name ? x->target_name : "",
				      y->target_name ? y->target_name : "");
}

static int by_ports(const void *va, const void *vb)
{
	const struct endpoints_subset *a = va, *b = vb;

	for (size_t i = 0; i < a->ports.n && i < b->ports.n; i++) {
		if (a->ports.at[i].port != b->ports.at[i].port)
			return a->ports.at[i].port - b->ports.at[i].port;
	}
	return (a->ports.n > b->ports.n) - (a->ports.n < b->ports.n);
}

static void list_sort(endpoint_vec *list)
{
	if (list->n)
		qsort(list->at, list->n, sizeof(*list->at), by_address);
}

static void subsets_sort(struct endpoints *eps)
{
	vec_each(s, &eps->subsets) {
		list_sort(&s->ready);
		list_sort(&s->not_ready);
	}
	if (eps->subsets.n)
		qsort(eps->subsets.at, eps->subsets.n, sizeof(*eps->subsets.at), by_ports);
}

static void list_cut(endpoint_vec *list, size_t n)
{
	while (list->n > n)
		endpoint_done(&list->at[--list->n]);
}

/*
 * @max of the @total addresses that @pick finds in all subsets, from each in proportion; rounded
 * up, so that the last may get less.
 */
static void cut_all(struct endpoints *eps, endpoint_vec *(*pick)(struct endpoints_subset *s),
		    size_t total, size_t max)
{
	size_t left = max;

	vec_each(s, &eps->subsets) {
		endpoint_vec *list = pick(s);
		size_t share = total ? (list->n * max + total - 1) / total : 0;

		list_cut(list, share < left ? share : left);
		left -= list->n;
	}
}

static endpoint_vec *pick_ready(struct endpoints_subset *s)
{
	return &s->ready;
}

static endpoint_vec *pick_not_ready(struct endpoints_subset *s)
{
	return &s->not_ready;
}

/* Ready ones are kept before others. */
static int truncate_addresses(struct endpoints *eps)
{
	const size_t max = ENDPOINTS_ADDRESSES_MAX;
	size_t ready = 0, others = 0;

	vec_each(s, &eps->subsets) {
		ready += s->ready.n;
		others += s->not_ready.n;
	}
	if (ready + others <= max)
		return 0;
	cut_all(eps, pick_not_ready, others, ready < max ? max - ready : 0);
	if (ready > max)
		cut_all(eps, pick_ready, ready, max);
	return labels_set(&eps->meta.annotations, ANNOTATION_OVER_CAPACITY, "truncated");
}

/* --- the objects ---------------------------------------------------------------- */

/* Its own, and always the same: of the Service's, which is there as long as it is. */
static char *uid_of(const struct service *s)
{
	uint64_t a = hash_mix(hash_text(hash_text(HASH_INIT, s->meta.uid), "endpoints"));
	uint64_t b = hash_mix(a);
	char *text;

	if (asprintf(&text, "%08x-%04x-8%03x-%04x-%012llx", (unsigned int)(a >> 32),
		     (unsigned int)(a >> 16) & 0xffff, (unsigned int)a & 0xfff,
		     (unsigned int)(b >> 48 & 0x3fff) | 0x8000,
		     (unsigned long long)b & 0xffffffffffff) < 0)
		return NULL;
	return text;
}

static int copy_label(struct meta *to, const struct label *l)
{
	return strcmp(l->key, LABEL_HEADLESS) ? labels_set(&to->labels, l->key, l->value) : 0;
}

static int set_meta(struct meta *to, const struct service *s)
{
	to->name = strdup(s->meta.name);
	to->namespace = strdup(s->meta.namespace);
	to->uid = s->meta.uid ? uid_of(s) : NULL;
	to->created = s->meta.created;
	if (!to->name || !to->namespace || !to->uid != !s->meta.uid)
		return -ENOMEM;
	vec_each(l, &s->meta.labels) {
		if (copy_label(to, l) < 0)
			return -ENOMEM;
	}
	if (s->headless && labels_set(&to->labels, LABEL_HEADLESS, "") < 0)
		return -ENOMEM;
	return labels_set(&to->labels, LABEL_ENDPOINTS_MANAGER, ENDPOINTS_MANAGER);
}

static int make_one(const struct object *service, const struct slices *slices, object_vec *ret)
{
	const struct service *s = &service->u.service;
	own(object_free) struct object *o = object_new(KIND_ENDPOINTS);
	size_t n;
	struct object **of = slices_find(slices, service, &n);

	if (!o || set_meta(o->meta, s) < 0 || add_slices(&o->u.endpoints, s, of, n) < 0)
		return -ENOMEM;
	subsets_sort(&o->u.endpoints);
	if (truncate_addresses(&o->u.endpoints) < 0)
		return -ENOMEM;
	meta_sort_labels(o->meta);
	if (vec_reserve(ret, 1) < 0)
		return -ENOMEM;
	ret->at[ret->n++] = TAKE(o);
	return 0;
}

static bool has_made(const struct object *service)
{
	const struct service *s = &service->u.service;

	return s->has_selector && s->type != SERVICE_EXTERNAL_NAME;
}

bool endpoints_are_made(const struct snapshot *snap, const char *namespace, const char *name)
{
	const struct object *service = snapshot_find(snap, KIND_SERVICE, namespace, name);

	return service && has_made(service);
}

/* Services are in the order of their names, and so are these. */
int endpoints_show(struct edit *e)
{
	own(objects_done) object_vec puts = { 0 };
	own(slices_done) struct slices slices = { 0 };
	size_t n;
	struct object **services = snapshot_kind(&e->view, KIND_SERVICE, &n);
	int r = slices_init(&slices, &e->view);

	for (size_t i = 0; !r && i < n; i++)
		if (has_made(services[i]))
			r = make_one(services[i], &slices, &puts);
	return r ?: edit_change(e, &puts, NULL);
}

int cluster_show_endpoints(struct snapshot *snap, struct err *reterr)
{
	own(edit_done) struct edit e = { 0 };

	if (edit_init(&e, snap) < 0 || endpoints_show(&e) < 0)
		return err_nomem(reterr);
	edit_commit(&e, snap);
	return 0;
}
