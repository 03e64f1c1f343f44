/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "model/kinds.h"
#include "model/syntax.h"

#define ANNOTATION_BYTES_MAX (256 * 1024)

bool owner_is_service(const struct owner *o)
{
	/* Others call their kinds Service, too. */
	if (o->api_version && strcmp(o->api_version, kind_infos[KIND_SERVICE].api_version) != 0)
		return false;
	return o->name && o->kind && (!strcmp(o->kind, kind_infos[KIND_SERVICE].kind) ||
				      !strcmp(o->kind, kind_infos[KIND_ENDPOINTS].kind));
}

int owner_add(struct meta *m, const struct owner *from)
{
	struct owner *to;

	if (vec_reserve(&m->owners, 1) < 0)
		return -ENOMEM;
	to = &m->owners.at[m->owners.n++];
	*to = (struct owner){ .controller = from->controller,
			      .block_deletion = from->block_deletion };
	if (text_copy(&to->api_version, from->api_version) < 0 ||
	    text_copy(&to->kind, from->kind) < 0 || text_copy(&to->name, from->name) < 0 ||
	    text_copy(&to->uid, from->uid) < 0)
		return -ENOMEM;
	return 0;
}

int meta_copy(struct meta *to, const struct meta *from)
{
	to->created = from->created;
	to->deleted = from->deleted;
	if (text_copy(&to->name, from->name) < 0 ||
	    text_copy(&to->namespace, from->namespace) < 0 ||
	    text_copy(&to->uid, from->uid) < 0 ||
	    text_copy(&to->generate_name, from->generate_name) < 0 ||
	    labels_copy(&to->labels, &from->labels) < 0 ||
	    labels_copy(&to->annotations, &from->annotations) < 0)
		return -ENOMEM;
	vec_each(o, &from->owners) {
		if (owner_add(to, o) < 0)
			return -ENOMEM;
	}
	return 0;
}

void meta_done(struct meta *m)
{
	free(m->name);
	free(m->namespace);
	free(m->uid);
	free(m->generate_name);
	labels_done(&m->labels);
	labels_done(&m->annotations);
	vec_each(o, &m->owners) {
		free(o->api_version);
		free(o->kind);
		free(o->name);
		free(o->uid);
	}
	vec_done(&m->owners);
}

void meta_sort_labels(struct meta *m)
{
	labels_sort(&m->labels);
}

int meta_default(struct meta *m, bool namespaced)
{
	const char *namespace = m->namespace && *m->namespace ? m->namespace : "default";
	char *copy = strdup(namespaced ? namespace : "");

	if (!copy)
		return -ENOMEM;
	free(m->namespace);
	m->namespace = copy;
	labels_sort(&m->labels);
	labels_sort(&m->annotations);
	return 0;
}

static void annotations_check(struct refuse *r, const label_vec *annotations)
{
	size_t bytes = 0;

	vec_each(a, annotations) {
		const char *wrong = annotation_key_wrong(a->key);

		if (wrong)
			refuse_text(r, a->key, wrong, "metadata.annotations");
		bytes += strlen(a->key) + strlen(a->value);
	}
	if (bytes > ANNOTATION_BYTES_MAX)
		refuse_long(r, ANNOTATION_BYTES_MAX, "metadata.annotations");
}

void labels_check(struct refuse *r, const label_vec *labels, const char *field)
{
	vec_each(l, labels) {
		const char *wrong = label_key_wrong(l->key);

		if (wrong)
			refuse_text(r, l->key, wrong, "%s", field);
		wrong = label_value_wrong(l->value);
		if (wrong)
			refuse_text(r, l->value, wrong, "%s", field);
	}
}

static void owners_check(struct refuse *r, const owner_vec *owners)
{
	for (size_t i = 0; i < owners->n; i++) {
		const struct owner *o = &owners->at[i];

		if (!o->kind || !*o->kind)
			refuse_absent(r, NULL, "metadata.ownerReferences[%zu].kind", i);
		if (!o->name || !*o->name)
			refuse_absent(r, NULL, "metadata.ownerReferences[%zu].name", i);
	}
}

static void name_check(struct refuse *r, const struct meta *m,
		       const char *(*name_wrong)(const char *))
{
	const char *wrong;

	if (!m->name || !*m->name) {
		refuse_absent(r, m->generate_name && *m->generate_name ?
			      "generateName is not supported, give a name" :
			      "a name is required", "metadata.name");
		return;
	}
	wrong = name_wrong(m->name);
	if (wrong)
		refuse_text(r, m->name, wrong, "metadata.name");
}

void meta_check(struct refuse *r, const struct meta *m, const char *(*name_wrong)(const char *))
{
	const char *wrong =
		kind_infos[r->object->kind].namespaced ? dns_label_wrong(m->namespace) : NULL;

	name_check(r, m, name_wrong);
	if (wrong)
		refuse_text(r, m->namespace, wrong, "metadata.namespace");
	labels_check(r, &m->labels, "metadata.labels");
	annotations_check(r, &m->annotations);
	owners_check(r, &m->owners);
}
