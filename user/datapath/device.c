/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/device.h"

#include <string.h>

#include <bpf/bpf.h>

static struct sluice_addr addr_on(const netlink_addr_vec *addrs, uint32_t ifindex, enum family f)
{
	const struct addr *a = netlink_addr_choose(addrs, ifindex, f);

	return a ? addr_wire(a) : (struct sluice_addr){ 0 };
}

/* The devices whose driver has ndo_get_peer_dev, for bpf_redirect_peer(). */
static bool has_peer(const struct netlink_device *dev)
{
	return strcmp(dev->kind, "veth") == 0 || strcmp(dev->kind, "netkit") == 0;
}

int device_put(const struct maps *maps, const struct netlink_device *dev,
	       const netlink_addr_vec *addrs, enum sluice_device_kind kind, bool xdp,
	       struct err *reterr)
{
	struct sluice_device row = {
		.addr4 = addr_on(addrs, dev->ifindex, FAMILY_V4),
		.addr6 = addr_on(addrs, dev->ifindex, FAMILY_V6),
		.kind = (uint8_t)kind,
		.flags = (xdp ? SLUICE_DEV_XDP : 0) | (has_peer(dev) ? SLUICE_DEV_PEER : 0),
	};

	memcpy(row.mac, dev->mac, sizeof(row.mac));
	if (bpf_map_update_elem(maps->at[MAP_DEVICES].fd, &dev->ifindex, &row, BPF_ANY) == 0)
		return 0;
	if (errno == E2BIG)
		return err_set(reterr, ENOSPC, "the table of devices is full (%u)",
			       maps->at[MAP_DEVICES].entries);
	return err_sys(reterr, errno, "cannot write the row of device %s", dev->name);
}

static int device_renew(const struct maps *maps, const netlink_addr_vec *addrs, uint32_t ifindex,
			struct err *reterr)
{
	int fd = maps->at[MAP_DEVICES].fd;
	struct netlink_device dev;
	struct sluice_device row, new;
	char name[IF_NAMESIZE];

	/* Gone, or going: its row goes with detach. */
	if (bpf_map_lookup_elem(fd, &ifindex, &row) < 0 || !if_indextoname(ifindex, name) ||
	    netlink_device(name, &dev, NULL) < 0)
		return 0;
	new = row;
	new.addr4 = addr_on(addrs, ifindex, FAMILY_V4);
	new.addr6 = addr_on(addrs, ifindex, FAMILY_V6);
	memcpy(new.mac, dev.mac, sizeof(new.mac));
	if (memcmp(&row, &new, sizeof(row)) == 0 ||
	    bpf_map_update_elem(fd, &ifindex, &new, BPF_EXIST) == 0 || errno == ENOENT)
		return 0;
	return err_sys(reterr, errno, "cannot write the row of device %s", name);
}

int devices_renew(const struct maps *maps, struct err *reterr)
{
	netlink_addr_vec addrs = { 0 };
	uint32_t at, next;
	uint32_t *key = NULL;
	int r = netlink_addrs(&addrs, reterr);

	while (r == 0 && bpf_map_get_next_key(maps->at[MAP_DEVICES].fd, key, &next) == 0) {
		at = next;
		key = &at;
		r = device_renew(maps, &addrs, at, reterr);
	}
	vec_done(&addrs);
	return r;
}

int device_del(const struct maps *maps, uint32_t ifindex, struct err *reterr)
{
	if (maps->at[MAP_DEVICES].fd < 0 ||
	    bpf_map_delete_elem(maps->at[MAP_DEVICES].fd, &ifindex) == 0 || errno == ENOENT)
		return 0;
	return err_sys(reterr, errno, "cannot remove the row of device %u", ifindex);
}
