/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From documents to objects: what kind is it, is it a List, and what to do with kinds
 * that are none of ours.
 */
#include "manifest/manifest.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/quote.h"
#include "base/shared.h"
#include "manifest/bounds.h"
#include "manifest/decode.h"
#include "manifest/json_doc.h"
#include "manifest/reader.h"

/* A kind that was passed over, and how often. */
struct unknown {
	char *api_version;
	char *kind;
	size_t n;
};

struct parse {
	const char *name;
	char *file;		/* the same, for the objects: see base/shared.h */
	const struct manifest_options *opt;
	object_vec *objects;
	VEC(struct unknown) unknown;
	size_t unnamed;		/* of further kinds than fit in @unknown */
	struct faults *faults;	/* what is wrong, */
	unsigned int source;	/* the file's number there, */
	struct err *err;	/* and what ended it at once */
};

/* apiVersion and kind of an object, borrowed from its document. */
struct type {
	const char *api_version;
	const char *kind;
};

static void parse_done(struct parse *p)
{
	shared_free(p->file);
	vec_each(u, &p->unknown) {
		free(u->api_version);
		free(u->kind);
	}
	vec_done(&p->unknown);
}
DEFINE_OWN_DONE(struct parse, parse_done)

static struct decoder decoder_of(const struct parse *p)
{
	return (struct decoder){ .file = p->name, .source = p->source, .faults = p->faults,
				 .unknown = p->opt->unknown, .err = p->err };
}

/* --- kinds ------------------------------------------------------------------------ */

/* -1 if it is none of ours. */
static int type_find(const struct type *t)
{
	for (int i = 0; i < KIND_COUNT; i++) {
		if (!strcmp(t->kind, kind_infos[i].kind) &&
		    !strcmp(t->api_version, kind_infos[i].api_version))
			return i;
	}
	return -1;
}

/*
 * Whether the API group is one that our kinds are in, or what somebody takes for it: "discovery/v1".
 * Others, which are domains, may have kinds of the same name (Knative's Service).
 */
static bool group_is_near(const char *api_version)
{
	static const char discovery[] = "discovery.k8s.io";
	const char *slash = strchr(api_version, '/');
	size_t len = slash ? (size_t)(slash - api_version) : strlen(api_version);

	return !memchr(api_version, '.', len) ||
	       (len == sizeof(discovery) - 1 && !strncasecmp(api_version, discovery, len));
}

/*
 * The kind that this one must have meant: of another version or group, or spelt otherwise. -1 if it
 * is a stranger.
 */
static int type_meant(const struct type *t)
{
	struct nearest near = nearest_to(t->kind);

	if (!group_is_near(t->api_version))
		return -1;
	for (int i = 0; i < KIND_COUNT; i++) {
		if (!strcasecmp(t->kind, kind_infos[i].kind))
			return i;
		if (!strcmp(t->api_version, kind_infos[i].api_version))
			nearest_offer(&near, kind_infos[i].kind);
	}
	for (int i = 0; near.best && i < KIND_COUNT; i++) {
		if (near.best == kind_infos[i].kind)
			return i;
	}
	return -1;
}

static int unknown_add(struct parse *p, const struct type *t)
{
	struct unknown u = { .n = 1 };

	vec_each(have, &p->unknown) {
		if (!strcmp(have->kind, t->kind) &&
		    !strcmp(have->api_version, t->api_version)) {
			have->n++;
			return 0;
		}
	}
	if (p->unknown.n >= MANIFEST_KINDS_MAX) {
		p->unnamed++;
		return 0;
	}
	u.api_version = strdup(t->api_version);
	u.kind = strdup(t->kind);
	if (u.api_version && u.kind && !vec_push(&p->unknown, u))
		return 0;
	free(u.api_version);
	free(u.kind);
	return err_nomem(p->err);
}

static int unknown_take(struct parse *p, const struct doc_node *n, const struct type *t)
{
	char kind[QUOTE_MAX];
	char version[QUOTE_MAX];
	struct decoder d = decoder_of(p);
	int meant = type_meant(t);

	/* To ignore it would mean to take it for removed. */
	if (meant >= 0)
		return decode_error(&d, n->line, "no matches for kind %s in version %s: sluice "
				    "reads %s of %s", quote(t->kind, kind),
				    quote(t->api_version, version), kind_infos[meant].kind,
				    kind_infos[meant].api_version);
	if (!p->opt || !p->opt->strict)
		return unknown_add(p, t);
	return decode_error(&d, n->line, "unknown kind %s of apiVersion %s: sluice knows "
			    "Service, Endpoints, Pod and Node of v1 and EndpointSlice of "
			    "discovery.k8s.io/v1", quote(t->kind, kind),
			    quote(t->api_version, version));
}

static void unknown_warn(const struct parse *p)
{
	char text[2 * QUOTE_MAX + 128];
	char kind[QUOTE_MAX];
	char version[QUOTE_MAX];

	if (!p->opt || !p->opt->warn)
		return;
	vec_each(u, &p->unknown) {
		snprintf(text, sizeof(text), "%.100s: ignored %zu %s of kind %s, apiVersion %s",
			 p->name, u->n, u->n == 1 ? "object" : "objects",
			 quote(u->kind, kind), quote(u->api_version, version));
		p->opt->warn(p->opt->warn_arg, text);
	}
	if (!p->unnamed)
		return;
	snprintf(text, sizeof(text), "%.100s: ignored %zu objects of further kinds", p->name,
		 p->unnamed);
	p->opt->warn(p->opt->warn_arg, text);
}

/* --- objects ---------------------------------------------------------------------- */

static int object_read(struct parse *p, const struct doc_node *n, enum kind kind)
{
	own(object_free) struct object *o = object_new(kind);
	struct decoder d = decoder_of(p);
	int err;

	if (!o)
		return err_nomem(p->err);
	o->file = shared_use(p->file);
	o->source = p->source;
	o->line = n->line;
	err = decode_go_on(decode_shape(&d, kind_shape(kind), n, &o->u));
	if (err)
		return err;
	o->broken = d.n_wrong;
	if (!kind_infos[kind].namespaced && !o->meta->namespace) {
		o->meta->namespace = strdup("");
		if (!o->meta->namespace)
			return err_nomem(p->err);
	}
	if (vec_reserve(p->objects, 1) < 0)
		return err_nomem(p->err);
	p->objects->at[p->objects->n++] = TAKE(o);
	return 0;
}

/* One of the two texts that say what an object is; *ret stays if it is absent. */
static int type_text(struct parse *p, const struct doc_node *n, const char *key,
		     const char **ret)
{
	struct decoder d = decoder_of(p);
	const struct doc_node *value = doc_find(n, key);

	decode_enter(&d, key);
	if (value) {
		int err = decode_borrow(&d, value, ret);

		if (err)
			return err;
	}
	return *ret && **ret ? 0 : decode_error(&d, n->line, "Required value");
}

static int node_take(struct parse *p, const struct doc_node *n, const struct type *inherited,
		     unsigned int depth);

/* A List's items; "PodList" says of its items that they are Pods, "List" says nothing. */
static int list_take(struct parse *p, const struct doc_node *n, const struct type *t,
		     unsigned int depth)
{
	struct decoder d = decoder_of(p);
	const struct doc_node *items = doc_find(n, "items");
	own(free) char *item_kind = strndup(t->kind, strlen(t->kind) - strlen("List"));
	struct type item = { .api_version = t->api_version, .kind = item_kind };
	int err = 0;

	if (!item_kind)
		return err_nomem(p->err);
	err = decode_unknown(&d, &list_shape, n);
	if (err)
		return err;
	decode_enter(&d, "items");
	if (depth >= MANIFEST_DEPTH_MAX)
		return decode_error(&d, n->line, "Lists more than %u deep", MANIFEST_DEPTH_MAX);
	if (items)
		err = decode_want(&d, items, DOC_LIST);
	for (size_t i = 0; items && !err && i < items->n; i++)
		err = decode_go_on(node_take(p, items->items[i], *item_kind ? &item : NULL,
					     depth + 1));
	return err;
}

static bool is_list(const char *kind)
{
	size_t n = strlen(kind);

	return n >= 4 && !strcmp(kind + n - 4, "List");
}

static int node_take(struct parse *p, const struct doc_node *n, const struct type *inherited,
		     unsigned int depth)
{
	struct type t = inherited ? *inherited : (struct type){ 0 };
	struct decoder d = decoder_of(p);
	int kind;

	if (n->type != DOC_MAP)
		return decode_error(&d, n->line, "an object must be a map, not %s",
				    doc_type_text(n));
	if (type_text(p, n, "apiVersion", &t.api_version) < 0 ||
	    type_text(p, n, "kind", &t.kind) < 0)
		return -EINVAL;
	if (is_list(t.kind))
		return list_take(p, n, &t, depth);
	kind = type_find(&t);
	return kind < 0 ? unknown_take(p, n, &t) : object_read(p, n, (enum kind)kind);
}

/* -EAGAIN: it must be read as YAML. */
static int json_take(struct parse *p, const char *text, size_t len)
{
	own(arena_done) struct arena arena = { 0 };
	const struct doc_node *root = NULL;
	int err = json_doc_read(text, len, p->opt ? p->opt->nodes_max : 0, &arena, &root);

	if (err == -ENOMEM)
		return err_nomem(p->err);
	return err ? -EAGAIN : decode_go_on(node_take(p, root, NULL, 0));
}

/* What is no YAML ends it, but what was wrong before that is told too. */
static int reader_failed(struct parse *p, const struct err *e)
{
	if (e->code != EINVAL)
		return err_set(p->err, e->code, "%s", e->text);
	return faults_add(p->faults, p->source, UINT_MAX, e->text) ? err_nomem(p->err) : 0;
}

static int documents_take(struct parse *p, const char *text, size_t len)
{
	own(reader_close) struct reader *r = NULL;
	struct err e;
	int err = reader_open(p->name, text ? text : "", len, p->opt ? p->opt->nodes_max : 0, &r,
			      err_clear(&e));

	if (err)
		return reader_failed(p, &e);
	while (!err) {
		const struct doc_node *root = NULL;

		if (reader_next(r, &root, &e))
			return reader_failed(p, &e);
		if (!root)
			break;
		if (!doc_is_null(root))
			err = decode_go_on(node_take(p, root, NULL, 0));
	}
	return err;
}

/* What is wrong goes to the options' faults. */
static int parse(const char *name, const char *text, size_t len,
		 const struct manifest_options *opt, object_vec *objects, struct err *reterr)
{
	struct err local;
	own(parse_done) struct parse p = {
		.name = name,
		.file = shared_new(name),
		.opt = opt,
		.objects = objects,
		.faults = opt->faults,
		.source = opt->faults->sources++,
		.err = reterr ? reterr : err_clear(&local),
	};
	size_t wrong = p.faults->n;
	int err = p.file ? json_take(&p, text, len) : err_nomem(p.err);

	if (err == -EAGAIN)
		err = documents_take(&p, text, len);
	if (!err && p.faults->n == wrong)
		unknown_warn(&p);
	return err;
}

int manifest_parse(const char *name, const char *text, size_t len,
		   const struct manifest_options *opt, object_vec *objects, struct err *reterr)
{
	own(faults_done) struct faults mine = { 0 };
	struct manifest_options all = opt ? *opt : (struct manifest_options){ 0 };
	size_t before = objects->n;
	int err;

	if (!all.faults)
		all.faults = &mine;
	err = parse(name, text ? text : "", len, &all, objects, reterr) ?:
	      faults_end(&mine, reterr);

	if (err)
		objects_cut(objects, before);
	return err;
}
