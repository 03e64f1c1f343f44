/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/put.h"

#include "cli/caveats.h"
#include "cli/say.h"
#include "cluster/endpoints_show.h"
#include "cluster/prune.h"

void put_done(struct put *p)
{
	selector_done(&p->selector);
	objects_done(&p->objects);
	faults_done(&p->faults);
	texts_done(&p->caveats);
	cluster_changes_done(&p->applied);
	cluster_changes_done(&p->pruned);
	texts_done(&p->lacks);
}

void put_tell(const struct put *p)
{
	vec_each(text, &p->caveats)
		say_warning("%s", *text);
	vec_each(text, &p->lacks)
		say_warning("%s", *text);
}

int put_check(const struct cmd_context *ctx, const struct put_opts *o, int argc, char **argv)
{
	if (argc)
		return say_usage(ctx, "unexpected \"%s\": files are named with -f", argv[0]);
	if (!o->files.n)
		return say_usage(ctx, "-f is missing");
	if (o->all && (!o->prune || o->labels))
		return say_usage(ctx, "--all is for --prune without -l");
	/* One file with --prune is more often a slip than a wish. */
	if (o->prune && !o->all && !o->labels && !files_have_directory(&o->files))
		return say_usage(ctx, "--prune removes all that is not in the files: name a "
				 "directory, or say --all or -l");
	return 0;
}

/* Those that the selector does not mean are as if they were not in the files. */
static void objects_select(object_vec *objects, const struct selector *selector)
{
	size_t kept = 0;

	for (size_t i = 0; i < objects->n; i++) {
		struct object *o = objects->at[i];

		if (selector_matches(selector, &o->meta->labels))
			objects->at[kept++] = o;
		else
			object_free(o);
	}
	objects->n = kept;
}

static bool all_are_broken(const object_vec *objects)
{
	vec_each(o, objects) {
		if (!(*o)->broken)
			return false;
	}
	return true;
}

/*
 * As they will be stored, as far as that does not depend on what is: then cluster_apply() need
 * not copy them. Who they are is not for a manifest to say.
 */
static int objects_ready(const object_vec *objects, struct err *reterr)
{
	vec_each(at, objects) {
		struct meta *m = (*at)->meta;
		int r = object_default(*at, reterr);

		if (r)
			return r;
		free(TAKE(m->uid));
		m->created = 0;
	}
	return 0;
}

struct collector {
	text_vec *texts;
	int r;
};

/* A caveat_fn. */
static void collect(void *arg, const char *text)
{
	struct collector *c = arg;

	c->r = c->r ?: texts_push(c->texts, text);
}

/* Now: once it is known whether they are to be told, the objects may be gone. */
static int find_caveats(struct put *p, struct err *reterr)
{
	struct collector c = { .texts = &p->caveats };

	caveats_tell(&p->objects, collect, &c);
	return c.r ? err_nomem(reterr) : 0;
}

int put_load(struct put *p, struct err *reterr)
{
	const struct put_opts *o = p->opts;
	const struct files_want want = { .files = &o->files, .namespace = o->namespace,
					 .strict = o->strict, .check_fields = true };
	int r = 0;

	if (o->labels)
		r = selector_parse(o->labels, &p->selector, reterr);
	/* A variable of a script that is empty by mistake must not mean everything. */
	if (!r && o->prune && o->labels && !p->selector.all.n)
		r = err_set(reterr, EINVAL, "-l selects nothing in particular: with --prune, "
			    "--all is the way to everything");
	if (!r)
		r = files_read(&want, &p->faults, &p->objects, reterr);
	if (r)
		return r;
	objects_select(&p->objects, &p->selector);
	if (all_are_broken(&p->objects))
		r = faults_end(&p->faults, reterr);
	if (!r && !p->objects.n)
		r = err_set(reterr, ENODATA, "no object in the files has the labels of -l");
	/* With faults none of them will be stored. */
	if (r || p->faults.n)
		return r;
	return objects_ready(&p->objects, reterr) ?: find_caveats(p, reterr);
}

static bool is_there(const struct snapshot *snap, const struct object *o)
{
	const struct meta *m = o->meta;
	const char *ns = kind_infos[o->kind].namespaced ? m->namespace : "";

	if (!m->name)
		return false;
	return snapshot_find(snap, o->kind, ns, m->name) ||
	       (o->kind == KIND_ENDPOINTS && endpoints_are_made(snap, ns, m->name));
}

/* All of those that are there are named. */
static int refuse_existing(const struct put *p, const struct snapshot *snap, struct err *reterr)
{
	size_t n = 0;

	vec_each(at, &p->objects) {
		if (is_there(snap, *at)) {
			say_already_exists((*at)->kind, (*at)->meta->name, (*at)->file);
			n++;
		}
	}
	return n ? err_set(reterr, EEXIST, "nothing is created") : 0;
}

/* The LoadBalancers among those that were applied which stay <pending>. */
static int find_lacks(struct put *p, const struct cluster_config *cfg, const struct snapshot *snap)
{
	vec_each(at, &p->objects) {
		const struct meta *m = (*at)->meta;
		const struct object *o;
		char buf[CLUSTER_LACK_MAX], text[512];
		const char *lack;

		if ((*at)->kind != KIND_SERVICE)
			continue;
		o = snapshot_find(snap, KIND_SERVICE, m->namespace, m->name);
		lack = o ? cluster_lack(cfg, &o->u.service, buf) : NULL;
		if (!lack)
			continue;
		snprintf(text, sizeof(text), "Service %s/%s: %s", m->namespace, m->name, lack);
		if (texts_push(&p->lacks, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

int put_change(void *put, const struct cluster_config *cfg, struct snapshot *snap,
	       struct err *reterr)
{
	struct put *p = put;
	const object_vec *objects = &p->objects;
	const struct cluster_input in = { objects->at, objects->n, &p->faults };
	struct cluster_prune prune = { p->opts->namespace, &p->selector };
	int r = 0;

	cluster_changes_done(&p->applied);
	cluster_changes_done(&p->pruned);
	texts_done(&p->lacks);
	if (p->create && !p->faults.n)
		r = refuse_existing(p, snap, reterr);
	if (!r && p->opts->prune)
		r = cluster_prune(snap, cfg, &prune, objects->at, objects->n, &p->pruned, reterr);
	if (!r)
		r = cluster_apply_input(snap, cfg, &in, &p->applied, reterr);
	if (!r && find_lacks(p, cfg, snap) < 0)
		r = err_nomem(reterr);
	return r;
}
