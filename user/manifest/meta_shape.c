/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* metadata, and the names that several kinds share. */
#include "manifest/shape.h"

const struct choice protocol_choices[] = {
	{ "SCTP", PROTO_SCTP }, { "TCP", PROTO_TCP }, { "UDP", PROTO_UDP }, { NULL, 0 },
};

/* One more than the enum, since 0 is "not given". */
const struct choice family_choices[] = {
	{ "IPv4", FAMILY_V4 + 1 }, { "IPv6", FAMILY_V6 + 1 }, { NULL, 0 },
};

#define AT(member) .off = offsetof(struct owner, member)

static const struct field owner_fields[] = {
	{ "apiVersion", FIELD_TEXT, AT(api_version) },
	{ "kind", FIELD_TEXT, AT(kind) },
	{ "name", FIELD_TEXT, AT(name) },
	{ "uid", FIELD_TEXT, AT(uid) },
	{ "controller", FIELD_TRISTATE, AT(controller) },
	{ "blockOwnerDeletion", FIELD_TRISTATE, AT(block_deletion) },
};
static const struct shape owner_shape = SHAPE(owner_fields, .size = sizeof(struct owner));

/* Not of the object, but of its history. */
static const struct other_field meta_others[] = {
	OTHER("deletionGracePeriodSeconds"), OTHER("finalizers"), OTHER("generation"),
	OTHER("managedFields"), OTHER("resourceVersion"), OTHER("selfLink"),
};

#undef AT
#define AT(member) .off = offsetof(struct meta, member)

static const struct field meta_fields[] = {
	{ "name", FIELD_TEXT, AT(name) },
	{ "generateName", FIELD_TEXT, AT(generate_name) },
	{ "namespace", FIELD_TEXT, AT(namespace), .omit_empty = true },
	{ "uid", FIELD_TEXT, AT(uid) },
	{ "labels", FIELD_LABELS, AT(labels) },
	{ "annotations", FIELD_LABELS, AT(annotations) },
	{ "ownerReferences", FIELD_LIST, AT(owners), .shape = &owner_shape },
	{ "creationTimestamp", FIELD_TIME, AT(created) },
	{ "deletionTimestamp", FIELD_TIME, AT(deleted) },
};
const struct shape meta_shape = SHAPE(meta_fields, OTHERS(meta_others));

const struct other_field type_others[2] = { OTHER("apiVersion"), OTHER("kind") };

static const struct other_field list_meta_others[] = {
	OTHER("continue"), OTHER("remainingItemCount"), OTHER("resourceVersion"),
	OTHER("selfLink"),
};
static const struct shape list_meta_shape = { OTHERS(list_meta_others) };

static const struct other_field list_others[] = {
	OTHER("apiVersion"), OTHER("items"), OTHER("kind"), { "metadata", &list_meta_shape },
};
const struct shape list_shape = { OTHERS(list_others) };

const struct shape *kind_shape(enum kind kind)
{
	static const struct shape *const shapes[KIND_COUNT] = {
		[KIND_SERVICE] = &service_shape,
		[KIND_SLICE] = &slice_shape,
		[KIND_ENDPOINTS] = &endpoints_shape,
		[KIND_POD] = &pod_shape,
		[KIND_NODE] = &node_shape,
	};

	return shapes[kind];
}
