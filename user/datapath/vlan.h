/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * VLANs of a device, as far as they concern XDP on it: a NIC that takes the tags off ("rxvlan")
 * hands XDP frames that look untagged, and XDP could take another network's packets for its own.
 */
#pragma once

#include <stdbool.h>

#include "datapath/netlink.h"

/* Whether there are VLAN devices on @dev and XDP on it would not see their tags. */
bool vlan_tags_are_hidden(const struct netlink_device *dev);
