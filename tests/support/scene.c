/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/scene.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define B32(x) __builtin_bswap32(x)
#define V4(a, b, c, d)                                                                      \
	{ { 0, 0, B32(0xffff), B32((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d)) } }
/* 2001:db8:net::host */
#define V6(net, host) { { B32(0x20010db8), B32((__u32)(net) << 16), 0, B32(host) } }
#define V6_LOOPBACK { { 0, 0, 0, B32(1) } }
#define MAC(group, n) { 0x02, 0, 0, 0, (group), (n) }

/* Groups of MACs: the node's own, the wire's, the pods'. */
#define MAC_GATEWAY	MAC(2, 0xfe)
#define MAC_NODE_2	MAC(2, 2)
#define MAC_NODE_3	MAC(2, 3)
#define MAC_NONE	{ 0 }

static const struct {
	const char *name;
	__u8 mac[6];
} devices[] = {
	[DEV_LO] = { "lo", { 0 } },
	[DEV_UP0] = { "up0", MAC(1, 1) },
	[DEV_UP1] = { "up1", MAC(1, 2) },
	[DEV_LXC0] = { "lxc0", MAC(1, 3) },
	[DEV_LXC1] = { "lxc1", MAC(1, 4) },
};


#define HOST(id, device, next_hop, v4, v6)                                                  \
	const struct host id = {                                                            \
		.name = #id, .dev = device, .mac = next_hop, .ip = { v4, v6 },              \
	}

HOST(client_a, DEV_UP0, MAC_GATEWAY, V4(198, 51, 100, 7), V6(0x100, 7));
HOST(client_b, DEV_UP0, MAC_GATEWAY, V4(198, 51, 100, 8), V6(0x100, 8));
HOST(node, DEV_UP0, MAC(1, 1), V4(192, 0, 2, 1), V6(0x200, 1));
HOST(node_up1, DEV_UP1, MAC(1, 2), V4(203, 0, 113, 1), V6(0x300, 1));
HOST(pod_a, DEV_LXC0, MAC(3, 1), V4(10, 244, 1, 10), V6(0x1001, 0x10));
HOST(pod_b, DEV_LXC1, MAC(3, 2), V4(10, 244, 1, 11), V6(0x1001, 0x11));
HOST(pod_remote, DEV_UP0, MAC_NODE_2, V4(10, 244, 2, 10), V6(0x1002, 0x10));
HOST(pod_remote_2, DEV_UP0, MAC_NODE_2, V4(10, 244, 2, 11), V6(0x1002, 0x11));
HOST(pod_remote_3, DEV_UP0, MAC_NODE_2, V4(10, 244, 2, 12), V6(0x1002, 0x12));
HOST(pod_remote_4, DEV_UP0, MAC_NODE_2, V4(10, 244, 2, 13), V6(0x1002, 0x13));
HOST(pod_far, DEV_UP1, MAC_NODE_3, V4(10, 244, 3, 10), V6(0x1003, 0x10));
HOST(pod_silent, DEV_UP0, MAC(9, 9), V4(10, 244, 4, 10), V6(0x1004, 0x10));
HOST(pod_lost, DEV_UP0, MAC(9, 8), V4(10, 244, 5, 10), V6(0x1005, 0x10));
HOST(pod_narrow, DEV_UP0, MAC_NODE_2, V4(10, 244, 6, 10), V6(0x1006, 0x10));
HOST(cluster_ip, DEV_UP0, MAC(1, 1), V4(10, 96, 0, 10), V6(0x9600, 0x10));
HOST(vip, DEV_UP0, MAC(1, 1), V4(198, 18, 0, 10), V6(0x9800, 0x10));
HOST(vip_2, DEV_UP0, MAC(1, 1), V4(198, 18, 0, 11), V6(0x9800, 0x11));
HOST(stranger, DEV_UP0, MAC_GATEWAY, V4(198, 18, 9, 9), V6(0x9809, 9));
HOST(localhost, DEV_LO, MAC_NONE, V4(127, 0, 0, 1), V6_LOOPBACK);

/* For `ip -batch`. The far end of each veth stays in the namespace: nobody talks to it. */
static const char topology[] =
	"link set lo up\n"
	"link add up0 address 02:00:00:00:01:01 type veth peer name up0p\n"
	"link add up1 address 02:00:00:00:01:02 type veth peer name up1p\n"
	"link add lxc0 address 02:00:00:00:01:03 type veth peer name lxc0p\n"
	"link add lxc1 address 02:00:00:00:01:04 type veth peer name lxc1p\n"
	"link set up0p up\nlink set up0 up\n"
	"link set up1p up\nlink set up1 up\n"
	"link set lxc0p up\nlink set lxc0 up\n"
	"link set lxc1p up\nlink set lxc1 up\n"
	"addr add 192.0.2.1/24 dev up0\n"
	"addr add 203.0.113.1/24 dev up1\n"
	"addr add 2001:db8:200::1/64 dev up0 nodad\n"
	"addr add 2001:db8:300::1/64 dev up1 nodad\n"
	"neigh add 192.0.2.254 lladdr 02:00:00:00:02:fe dev up0 nud permanent\n"
	"neigh add 192.0.2.2 lladdr 02:00:00:00:02:02 dev up0 nud permanent\n"
	"neigh add 203.0.113.3 lladdr 02:00:00:00:02:03 dev up1 nud permanent\n"
	"neigh add 2001:db8:200::fe lladdr 02:00:00:00:02:fe dev up0 nud permanent\n"
	"neigh add 2001:db8:200::2 lladdr 02:00:00:00:02:02 dev up0 nud permanent\n"
	"neigh add 2001:db8:300::3 lladdr 02:00:00:00:02:03 dev up1 nud permanent\n"
	"route add 198.51.100.0/24 via 192.0.2.254 dev up0\n"
	"route add 10.244.2.0/24 via 192.0.2.2 dev up0\n"
	"route add 10.244.3.0/24 via 203.0.113.3 dev up1\n"
	"route add 10.244.4.0/24 via 192.0.2.99 dev up0\n"
	"route add 10.244.6.0/24 via 192.0.2.2 dev up0 mtu lock 1280\n"
	"route add 10.244.1.10/32 dev lxc0\n"
	"route add 10.244.1.11/32 dev lxc1\n"
	"neigh add 10.244.1.10 lladdr 02:00:00:00:03:01 dev lxc0 nud permanent\n"
	"neigh add 10.244.1.11 lladdr 02:00:00:00:03:02 dev lxc1 nud permanent\n"
	"route add 2001:db8:100::/48 via 2001:db8:200::fe dev up0\n"
	"route add 2001:db8:1002::/48 via 2001:db8:200::2 dev up0\n"
	"route add 2001:db8:1003::/48 via 2001:db8:300::3 dev up1\n"
	"route add 2001:db8:1004::/48 via 2001:db8:200::99 dev up0\n"
	"route add 2001:db8:1006::/48 via 2001:db8:200::2 dev up0 mtu lock 1280\n"
	"route add 2001:db8:1001::10/128 dev lxc0\n"
	"route add 2001:db8:1001::11/128 dev lxc1\n"
	"neigh add 2001:db8:1001::10 lladdr 02:00:00:00:03:01 dev lxc0 nud permanent\n"
	"neigh add 2001:db8:1001::11 lladdr 02:00:00:00:03:02 dev lxc1 nud permanent\n";

static void sysctl_set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	cr_assert(fd >= 0, "%s", path);
	cr_assert_eq(write(fd, value, strlen(value)), (ssize_t)strlen(value), "%s", path);
	close(fd);
}

static void ip_batch(const char *command, const char *lines, va_list args)
{
	FILE *ip = popen(command, "w");

	cr_assert_not_null(ip);
	vfprintf(ip, lines, args);
	cr_assert_eq(pclose(ip), 0, "ip failed");
}

void scene_ip(const char *lines, ...)
{
	va_list args;

	va_start(args, lines);
	ip_batch("PATH=$PATH:/sbin:/usr/sbin ip -batch -", lines, args);
	va_end(args);
}

void scene_ip6(const char *lines, ...)
{
	va_list args;

	va_start(args, lines);
	ip_batch("PATH=$PATH:/sbin:/usr/sbin ip -6 -batch -", lines, args);
	va_end(args);
}

void scene_enter(void)
{
	cr_assert_eq(unshare(CLONE_NEWNET), 0, "needs root");
	sysctl_set("/proc/sys/net/ipv4/ip_forward", "1");
	sysctl_set("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	scene_ip("%s", topology);
}

unsigned scene_ifindex(enum device dev)
{
	static unsigned index[DEV_COUNT];

	if (!index[dev])
		index[dev] = if_nametoindex(devices[dev].name);
	cr_assert_neq(index[dev], 0, "%s", devices[dev].name);
	return index[dev];
}

const __u8 *scene_mac(enum device dev)
{
	return devices[dev].mac;
}
