/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "manifest/conditions.h"
#include "manifest/encode.h"
#include "manifest/first_text.h"

static int pod_cidr_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct node *node = at;

	return first_text_decode(d, n, &node->pod_cidrs);
}

static void pod_cidr_encode(const void *at, struct json_out *j)
{
	const struct node *n = at;

	encode_text(j, "podCIDR", n->pod_cidrs.n ? n->pod_cidrs.at[0] : NULL);
}

/* The two types of address that matter; the other types are names. */
static text_vec *addresses_of(struct node *n, const char *type)
{
	if (!strcmp(type, "InternalIP"))
		return &n->internal_ips;
	return !strcmp(type, "ExternalIP") ? &n->external_ips : NULL;
}

struct address {
	char *type;
	char *address;
};

static const struct field address_fields[] = {
	{ "type", FIELD_TEXT, .off = offsetof(struct address, type) },
	{ "address", FIELD_TEXT, .off = offsetof(struct address, address) },
};
static const struct shape address_shape = SHAPE(address_fields, .size = sizeof(struct address));

static int address_decode(struct decoder *d, const struct doc_node *n, struct node *node)
{
	struct address a = { 0 };
	int err = decode_shape(d, &address_shape, n, &a);
	text_vec *to = !err && a.type && a.address ? addresses_of(node, a.type) : NULL;

	if (to && texts_push(to, a.address) < 0)
		err = err_nomem(d->err);
	free(a.type);
	free(a.address);
	return err;
}

static int addresses_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);

		err = decode_go_on(address_decode(d, n->items[i], at));
		decode_leave(d, mark);
	}
	return err;
}

static void addresses_add(struct json_out *j, char *type, const text_vec *texts)
{
	vec_each(t, texts) {
		const struct address a = { .type = type, .address = *t };

		json_open(j, '{');
		encode_shape(j, &address_shape, &a);
		json_close(j, '}');
	}
}

static void addresses_encode(const void *at, struct json_out *j)
{
	const struct node *n = at;

	if (!n->internal_ips.n && !n->external_ips.n)
		return;
	json_key(j, "addresses");
	json_open(j, '[');
	addresses_add(j, "InternalIP", &n->internal_ips);
	addresses_add(j, "ExternalIP", &n->external_ips);
	json_close(j, ']');
}

/* --- the processors ---------------------------------------------------------------- */

#define CPU_MAX_MILLI 4000000000.0	/* four million processors */

/* Thousandths of "4", "0.5" or "3920m"; negative if it is none. */
static double cpu_milli(const char *text)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || !isdigit((unsigned char)text[0]))
		return -1;
	if (!strcmp(end, "m"))
		return v;
	return *end ? -1 : v * 1000;
}

static int cpu_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct node *node = at;
	bool fits = n->type == DOC_SCALAR && (n->scalar == SCALAR_TEXT || n->scalar == SCALAR_INT ||
					      n->scalar == SCALAR_FLOAT);
	double v = fits ? cpu_milli(n->text) : -1;

	if (!(v >= 0 && v <= CPU_MAX_MILLI))
		return decode_error(d, n->line, "must be a number of processors like 4 or 3920m");
	node->cpu_milli = (uint32_t)v;
	return 0;
}

static void cpu_encode(const void *at, struct json_out *j)
{
	const struct node *n = at;
	char text[16];

	snprintf(text, sizeof(text), "%um", n->cpu_milli);
	encode_text(j, "cpu", n->cpu_milli ? text : NULL);
}

static int ready_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct node *node = at;

	return conditions_decode_ready(d, n, &node->ready);
}

static void ready_encode(const void *at, struct json_out *j)
{
	const struct node *n = at;

	if (n->ready != TRI_UNSET)
		conditions_encode_ready(j, n->ready == TRI_TRUE);
}

#define AT(member) .off = offsetof(struct node, member)

static const struct field spec_fields[] = {
	{ "podCIDRs", FIELD_TEXTS, AT(pod_cidrs) },
	{ "unschedulable", FIELD_BOOL, AT(unschedulable) },
	{ "podCIDR", FIELD_OTHER, .decode = pod_cidr_decode, .encode = pod_cidr_encode },
};
/* As of Kubernetes 1.32 to 1.35. */
static const struct other_field spec_others[] = {
	OTHER("configSource"), OTHER("externalID"), OTHER("providerID"), OTHER("taints"),
};
static const struct shape spec_shape = SHAPE(spec_fields, OTHERS(spec_others));

static const struct field allocatable_fields[] = {
	{ "cpu", FIELD_OTHER, .decode = cpu_decode, .encode = cpu_encode },
};
/* Resources have any name. */
static const struct shape allocatable_shape = SHAPE(allocatable_fields, .open = true);

static const struct field status_fields[] = {
	{ "addresses", FIELD_OTHER, .decode = addresses_decode, .encode = addresses_encode },
	{ "allocatable", FIELD_GROUP, .shape = &allocatable_shape },
	{ "conditions", FIELD_OTHER, .decode = ready_decode, .encode = ready_encode },
};
static const struct other_field status_others[] = {
	OTHER("capacity"), OTHER("config"), OTHER("daemonEndpoints"), OTHER("declaredFeatures"),
	OTHER("features"), OTHER("images"), OTHER("nodeInfo"), OTHER("phase"),
	OTHER("runtimeHandlers"), OTHER("volumesAttached"), OTHER("volumesInUse"),
};
static const struct shape status_shape = SHAPE(status_fields, OTHERS(status_others));

static const struct field node_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "spec", FIELD_GROUP, .shape = &spec_shape },
	{ "status", FIELD_GROUP, .shape = &status_shape },
};
const struct shape node_shape = SHAPE(node_fields, OTHERS(type_others));
