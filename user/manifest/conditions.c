/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/conditions.h"

#include <string.h>

#include "manifest/encode.h"

struct condition {
	char *type;
	char *status;
};

static const struct field condition_fields[] = {
	{ "type", FIELD_TEXT, .off = offsetof(struct condition, type) },
	{ "status", FIELD_TEXT, .off = offsetof(struct condition, status) },
};
/* Of Pods and of Nodes. */
static const struct other_field condition_others[] = {
	OTHER("lastHeartbeatTime"), OTHER("lastProbeTime"), OTHER("lastTransitionTime"),
	OTHER("message"), OTHER("observedGeneration"), OTHER("reason"),
};
static const struct shape condition_shape =
	SHAPE(condition_fields, .size = sizeof(struct condition), OTHERS(condition_others));

static int condition_decode(struct decoder *d, const struct doc_node *n, enum tristate *ret)
{
	struct condition c = { 0 };
	int err = decode_shape(d, &condition_shape, n, &c);

	if (!err && c.type && c.status && !strcmp(c.type, "Ready"))
		*ret = !strcmp(c.status, "True") ? TRI_TRUE : TRI_FALSE;
	free(c.type);
	free(c.status);
	return err;
}

int conditions_decode_ready(struct decoder *d, const struct doc_node *n, enum tristate *ret)
{
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);

		err = decode_go_on(condition_decode(d, n->items[i], ret));
		decode_leave(d, mark);
	}
	return err;
}

void conditions_encode_ready(struct json_out *j, bool ready)
{
	const struct condition c = { .type = "Ready", .status = ready ? "True" : "False" };
	const struct any_vec one = { .at = (void *)&c, .n = 1 };

	encode_list(j, "conditions", &condition_shape, &one);
}
