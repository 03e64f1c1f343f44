/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "manifest/decode.h"
#include "manifest/encode.h"

static int ip_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct endpoint *e = at;
	const char *text = NULL;
	int err = decode_borrow(d, n, &text);

	if (err)
		return err;
	return texts_push(&e->addresses, text) < 0 ? err_nomem(d->err) : 0;
}

static void ip_encode(const void *at, struct json_out *j)
{
	const struct endpoint *e = at;

	encode_text(j, "ip", e->addresses.n ? e->addresses.at[0] : NULL);
}

#define AT(member) .off = offsetof(struct endpoint, member)

static const struct field address_fields[] = {
	{ "ip", FIELD_OTHER, .decode = ip_decode, .encode = ip_encode },
	{ "hostname", FIELD_TEXT, AT(hostname), .omit_empty = true },
	{ "nodeName", FIELD_TEXT, AT(node_name) },
	{ "targetRef", FIELD_GROUP, .shape = &target_shape },
};
static const struct shape address_shape =
	SHAPE(address_fields, .size = sizeof(struct endpoint), .required = "ip");

#undef AT
#define AT(member) .off = offsetof(struct endpoints_subset, member)

static const struct field subset_fields[] = {
	{ "addresses", FIELD_LIST, AT(ready), .shape = &address_shape },
	{ "notReadyAddresses", FIELD_LIST, AT(not_ready), .shape = &address_shape },
	{ "ports", FIELD_LIST, AT(ports), .shape = &slice_port_shape },
};
static const struct shape subset_shape =
	SHAPE(subset_fields, .size = sizeof(struct endpoints_subset));

#undef AT
#define AT(member) .off = offsetof(struct endpoints, member)

static const struct field endpoints_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "subsets", FIELD_LIST, AT(subsets), .shape = &subset_shape },
};
const struct shape endpoints_shape = SHAPE(endpoints_fields, OTHERS(type_others));
