/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the API server does to a Service between its defaults and its allocators: keep what
 * was allocated, drop what a change of type made void, refuse what may not change, settle
 * the families.
 */
#pragma once

#include "model/refuse.h"

bool service_needs_cluster_ip(const struct service *s);		/* "None" counts */
bool service_needs_node_ports(const struct service *s);
bool service_needs_health_port(const struct service *s);

/*
 * @now takes over from @old what it does not say itself: addresses, families, node ports by
 * port and protocol (or else by name). Then void fields that are as in @old are dropped, and
 * so is a second address that SingleStack gives up. 0 or -ENOMEM.
 */
int service_keep(struct service *now, const struct service *old);

/* Refuses a change of cluster address, primary family, class, or health check port. */
void service_check_update(struct refuse *r, const struct service *old);

/*
 * Settles ipFamilyPolicy and ipFamilies of a valid Service for a dual-stack cluster whose
 * primary family is IPv4. Afterwards the families are as many as the addresses must become.
 * @old: what it was, or NULL; a PreferDualStack of one family stays that. 0 or -ENOMEM.
 */
int service_settle_families(struct service *s, const struct service *old);
