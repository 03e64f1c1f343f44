/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "manifest/conditions.h"
#include "manifest/encode.h"
#include "manifest/first_text.h"

/* --- containers: only their ports ------------------------------------------------- */

#define AT(member) .off = offsetof(struct container_port, member)

static const struct field port_fields[] = {
	{ "name", FIELD_TEXT, AT(name) },
	{ "protocol", FIELD_CHOICE, AT(protocol), .choices = protocol_choices },
	{ "containerPort", FIELD_PORT, AT(port) },
};
static const struct shape port_shape = SHAPE(port_fields, .size = sizeof(struct container_port));

#undef AT

static int container_decode(struct decoder *d, const struct doc_node *n, bool init,
			    struct pod *p)
{
	const struct doc_node *ports;
	const struct doc_node *restart;
	size_t mark;
	int err = decode_want(d, n, DOC_MAP);

	if (err)
		return err;
	/* An init container that is always restarted is a sidecar: it serves. */
	restart = doc_find(n, "restartPolicy");
	if (init && (!restart || restart->type != DOC_SCALAR ||
		     strcmp(restart->text, "Always") != 0))
		return 0;
	ports = doc_find(n, "ports");
	if (!ports)
		return 0;
	mark = decode_enter(d, "ports");
	err = decode_list(d, &port_shape, ports, &p->ports);
	decode_leave(d, mark);
	return err;
}

static int containers_decode_some(struct decoder *d, const struct doc_node *n, bool init,
				  struct pod *p)
{
	int err = decode_want(d, n, DOC_LIST);

	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);

		err = decode_go_on(container_decode(d, n->items[i], init, p));
		decode_leave(d, mark);
	}
	return err;
}

static int containers_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return containers_decode_some(d, n, false, at);
}

static int init_containers_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return containers_decode_some(d, n, true, at);
}

/* Which port was whose is not kept: one container has them all. */
static int containers_encode(const void *at, json_t *map)
{
	const struct pod *p = at;
	own(json_unref) json_t *list = NULL;
	own(json_unref) json_t *container = NULL;

	if (!p->ports.n)
		return 0;
	list = json_array();
	container = json_object();
	if (encode_text(container, "name", "main") < 0 ||
	    encode_list(container, "ports", &port_shape, &p->ports) < 0 ||
	    json_array_append_new(list, TAKE(container)) < 0)
		return -ENOMEM;
	return json_object_set_new(map, "containers", TAKE(list)) < 0 ? -ENOMEM : 0;
}

static int nothing_encode(const void *at, json_t *map)
{
	return 0;
}

/* --- status ----------------------------------------------------------------------- */

static int pod_ip_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct pod *p = at;

	return first_text_decode(d, n, &p->ips);
}

static int pod_ip_encode(const void *at, json_t *map)
{
	const struct pod *p = at;

	return p->ips.n ? encode_text(map, "podIP", p->ips.at[0]) : 0;
}

static int phase_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct pod *p = at;
	const char *phase = NULL;
	int err = decode_borrow(d, n, &phase);

	if (!err)
		p->finished = !strcmp(phase, "Succeeded") || !strcmp(phase, "Failed");
	return err;
}

static int phase_encode(const void *at, json_t *map)
{
	const struct pod *p = at;

	if (p->finished)
		return encode_text(map, "phase", "Succeeded");
	return p->ready ? encode_text(map, "phase", "Running") : 0;
}

static int conditions_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct pod *p = at;
	enum tristate ready = TRI_UNSET;
	int err = conditions_decode_ready(d, n, &ready);

	p->ready = ready == TRI_TRUE;
	return err;
}

static int conditions_encode(const void *at, json_t *map)
{
	const struct pod *p = at;

	return conditions_encode_ready(map, p->ready);
}

/* --- the tables ------------------------------------------------------------------- */

#define AT(member) .off = offsetof(struct pod, member)

static const struct field spec_fields[] = {
	{ "nodeName", FIELD_TEXT, AT(node_name) },
	{ "hostname", FIELD_TEXT, AT(hostname) },
	{ "subdomain", FIELD_TEXT, AT(subdomain) },
	{ "hostNetwork", FIELD_BOOL, AT(host_network) },
	{ "containers", FIELD_OTHER, .decode = containers_decode, .encode = containers_encode },
	{ "initContainers", FIELD_OTHER,
	  .decode = init_containers_decode, .encode = nothing_encode },
};
static const struct shape spec_shape = SHAPE(spec_fields);

static const struct field status_fields[] = {
	{ "phase", FIELD_OTHER, .decode = phase_decode, .encode = phase_encode },
	{ "conditions", FIELD_OTHER, .decode = conditions_decode, .encode = conditions_encode },
	{ "podIPs", FIELD_NAMES, AT(ips), .sub = "ip" },
	{ "podIP", FIELD_OTHER, .decode = pod_ip_decode, .encode = pod_ip_encode },
};
static const struct shape status_shape = SHAPE(status_fields);

static const struct field pod_fields[] = {
	{ "metadata", FIELD_GROUP, AT(meta), .shape = &meta_shape },
	{ "spec", FIELD_GROUP, .shape = &spec_shape },
	{ "status", FIELD_GROUP, .shape = &status_shape },
};
const struct shape pod_shape = SHAPE(pod_fields);
