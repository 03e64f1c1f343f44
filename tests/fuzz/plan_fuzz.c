/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libFuzzer: any bytes as two manifests, one applied after the other, and the image and the rows
 * that are made of them. What is refused changes nothing; what is accepted is valid, gives every
 * number out once, and is unchanged when applied again; the image has each frontend once; and
 * deleting everything leaves nothing.
 *
 *	make fuzz-plan FUZZ_SECONDS=60
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "cluster/cluster.h"
#include "manifest/manifest.h"
#include "plan/image.h"
#include "plan/layout.h"

#define OBJECTS_MAX 40		/* more of them find nothing new, slowly */
#define BORDER "\n===\n"	/* between the manifests */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok, const char *what, const char *more)
{
	if (ok)
		return;
	fprintf(stderr, "%s: %s\n", what, more ? more : "");
	abort();
}

/* --- the snapshot ----------------------------------------------------------------- */

static uint64_t digest(const struct snapshot *snap)
{
	uint64_t h = HASH_INIT;

	vec_each(o, &snap->objects) {
		own(free) char *json = manifest_json(*o);

		h = hash_text(h, json);
	}
	return h;
}

static void check_objects(const struct snapshot *snap)
{
	for (size_t i = 0; i < snap->objects.n; i++) {
		const struct object *o = snap->objects.at[i];
		own(free) char *json = manifest_json(o);
		struct err e = { 0 };

		must(!i || object_cmp(snap->objects.at[i - 1], o) < 0, "not sorted", json);
		must(!object_validate(o, &e), e.text, json);
	}
}

/* Whatever two Services may not have in common. */
static void check_pair(const struct service *a, const struct service *b)
{
	vec_each(x, &a->cluster_ips) {
		vec_each(y, &b->cluster_ips)
			must(strcmp(*x, *y), "one cluster address twice", *x);
	}
	vec_each(x, &a->ports) {
		must(!x->node_port || x->node_port != b->health_check_node_port,
		     "node port and health check port are one", b->meta.name);
		vec_each(y, &b->ports)
			must(!x->node_port || x->node_port != y->node_port, "one node port twice",
			     a->meta.name);
	}
}

static void check_services(const struct snapshot *snap)
{
	size_t n;
	struct object **services = snapshot_kind(snap, KIND_SERVICE, &n);

	for (size_t i = 0; i < n; i++) {
		const struct service *s = &services[i]->u.service;
		bool addressed = s->type != SERVICE_EXTERNAL_NAME && !s->headless;

		must(s->cluster_ips.n == (addressed ? s->ip_families.n : 0), "addresses and families",
		     s->meta.name);
		must(!addressed || s->cluster_ips.n, "no address", s->meta.name);
		for (size_t j = 0; j < n; j++) {
			if (j != i)
				check_pair(s, &services[j]->u.service);
		}
	}
}

/* --- the image -------------------------------------------------------------------- */

static bool same_frontend(const struct image_service *a, const struct image_frontend *f,
			  const struct image_service *b, const struct image_frontend *g)
{
	return a->protocol == b->protocol && f->port == g->port && !addr_cmp(&f->addr, &g->addr);
}

static void check_image_service(const struct image *img, const struct image_service *s)
{
	for (size_t i = 1; i < s->backends.n; i++) {
		const struct image_backend *a = &s->backends.at[i - 1], *b = a + 1;
		int order = addr_cmp(&a->addr, &b->addr);

		must(order < 0 || (!order && a->port < b->port), "backends", s->name);
	}
	vec_each(b, &s->backends) {
		must(addr_family(&b->addr) == s->family && b->port, "a backend", s->name);
		must(b->in_cluster || b->in_local, "a backend of no set", s->name);
	}
	vec_each(f, &s->frontends) {
		must(addr_family(&f->addr) == s->family && f->port, "a frontend", s->name);
		vec_each(other, &img->services) {
			vec_each(g, &other->frontends)
				must(f == g || !same_frontend(s, f, other, g), "a frontend twice",
				     s->name);
		}
	}
}

#define CHOICES 65536

/* A layout_view's choices: none has been written yet. */
static const uint32_t *no_choices(void *arg, uint32_t first, uint32_t n)
{
	static const uint32_t words[CHOICES];

	(void)arg;
	must(first <= CHOICES && n <= CHOICES - first, "choices beyond the table", "");
	return words + first;
}

static void check_layout(const struct image *img)
{
	static const struct sluice_service services[64];
	static const struct sluice_backend backends[512];
	static const struct sluice_filter filter;
	const struct layout_view view = {
		.services = services, .n_services = 64, .backends = backends, .n_backends = 512,
		.choices = no_choices, .n_choices = CHOICES, .filter = &filter,
	};
	own(layout_plan_done) struct layout_plan plan = { 0 };
	struct err e = { 0 };
	int r = layout_make(img, &view, &plan, &e);

	must(!r || r == -ENOSPC, "no layout", e.text);
	if (!r)
		must(plan.rows.n == img->services.n, "rows", "");
}

static void check_image(const struct snapshot *snap)
{
	own(node_facts_done) struct node_facts facts = { .name = "node-1" };
	own(image_done) struct image img = { 0 };
	struct err e = { 0 };
	struct addr a;

	addr_parse("192.0.2.1", &a);
	must(!vec_push(&facts.addrs, a) && !vec_push(&facts.node_port_addrs, a), "memory", "");
	addr_parse("2001:db8::1", &a);
	must(!vec_push(&facts.addrs, a) && !vec_push(&facts.node_port_addrs, a), "memory", "");
	must(!image_make(snap, &facts, NULL, NULL, &img, &e), "no image", e.text);
	for (size_t i = 0; i < img.services.n; i++) {
		must(!i || memcmp(img.services.at[i - 1].id, img.services.at[i].id,
				  sizeof(img.services.at[i].id)), "one id twice", "");
		check_image_service(&img, &img.services.at[i]);
	}
	check_layout(&img);
}

/* --- a manifest ------------------------------------------------------------------- */

static int apply(struct snapshot *snap, const struct cluster_config *cfg, const object_vec *objects,
		 enum change *ret_first)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	uint64_t before = digest(snap);
	struct err e = { 0 };
	int r = cluster_apply(snap, cfg, objects->at, objects->n, &changes, &e);

	*ret_first = CHANGE_NONE;
	if (r) {
		must(e.code && *e.text, "no clear error", "");
		must(digest(snap) == before, "a refused change", e.text);
		return r;
	}
	must(changes.n == objects->n, "changes", "");
	vec_each(c, &changes) {
		if (c->change != CHANGE_NONE)
			*ret_first = c->change;
	}
	return 0;
}

static void run(struct snapshot *snap, const struct cluster_config *cfg, const char *text,
		size_t size)
{
	own(objects_done) object_vec objects = { 0 };
	enum change change;
	uint64_t made;

	/* Slices that say they were made here go again when nothing wants them: no fixed point. */
	if (memmem(text, size, "controller.sluice", strlen("controller.sluice")))
		return;
	if (manifest_parse("fuzz", text, size, NULL, &objects, NULL) < 0 ||
	    objects.n > OBJECTS_MAX || apply(snap, cfg, &objects, &change) < 0)
		return;
	check_objects(snap);
	check_services(snap);
	check_image(snap);
	made = digest(snap);
	must(!apply(snap, cfg, &objects, &change), "not accepted again", "");
	must(change == CHANGE_NONE && digest(snap) == made, "changed by applying again", "");
}

static void delete_all(struct snapshot *snap, const struct cluster_config *cfg)
{
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	VEC(struct cluster_ref) refs = { 0 };
	struct err e = { 0 };

	vec_each(o, &snap->objects) {
		const struct cluster_ref ref = { (*o)->kind, (*o)->meta->namespace,
						 (*o)->meta->name };

		must(!vec_push(&refs, ref), "memory", "");
	}
	must(!cluster_delete(snap, cfg, refs.at, refs.n, false, &changes, &e), "not deleted", e.text);
	must(!snap->objects.n, "not all deleted", "");
	vec_done(&refs);
}

static uint64_t next_random(void *arg)
{
	uint64_t *state = arg;

	*state += 0x9e3779b97f4a7c15ull;
	return hash_mix(*state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *border = memmem(text, size, BORDER, strlen(BORDER));
	size_t first = border ? (size_t)(border - text) : size;
	own(snapshot_done) struct snapshot snap = { 0 };
	struct cluster_config cfg = cluster_config_builtin();
	uint64_t state = 0;

	cfg.random = next_random;
	cfg.random_arg = &state;
	cluster_config_set(&cfg, SETTING_LB_POOL, "198.51.100.0/30,2001:db8:1::/126", NULL);
	run(&snap, &cfg, text, first);
	if (border)
		run(&snap, &cfg, border + strlen(BORDER), size - first - strlen(BORDER));
	delete_all(&snap, &cfg);
	return 0;
}
