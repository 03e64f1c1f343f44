/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "manifest/decode.h"
#include "manifest/encode.h"

enum { ADDRESS_FQDN = FAMILY_COUNT + 1 };

static const struct choice address_choices[] = {
	{ "FQDN", ADDRESS_FQDN }, { "IPv4", FAMILY_V4 + 1 }, { "IPv6", FAMILY_V6 + 1 },
	{ NULL, 0 },
};

static int address_type_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct slice *s = at;
	unsigned int v = 0;
	int err = decode_choice(d, n, address_choices, &v);

	if (err)
		return err;
	if (!v)
		return decode_error(d, n->line, "Required value");
	s->fqdn = v == ADDRESS_FQDN;
	s->family = s->fqdn ? FAMILY_V4 : v - 1;
	return 0;
}

static void address_type_encode(const void *at, struct json_out *j)
{
	const struct slice *s = at;

	encode_text(j, "addressType", s->fqdn ? "FQDN" : family_name(s->family));
}

#define AT(member) .off = offsetof(struct endpoint, member)

static const struct field condition_fields[] = {
	{ "ready", FIELD_TRISTATE, AT(ready) },
	{ "serving", FIELD_TRISTATE, AT(serving) },
	{ "terminating", FIELD_TRISTATE, AT(terminating) },
};
static const struct shape condition_shape = SHAPE(condition_fields);

static const struct field hint_fields[] = {
	{ "forNodes", FIELD_NAMES, AT(node_hints), .sub = "name" },
	{ "forZones", FIELD_NAMES, AT(zone_hints), .sub = "name" },
};
static const struct shape hint_shape = SHAPE(hint_fields);

static const struct field target_fields[] = {
	{ "kind", FIELD_TEXT, AT(target_kind) },
	{ "namespace", FIELD_TEXT, AT(target_namespace) },
	{ "name", FIELD_TEXT, AT(target_name) },
};
static const struct other_field target_others[] = {
	OTHER("apiVersion"), OTHER("fieldPath"), OTHER("resourceVersion"), OTHER("uid"),
};
const struct shape target_shape = SHAPE(target_fields, OTHERS(target_others));

static const struct field endpoint_fields[] = {
	{ "addresses", FIELD_TEXTS, AT(addresses) },
	{ "conditions", FIELD_GROUP, .shape = &condition_shape },
	{ "hints", FIELD_GROUP, .shape = &hint_shape },
	{ "hostname", FIELD_TEXT, AT(hostname) },
	{ "nodeName", FIELD_TEXT, AT(node_name) },
	{ "targetRef", FIELD_GROUP, .shape = &target_shape },
	{ "zone", FIELD_TEXT, AT(zone) },
};
/* Labels, from before v1. */
static const struct other_field endpoint_others[] = {
	OTHER("deprecatedTopology"),
};
static const struct shape endpoint_shape =
	SHAPE(endpoint_fields, .size = sizeof(struct endpoint), OTHERS(endpoint_others));

#undef AT
#define AT(member) .off = offsetof(struct slice_port, member)

static const struct field port_fields[] = {
	{ "name", FIELD_TEXT, AT(name) },
	{ "protocol", FIELD_CHOICE, AT(protocol), .choices = protocol_choices },
	{ "port", FIELD_PORT, AT(port) },
	{ "appProtocol", FIELD_TEXT, AT(app_protocol) },
};
const struct shape slice_port_shape =
	SHAPE(port_fields, .size = sizeof(struct slice_port));

#undef AT
#define AT(member) .off = offsetof(struct slice, member)

static const struct field slice_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "addressType", FIELD_OTHER,
	  .decode = address_type_decode, .encode = address_type_encode },
	{ "ports", FIELD_LIST, AT(ports), .shape = &slice_port_shape },
	{ "endpoints", FIELD_LIST, AT(endpoints), .shape = &endpoint_shape },
};
const struct shape slice_shape = SHAPE(slice_fields, .required = "addressType", OTHERS(type_others));
