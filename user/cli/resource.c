/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cli/resource.h"

#include <string.h>
#include <strings.h>

#include "base/quote.h"

void resources_done(resource_vec *resources)
{
	vec_each(r, resources)
		free(r->name);
	vec_done(resources);
}

static bool text_is(const char *a, const char *b, size_t len)
{
	return b && strlen(b) == len && !strncasecmp(a, b, len);
}

/* The plural, with the group of "discovery.k8s.io/v1" if there is one. */
const char *resource_text(enum kind kind, char buf[static RESOURCE_TEXT_MAX])
{
	const struct kind_info *k = &kind_infos[kind];
	const char *slash = strchr(k->api_version, '/');
	int group = slash ? (int)(slash - k->api_version) : 0;

	snprintf(buf, RESOURCE_TEXT_MAX, "%s%s%.*s", k->plural, group ? "." : "", group,
		 k->api_version);
	return buf;
}

bool kind_find(const char *text, size_t len, enum kind *ret)
{
	char full[RESOURCE_TEXT_MAX];

	for (enum kind i = 0; i < KIND_COUNT; i++) {
		const struct kind_info *k = &kind_infos[i];

		if (text_is(text, k->singular, len) || text_is(text, k->plural, len) ||
		    text_is(text, k->short_name, len) || text_is(text, k->printed, len) ||
		    text_is(text, resource_text(i, full), len) ||
		    (i == KIND_SLICE && text_is(text, "eps", len))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static int kind_parse(const char *text, size_t len, enum kind *ret, struct err *reterr)
{
	if (kind_find(text, len, ret))
		return 0;
	return err_set(reterr, EINVAL,
		       "unknown kind \"%.*s\": there are services, endpointslices, endpoints, "
		       "pods, nodes, and all",
		       (int)len, text);
}

static int resource_push(resource_vec *to, enum kind kind, const char *name, struct err *reterr)
{
	struct resource res = { .kind = kind };

	if (name) {
		res.name = strdup(name);
		if (!res.name)
			return err_nomem(reterr);
	}
	if (vec_push(to, res)) {
		free(res.name);
		return err_nomem(reterr);
	}
	return 0;
}

/* "svc/web" */
static int pair_parse(const char *text, resource_vec *to, struct err *reterr)
{
	const char *slash = strchr(text, '/');
	enum kind kind;
	int r;

	if (!slash)
		return err_set(reterr, EINVAL, "KIND/NAME and NAME cannot be mixed: \"%s\"", text);
	r = kind_parse(text, (size_t)(slash - text), &kind, reterr);
	if (r)
		return r;
	if (!slash[1] || strchr(slash + 1, '/'))
		return err_set(reterr, EINVAL, "\"%s\" is not KIND/NAME", text);
	return resource_push(to, kind, slash + 1, reterr);
}

/* A kind, with each of the names. */
static int kind_with_names(enum kind kind, int n_names, char **names, resource_vec *to,
			   struct err *reterr)
{
	int r = n_names ? 0 : resource_push(to, kind, NULL, reterr);

	for (int i = 0; !r && i < n_names; i++) {
		if (!*names[i] || strchr(names[i], '/'))
			return err_set(reterr, EINVAL, "\"%s\" is not the name of an object",
				       names[i]);
		r = resource_push(to, kind, names[i], reterr);
	}
	return r;
}

/* The kinds of "svc,pods", each once, in that order. "all" is all that is in a namespace. */
static int kinds_parse(const char *text, enum kind kinds[static KIND_COUNT], size_t *ret_n,
		       struct err *reterr)
{
	static const enum kind all[] = { KIND_POD, KIND_SERVICE, KIND_ENDPOINTS, KIND_SLICE };
	size_t n = 0;

	for (; text; text = *text ? text + 1 : NULL) {
		size_t len = strcspn(text, ",");
		bool every = text_is(text, "all", len);
		enum kind one = all[0];

		if (!every && kind_parse(text, len, &one, reterr))
			return -EINVAL;
		for (size_t i = 0; i < (every ? sizeof(all) / sizeof(*all) : 1); i++) {
			enum kind kind = every ? all[i] : one;
			size_t at = 0;

			while (at < n && kinds[at] != kind)
				at++;
			kinds[at] = kind;
			n += at == n;
		}
		text += len;
	}
	*ret_n = n;
	return 0;
}

int resources_parse(int argc, char **argv, resource_vec *ret, struct err *reterr)
{
	own(resources_done) resource_vec all = { 0 };
	const char *at = argc ? argv[0] : "";
	enum kind kinds[KIND_COUNT];
	size_t n = 0;
	int r = 0;

	if (!argc)
		return err_set(reterr, EINVAL, "name a kind: services, endpointslices, endpoints, pods, "
			       "nodes");

	if (strchr(at, '/')) {
		for (int i = 0; !r && i < argc; i++)
			r = pair_parse(argv[i], &all, reterr);
	} else {
		r = kinds_parse(at, kinds, &n, reterr);
		for (size_t i = 0; !r && i < n; i++)
			r = kind_with_names(kinds[i], argc - 1, argv + 1, &all, reterr);
	}
	if (r)
		return r;
	*ret = all;
	all = (resource_vec){ 0 };
	return 0;
}

static int other_namespace(struct object *o, const char *ns, struct faults *faults)
{
	char name[QUOTE_MAX], has[QUOTE_MAX], wants[QUOTE_MAX], text[ERR_TEXT_MAX];

	o->broken = true;
	snprintf(text, sizeof(text), "%s:%u: %s %s is in namespace %s, not in %s as -n says",
		 o->file ? o->file : "-", o->line, kind_infos[o->kind].singular,
		 quote(o->meta->name, name), quote(o->meta->namespace, has), quote(ns, wants));
	return faults_add(faults, o->source, o->line, text);
}

int objects_set_namespace(object_vec *objects, const char *ns, struct faults *faults)
{
	vec_each(at, objects) {
		struct object *o = *at;

		if (!kind_infos[o->kind].namespaced)
			continue;
		if (!o->meta->namespace || !*o->meta->namespace) {
			char *copy = strdup(ns ? ns : NAMESPACE_DEFAULT);

			if (!copy)
				return -ENOMEM;
			free(o->meta->namespace);
			o->meta->namespace = copy;
		} else if (ns && strcmp(o->meta->namespace, ns) != 0 &&
			   other_namespace(o, ns, faults) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}
