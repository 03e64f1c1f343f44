/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "manifest/container_shape.h"

#include <string.h>

#include "manifest/encode.h"
#include "manifest/scalar.h"

/* --- the containers: their names and ports ---------------------------------------- */

#define AT(member) .off = offsetof(struct container_port, member)

static const struct field port_fields[] = {
	{ "name", FIELD_TEXT, AT(name) },
	{ "protocol", FIELD_CHOICE, AT(protocol), .choices = protocol_choices },
	{ "containerPort", FIELD_PORT, AT(port) },
};
static const struct other_field port_others[] = {
	OTHER("hostIP"), OTHER("hostPort"),
};
static const struct shape port_shape =
	SHAPE(port_fields, .size = sizeof(struct container_port), OTHERS(port_others));

#undef AT

/* Of a container all that there is; what is read of it is picked by hand. */
static const struct other_field container_others[] = {
	OTHER("args"), OTHER("command"), OTHER("env"), OTHER("envFrom"), OTHER("image"),
	OTHER("imagePullPolicy"), OTHER("lifecycle"), OTHER("livenessProbe"), OTHER("name"),
	OTHER("ports"), OTHER("readinessProbe"), OTHER("resizePolicy"), OTHER("resources"),
	OTHER("restartPolicy"), OTHER("restartPolicyRules"), OTHER("securityContext"),
	OTHER("startupProbe"), OTHER("stdin"), OTHER("stdinOnce"),
	OTHER("terminationMessagePath"), OTHER("terminationMessagePolicy"), OTHER("tty"),
	OTHER("volumeDevices"), OTHER("volumeMounts"), OTHER("workingDir"),
};
static const struct shape container_names = { OTHERS(container_others) };

/* What is looked for by name, one after the other, must not be too many. */
static int container_push(struct decoder *d, const struct doc_node *n, struct pod *p,
			  const struct container *c)
{
	if (p->containers.n >= CONTAINERS_MAX)
		return decode_error(d, n->line, "more than %u containers", CONTAINERS_MAX);
	return vec_push(&p->containers, *c) < 0 ? err_nomem(d->err) : 0;
}

static int ports_decode(struct decoder *d, const struct doc_node *n, struct pod *p)
{
	const struct doc_node *ports = doc_find(n, "ports");
	size_t mark;
	int err;

	if (!ports)
		return 0;
	mark = decode_enter(d, "ports");
	err = decode_list(d, &port_shape, ports, &p->ports);
	decode_leave(d, mark);
	return err;
}

static int name_decode(struct decoder *d, const struct doc_node *n, char **ret)
{
	const struct doc_node *name = doc_find(n, "name");
	size_t mark;
	int err;

	if (!name)
		return 0;
	mark = decode_enter(d, "name");
	err = decode_text(d, name, ret);
	decode_leave(d, mark);
	return err;
}

static int container_decode(struct decoder *d, const struct doc_node *n, bool init,
			    struct pod *p)
{
	size_t before = p->ports.n;
	struct container *c;
	const struct doc_node *restart;
	int err = decode_want(d, n, DOC_MAP) ?: decode_unknown(d, &container_names, n);

	if (err)
		return err;
	/* An init container that is always restarted is a sidecar: it serves. */
	restart = doc_find(n, "restartPolicy");
	if (init && (!restart || restart->type != DOC_SCALAR ||
		     strcmp(restart->text, "Always") != 0))
		return 0;
	err = container_push(d, n, p, &(struct container){ .sidecar = init });
	if (err)
		return err;
	c = &p->containers.at[p->containers.n - 1];
	err = name_decode(d, n, &c->name);
	if (!err)
		err = ports_decode(d, n, p);
	c->n_ports = p->ports.n - before;
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

int containers_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return containers_decode_some(d, n, false, at);
}

int sidecars_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return containers_decode_some(d, n, true, at);
}

static void container_encode(struct json_out *j, const struct container *c,
			     const struct any_vec *ports)
{
	json_open(j, '{');
	encode_text(j, "name", c->name);
	encode_text(j, "restartPolicy", c->sidecar ? "Always" : NULL);
	encode_list(j, "ports", &port_shape, ports);
	json_close(j, '}');
}

/* The list's end; as if it had not begun at @mark if nothing is in it. */
static void list_close(struct json_out *j, size_t mark)
{
	if (json_is_empty(j))
		json_cut(j, mark);
	else
		json_close(j, ']');
}

static void containers_encode_some(const struct pod *p, bool sidecars, const char *key,
				   struct json_out *j)
{
	struct any_vec ports = { .at = p->ports.at };
	size_t mark = j->n;

	json_key(j, key);
	json_open(j, '[');
	vec_each(c, &p->containers) {
		ports.n = c->n_ports;
		if (c->sidecar == sidecars)
			container_encode(j, c, &ports);
		if (ports.n)	/* there may be no array at all */
			ports.at = (struct container_port *)ports.at + ports.n;
	}
	list_close(j, mark);
}

void containers_encode(const void *at, struct json_out *j)
{
	containers_encode_some(at, false, "containers", j);
}

void sidecars_encode(const void *at, struct json_out *j)
{
	containers_encode_some(at, true, "initContainers", j);
}

/* --- their statuses --------------------------------------------------------------- */

static const char *const state_keys[] = {
	[CONTAINER_WAITING] = "waiting",
	[CONTAINER_RUNNING] = "running",
	[CONTAINER_TERMINATED] = "terminated",
};

#define STATES (sizeof(state_keys) / sizeof(*state_keys))

static const struct other_field waiting_others[] = {
	OTHER("message"), OTHER("reason"),
};
static const struct other_field running_others[] = {
	OTHER("startedAt"),
};
static const struct other_field terminated_others[] = {
	OTHER("containerID"), OTHER("exitCode"), OTHER("finishedAt"), OTHER("message"),
	OTHER("reason"), OTHER("signal"), OTHER("startedAt"),
};

static const struct shape waiting_names = { OTHERS(waiting_others) };
static const struct shape running_names = { OTHERS(running_others) };
static const struct shape terminated_names = { OTHERS(terminated_others) };

static const struct other_field state_others[] = {
	{ "running", &running_names }, { "terminated", &terminated_names },
	{ "waiting", &waiting_names },
};
static const struct shape state_names = { OTHERS(state_others) };

static int reason_decode(struct decoder *d, const struct doc_node *n, struct container *c)
{
	const struct doc_node *reason;
	int err = decode_want(d, n, DOC_MAP);
	size_t mark;

	reason = err ? NULL : doc_find(n, "reason");
	if (!reason)
		return err;
	mark = decode_enter(d, "reason");
	err = decode_text(d, reason, &c->reason);
	decode_leave(d, mark);
	return err;
}

static int state_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct container *c = at;
	int err = decode_want(d, n, DOC_MAP) ?: decode_unknown(d, &state_names, n);

	for (size_t i = CONTAINER_WAITING; !err && i < STATES; i++) {
		const struct doc_node *state = doc_find(n, state_keys[i]);
		size_t mark;

		if (!state)
			continue;
		c->state = i;
		mark = decode_enter(d, state_keys[i]);
		err = reason_decode(d, state, c);
		decode_leave(d, mark);
	}
	return err;
}

static void state_encode(const void *at, struct json_out *j)
{
	const struct container *c = at;

	if (c->state == CONTAINER_UNKNOWN)
		return;
	json_key(j, "state");
	json_open(j, '{');
	json_key(j, state_keys[c->state]);
	json_open(j, '{');
	encode_text(j, "reason", c->reason);
	json_close(j, '}');
	json_close(j, '}');
}

static int restarts_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	struct container *c = at;
	int64_t v = -1;

	if (n->type != DOC_SCALAR || n->scalar != SCALAR_INT || scalar_int(n->text, &v) < 0 ||
	    v < 0 || v > INT32_MAX)
		return decode_error(d, n->line, "must be a number between 0 and %d", INT32_MAX);
	c->restarts = (uint32_t)v;
	return 0;
}

static void restarts_encode(const void *at, struct json_out *j)
{
	const struct container *c = at;

	json_key(j, "restartCount");
	json_number(j, c->restarts);
}

#define AT(member) .off = offsetof(struct container, member)

static const struct field status_fields[] = {
	{ "name", FIELD_TEXT, AT(name) },
	{ "ready", FIELD_BOOL, AT(ready), .always = true },
	{ "restartCount", FIELD_OTHER, .decode = restarts_decode, .encode = restarts_encode },
	{ "state", FIELD_OTHER, .decode = state_decode, .encode = state_encode },
};
static const struct other_field status_others[] = {
	OTHER("allocatedResources"), OTHER("allocatedResourcesStatus"), OTHER("containerID"),
	OTHER("image"), OTHER("imageID"), OTHER("lastState"), OTHER("resources"),
	OTHER("started"), OTHER("stopSignal"), OTHER("user"), OTHER("volumeMounts"),
};
static const struct shape status_shape =
	SHAPE(status_fields, .size = sizeof(struct container), .required = "name",
	      OTHERS(status_others));

#undef AT

static struct container *container_find(struct pod *p, const struct container *named)
{
	vec_each(c, &p->containers) {
		if (c->sidecar == named->sidecar && c->name && named->name &&
		    !strcmp(c->name, named->name))
			return c;
	}
	return NULL;
}

/* Containers come before sidecars, whatever list told of them. */
static void container_move_up(struct pod *p)
{
	size_t last = p->containers.n - 1, i = last;
	struct container c = p->containers.at[last];

	for (; i > 0 && p->containers.at[i - 1].sidecar; i--)
		p->containers.at[i] = p->containers.at[i - 1];
	p->containers.at[i] = c;
}

/* Takes @status over. An init container that is no sidecar was not kept, and its status is not. */
static int status_put(struct decoder *d, const struct doc_node *n, struct container *status,
		      struct pod *p)
{
	struct container *c = container_find(p, status);
	int err = 0;

	status->reported = true;
	if (!c && !status->sidecar) {
		err = container_push(d, n, p, status);
		if (!err) {
			container_move_up(p);
			return 0;
		}
	}
	if (c) {
		free(c->reason);
		c->reason = TAKE(status->reason);
		c->reported = true;
		c->ready = status->ready;
		c->restarts = status->restarts;
		c->state = status->state;
	}
	free(status->name);
	free(status->reason);
	return err;
}

static int status_decode(struct decoder *d, const struct doc_node *n, bool sidecar, struct pod *p)
{
	struct container status = { 0 };
	int err = decode_shape(d, &status_shape, n, &status);

	status.sidecar = sidecar;
	if (!err)
		return status_put(d, n, &status, p);
	free(status.name);
	free(status.reason);
	return err;
}

static int statuses_decode(struct decoder *d, const struct doc_node *n, bool sidecars,
			   struct pod *p)
{
	int err = decode_want(d, n, DOC_LIST);

	if (!err && n->n > CONTAINERS_MAX)
		err = decode_error(d, n->line, "more than %u containers", CONTAINERS_MAX);
	for (size_t i = 0; !err && i < n->n; i++) {
		size_t mark = decode_enter_item(d, i);

		err = status_decode(d, n->items[i], sidecars, p);
		decode_leave(d, mark);
	}
	return err;
}

int container_statuses_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return statuses_decode(d, n, false, at);
}

int sidecar_statuses_decode(struct decoder *d, const struct doc_node *n, void *at)
{
	return statuses_decode(d, n, true, at);
}

static void statuses_encode(const struct pod *p, bool sidecars, const char *key,
			    struct json_out *j)
{
	size_t mark = j->n;

	json_key(j, key);
	json_open(j, '[');
	vec_each(c, &p->containers) {
		if (c->sidecar != sidecars || !c->reported)
			continue;
		json_open(j, '{');
		encode_shape(j, &status_shape, c);
		json_close(j, '}');
	}
	list_close(j, mark);
}

void container_statuses_encode(const void *at, struct json_out *j)
{
	statuses_encode(at, false, "containerStatuses", j);
}

void sidecar_statuses_encode(const void *at, struct json_out *j)
{
	statuses_encode(at, true, "initContainerStatuses", j);
}
