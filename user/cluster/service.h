/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the API server does to a Service between its defaults and its allocators: keep what
 * was allocated, drop what a change of type made void, refuse what may not change, settle
 * the families.
 */
#pragma once

#include "model/object.h"

bool service_needs_cluster_ip(const struct service *s);		/* "None" counts */
bool service_needs_node_ports(const struct service *s);
bool service_needs_health_port(const struct service *s);

/* `The Service "web" is invalid: ...`, behind file:line if that is known. Returns -EINVAL. */
int service_invalid(struct err *reterr, const struct object *o, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The cluster addresses as the API server prints them: []string{"10.96.0.9"} */
#define SERVICE_IPS_TEXT_MAX 160
const char *service_ips_text(const struct service *s, char buf[static SERVICE_IPS_TEXT_MAX]);

/*
 * @now takes over from @old what it does not say itself: addresses, families, node ports by
 * port and protocol (or else by name). Then void fields that are as in @old are dropped.
 */
int service_keep(struct service *now, const struct service *old, struct err *reterr);

/* Refuses a change of cluster address, primary family, class, or health check port. */
int service_check_update(const struct object *now, const struct service *old,
			 struct err *reterr);

/*
 * Settles ipFamilyPolicy and ipFamilies for a dual-stack cluster whose primary family is IPv4.
 * @old may be NULL. Afterwards the families are as many as the addresses must become.
 */
int service_settle_families(struct object *now, const struct service *old, struct err *reterr);
