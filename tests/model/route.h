/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The routes and neighbours of support/scene.c, once more: what the kernel's tables say. And a
 * route to the cluster addresses, as a default route would be one. */
#pragma once

#include "model/conns.h"

/* Puts in the routes that are not the scene's. */
void route_add(void);

/* False: no way there. Else WAY_WIRE or WAY_NEIGH, with device, MACs and MTU. */
bool route_find(const struct sluice_addr *from, const struct sluice_addr *to, bool v6,
		struct way *ret);

/* The masquerade address of what leaves by @dev. */
struct sluice_addr route_source(enum device dev, bool v6);
