/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/vlan.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/own.h"

static bool takes_tags_off(const char *ifname)
{
	own(fd_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq ifr = { .ifr_data = (char *)&flags };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	return fd >= 0 && ioctl(fd, SIOCETHTOOL, &ifr) == 0 && flags.data & ETH_FLAG_RXVLAN;
}

bool vlan_tags_are_hidden(const struct netlink_device *dev)
{
	return takes_tags_off(dev->name) && netlink_has_upper(dev->ifindex, "vlan");
}
