/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The columns of Pods, most of which kubectl works out from their containers. */
#include <string.h>

#include "cli/columns.h"

#define CELL(name)                                                                 \
	static void name(FILE *out, const struct object *o, const struct column_env *env)

static bool container_is_ready(const struct container *c)
{
	return c->ready && c->state != CONTAINER_WAITING && c->state != CONTAINER_TERMINATED;
}

/* A Pod has a container at least, also where nothing was said of any. */
CELL(cell_ready)
{
	const struct pod *p = &o->u.pod;
	size_t all = p->containers.n ? p->containers.n : 1, ready = 0;
	bool reported = false;

	vec_each(c, &p->containers) {
		reported |= c->reported;
		ready += container_is_ready(c);
	}
	fprintf(out, "%zu/%zu", reported ? ready : p->ready ? all : 0, all);
}

static const char *phase_text(const struct pod *p)
{
	static const char *const texts[] = {
		[PHASE_PENDING] = "Pending", [PHASE_RUNNING] = "Running",
		[PHASE_SUCCEEDED] = "Succeeded", [PHASE_FAILED] = "Failed",
		[PHASE_UNKNOWN] = "Unknown",
	};

	if (p->phase == PHASE_UNSET)
		return p->ips.n ? "Running" : "Pending";
	return texts[p->phase];
}

/* The first container that has something to say says it, unless others run on. */
static const char *status_text(const struct pod *p)
{
	const char *text = p->reason && *p->reason ? p->reason : phase_text(p);
	bool running = false;

	for (size_t i = p->containers.n; i-- > 0;) {
		const struct container *c = &p->containers.at[i];

		if (c->sidecar)
			continue;
		if (c->state == CONTAINER_TERMINATED)
			text = c->reason && *c->reason ? c->reason : "Error";
		else if (c->state == CONTAINER_WAITING && c->reason && *c->reason)
			text = c->reason;
		running |= container_is_ready(c);
	}
	if (running && !strcmp(text, "Completed"))
		text = p->ready ? "Running" : "NotReady";
	return text;
}

const char *pod_status_text(const struct pod *p)
{
	if (p->meta.deleted && p->reason && !strcmp(p->reason, "NodeLost"))
		return "Unknown";
	if (p->meta.deleted && !pod_is_finished(p))
		return "Terminating";
	return status_text(p);
}

CELL(cell_status)
{
	fputs(pod_status_text(&o->u.pod), out);
}

CELL(cell_restarts)
{
	uint64_t n = 0;

	vec_each(c, &o->u.pod.containers)
		n += c->restarts;
	fprintf(out, "%llu", (unsigned long long)n);
}

CELL(cell_ip)
{
	fputs(o->u.pod.ips.n ? o->u.pod.ips.at[0] : "<none>", out);
}

CELL(cell_node)
{
	const char *node = o->u.pod.node_name;

	fputs(node && *node ? node : "<none>", out);
}

const struct column pod_columns[] = {
	{ "NAME", false, cell_name },
	{ "READY", false, cell_ready },
	{ "STATUS", false, cell_status },
	{ "RESTARTS", false, cell_restarts },
	{ "AGE", false, cell_age },
	{ "IP", true, cell_ip },
	{ "NODE", true, cell_node },
	{ 0 },
};
