/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/lab.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>

const __u8 lab_net6[12] = { 0xfd };
const __u8 lab_mac[LAB_N_DEVS][6] = {
	[LAB_UP0] = { 2, 0, 0, 0, 0, 1 },
	[LAB_POD0] = { 2, 0, 0, 0, 0, 2 },
	[LAB_POD1] = { 2, 0, 0, 0, 0, 3 },
};

static const char *const lab_names[LAB_N_DEVS] = { "up0", "pod0", "pod1" };

static int knob(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	fputc('1', f);
	return fclose(f) ? -errno : 0;
}

static void describe_devices(FILE *ip)
{
	fprintf(ip, "link set lo up\n");
	for (int i = 0; i < LAB_N_DEVS; i++) {
		const char *name = lab_names[i];

		fprintf(ip, "link add %s address 02:00:00:00:00:%02x type veth peer name %s_peer\n",
			name, lab_mac[i][5], name);
		fprintf(ip, "link set %s_peer up\nlink set %s up\n", name, name);
	}
}

static void describe_neighbour(FILE *ip, const char *net, int host, int mac, const char *dev)
{
	fprintf(ip, "neigh add %s.%d lladdr 02:00:00:00:01:%02x dev %s nud permanent\n", net, host,
		mac, dev);
	fprintf(ip, "neigh add fd00::%s.%d lladdr 02:00:00:00:01:%02x dev %s nud permanent\n", net,
		host, mac, dev);
}

static void describe_routes(FILE *ip)
{
	fprintf(ip, "addr add 10.9.0.1/24 dev up0\n"
		    "addr add fd00::10.9.0.1/120 dev up0 nodad\n"
		    "route add default via 10.9.0.254\n"
		    "route add default via fd00::10.9.0.254\n"
		    "route add 10.244.1.0/24 via 10.9.0.2\n"
		    "route add fd00::10.244.1.0/120 via fd00::10.9.0.2\n"
		    "route add 10.244.0.0/25 dev pod0\n"
		    "route add fd00::10.244.0.0/121 dev pod0\n"
		    "route add 10.244.0.128/25 dev pod1\n"
		    "route add fd00::10.244.0.128/121 dev pod1\n");
	describe_neighbour(ip, "10.9.0", 254, 254, "up0");
	describe_neighbour(ip, "10.9.0", 2, 253, "up0");
	for (int i = 1; i <= LAB_N_PODS; i++) {
		describe_neighbour(ip, "10.244.0", i, i, "pod0");
		describe_neighbour(ip, "10.244.0", 128 + i, 128 + i, "pod1");
	}
}

int lab_enter(struct lab *lab)
{
	FILE *ip;
	int r;

	if (unshare(CLONE_NEWNET))
		return -errno;
	r = knob("/proc/sys/net/ipv4/ip_forward");
	r = r ? r : knob("/proc/sys/net/ipv6/conf/all/forwarding");
	if (r)
		return r;
	ip = popen("ip -batch -", "w");
	if (!ip)
		return -errno;
	describe_devices(ip);
	describe_routes(ip);
	if (pclose(ip))
		return -EIO;
	for (int i = 0; i < LAB_N_DEVS; i++)
		lab->ifindex[i] = if_nametoindex(lab_names[i]);
	lab->lo_ifindex = if_nametoindex("lo");
	return 0;
}
