/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the kernel knows of this network namespace: devices, addresses, the way out, tc.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/vec.h"

struct netlink_device {
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	uint16_t type;		/* ARPHRD_* */
	uint32_t flags;		/* IFF_* */
	uint8_t mac[6];
	char kind[16];		/* "veth", "bridge" ...; "" for hardware */
};

struct netlink_addr {
	struct addr addr;
	uint32_t ifindex;
	uint8_t scope;		/* RT_SCOPE_* */
	uint32_t flags;		/* IFA_F_* */
};

typedef VEC(struct netlink_addr) netlink_addr_vec;

/* -ENODEV if there is none of this name. */
int netlink_device(const char *ifname, struct netlink_device *ret, struct err *reterr);

/* Whether a device of this kind ("vlan", "macvlan") is made on top of @ifindex, or nobody can tell. */
bool netlink_has_upper(uint32_t ifindex, const char *kind);

/* All addresses of all devices, in the kernel's order: an IPv4 primary before the others. */
int netlink_addrs(netlink_addr_vec *ret, struct err *reterr);

/* The device towards the rest of the world; 0 if there is no way. */
uint32_t netlink_default_device(enum family f);

bool netlink_has_clsact(uint32_t ifindex);

/* Whether any tc filter hangs at clsact. True if that cannot be found out. */
bool netlink_has_filters(uint32_t ifindex);

/*
 * The address of @family that stands for device @ifindex (0: any device): global, and rather
 * one that is there to stay: not a secondary, temporary, deprecated or untested one. NULL if
 * there is none.
 */
const struct addr *netlink_addr_choose(const netlink_addr_vec *addrs, uint32_t ifindex,
				       enum family f);
