/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/shared.h"
#include "cluster_sandbox.h"

#include <stdarg.h>
#include <string.h>

#include "base/shared.h"
#include "manifest/manifest.h"

#define MUST(r) cr_assert((r) == 0)

static char *copy(const char *text)
{
	char *c = text ? strdup(text) : NULL;

	cr_assert(!text || c);
	return c;
}

static struct object *make(enum kind kind, const char *namespace, const char *name)
{
	struct object *o = object_new(kind);

	cr_assert(o);
	o->meta->name = copy(name);
	o->meta->namespace = copy(namespace ? namespace : kind == KIND_NODE ? "" : "default");
	return o;
}

/* "a=b,c=d" */
static void set_labels(label_vec *labels, const char *text)
{
	char buf[256], *save = NULL;

	snprintf(buf, sizeof(buf), "%s", text ? text : "");
	for (char *p = strtok_r(buf, ",", &save); p; p = strtok_r(NULL, ",", &save)) {
		char *value = strchr(p, '=');

		*value++ = '\0';
		MUST(labels_set(labels, p, value));
	}
}

static void add_service_port(struct service *s, const struct port_spec *p)
{
	struct service_port port = {
		.name = copy(p->name),
		.protocol = p->protocol,
		.port = p->port,
		.node_port = p->node_port,
		.target = { p->target, copy(p->target_name) },
	};

	MUST(vec_push(&s->ports, port));
}

struct object *make_service(const struct service_spec *spec)
{
	struct object *o = make(KIND_SERVICE, spec->namespace, spec->name);
	struct service *s = &o->u.service;

	s->type = spec->external_name ? SERVICE_EXTERNAL_NAME : spec->type;
	s->headless = spec->headless;
	for (size_t i = 0; i < 2 && spec->ips[i]; i++)
		MUST(texts_push(&s->cluster_ips, spec->ips[i]));
	s->ip_family_policy = spec->policy;
	for (size_t i = 0; i < spec->n_families; i++)
		MUST(vec_push(&s->ip_families, spec->families[i]));
	for (size_t i = 0; i < 4 && spec->ports[i].port; i++)
		add_service_port(s, &spec->ports[i]);
	if (!s->ports.n && !spec->external_name && !spec->headless)
		add_service_port(s, &(struct port_spec){ .port = 80 });
	s->has_selector = spec->selector;
	set_labels(&s->selector, spec->selector);
	set_labels(&s->meta.labels, spec->labels);
	s->external_name = copy(spec->external_name);
	s->lb_class = copy(spec->lb_class);
	s->traffic_distribution = copy(spec->distribution);
	s->external_policy = spec->external_local ? POLICY_LOCAL : POLICY_UNSET;
	s->health_check_node_port = spec->health_port;
	s->no_lb_node_ports = spec->no_lb_node_ports;
	s->publish_not_ready = spec->publish_not_ready;
	o->file = spec->file ? shared_new(spec->file) : NULL;
	o->line = spec->line;
	return o;
}

struct object *make_pod(const struct pod_spec *spec)
{
	struct object *o = make(KIND_POD, spec->namespace, spec->name);
	struct pod *p = &o->u.pod;

	set_labels(&p->meta.labels, spec->labels ? spec->labels : "app=web");
	p->meta.deleted = spec->deleting ? 1000000000 : 0;
	p->node_name = copy(spec->node);
	p->hostname = copy(spec->hostname);
	p->subdomain = copy(spec->subdomain);
	p->ready = !spec->not_ready;
	p->phase = spec->finished ? PHASE_SUCCEEDED : PHASE_UNSET;
	for (size_t i = 0; i < 2 && spec->ips[i]; i++)
		MUST(texts_push(&p->ips, spec->ips[i]));
	for (size_t i = 0; i < 3 && spec->ports[i].port; i++) {
		const struct port_spec *q = &spec->ports[i];

		MUST(vec_push(&p->ports, (struct container_port){ copy(q->name), q->protocol,
								  q->port }));
	}
	if (p->ports.n)
		MUST(vec_push(&p->containers, (struct container){ .name = copy("main"),
								  .n_ports = p->ports.n }));
	return o;
}

struct object *make_node(const char *name, const char *zone)
{
	struct object *o = make(KIND_NODE, NULL, name);

	if (zone)
		MUST(labels_set(&o->meta->labels, LABEL_ZONE, zone));
	return o;
}

struct object *make_slice(const char *name, const char *service, const char *manager)
{
	struct object *o = make(KIND_SLICE, NULL, name);

	MUST(labels_set(&o->meta->labels, LABEL_SERVICE_NAME, service));
	if (manager)
		MUST(labels_set(&o->meta->labels, LABEL_MANAGED_BY, manager));
	return o;
}

/* --- the world ---------------------------------------------------------------- */

struct sandbox sandbox_new(void)
{
	return (struct sandbox){ .cfg = cluster_config_builtin() };
}

void sandbox_done(struct sandbox *w)
{
	snapshot_done(&w->snap);
	cluster_changes_done(&w->changes);
}

int sandbox_apply(struct sandbox *w, ...)
{
	own(objects_done) object_vec objects = { 0 };
	struct object *o;
	va_list ap;

	va_start(ap, w);
	while ((o = va_arg(ap, struct object *)))
		MUST(vec_push(&objects, o));
	va_end(ap);
	cluster_changes_done(&w->changes);
	w->err = (struct err){ 0 };
	return cluster_apply(&w->snap, &w->cfg, objects.at, objects.n, &w->changes, &w->err);
}

void sandbox_apply_text(struct sandbox *w, const char *text)
{
	own(objects_done) object_vec objects = { 0 };

	w->err = (struct err){ 0 };
	cluster_changes_done(&w->changes);
	cr_assert_eq(manifest_parse("m", text, strlen(text), NULL, &objects, &w->err), 0, "%s",
		     w->err.text);
	cr_assert_eq(cluster_apply(&w->snap, &w->cfg, objects.at, objects.n, &w->changes, &w->err),
		     0, "%s", w->err.text);
}

int sandbox_delete(struct sandbox *w, enum kind kind, const char *name)
{
	struct cluster_ref ref = { kind, kind == KIND_NODE ? "" : "default", name };

	cluster_changes_done(&w->changes);
	w->err = (struct err){ 0 };
	return cluster_delete(&w->snap, &w->cfg, &ref, 1, false, &w->changes, &w->err);
}

struct service *service_of(const struct sandbox *w, const char *name)
{
	struct object *o = snapshot_find(&w->snap, KIND_SERVICE, "default", name);

	cr_assert(o, "no service %s", name);
	return &o->u.service;
}

size_t n_slices(const struct sandbox *w)
{
	size_t n;

	snapshot_kind(&w->snap, KIND_SLICE, &n);
	return n;
}

struct slice *slice_at(const struct sandbox *w, size_t i)
{
	size_t n;
	struct object **slices = snapshot_kind(&w->snap, KIND_SLICE, &n);

	cr_assert_lt(i, n);
	return &slices[i]->u.slice;
}

struct endpoint *endpoint_of(const struct sandbox *w, const char *address)
{
	for (size_t i = 0; i < n_slices(w); i++) {
		vec_each(e, &slice_at(w, i)->endpoints) {
			if (!strcmp(e->addresses.at[0], address))
				return e;
		}
	}
	return NULL;
}

void expect_text(const char *what, const char *got, const char *want)
{
	cr_assert(got && !strcmp(got, want), "%s is\n  %s\nnot\n  %s", what, got ? got : "(none)",
		  want);
}
