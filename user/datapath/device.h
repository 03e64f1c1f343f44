/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Rows of sluice_devices: what the programs must know of a device that we are attached to.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "datapath/maps.h"
#include "datapath/netlink.h"
#include "sluice/settings.h"

/* @xdp: our native XDP is on it. */
int device_put(const struct maps *maps, const struct netlink_device *dev,
	       const netlink_addr_vec *addrs, enum sluice_device_kind kind, bool xdp,
	       struct err *reterr);

/* Brings addresses and MACs of all rows up to date with the devices of this namespace. */
int devices_renew(const struct maps *maps, struct err *reterr);

/* Absent is fine. */
int device_del(const struct maps *maps, uint32_t ifindex, struct err *reterr);
