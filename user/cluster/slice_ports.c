/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The ports of slices and Endpoints, which tell one slice of a Service from another. */
#include <string.h>

#include "cluster/slice_build.h"

bool slice_ports_same(const slice_port_vec *a, const slice_port_vec *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct slice_port *p = &a->at[i], *q = &b->at[i];

		if (p->port != q->port || p->protocol != q->protocol ||
		    strcmp(p->name ? p->name : "", q->name ? q->name : "") != 0)
			return false;
	}
	return true;
}

int slice_ports_add(slice_port_vec *ports, const slice_port_vec *from)
{
	vec_each(p, from) {
		struct slice_port *to;

		if (vec_push(ports, (struct slice_port){ .protocol = p->protocol,
							 .port = p->port }) < 0)
			return -ENOMEM;
		to = &ports->at[ports->n - 1];
		to->name = strdup(p->name);
		to->app_protocol = p->app_protocol ? strdup(p->app_protocol) : NULL;
		if (!to->name || !to->app_protocol != !p->app_protocol)
			return -ENOMEM;
	}
	return 0;
}
