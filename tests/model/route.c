/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A list of routes, each known by a host of the scene that it leads to. */
#include "model/route.h"

#include <string.h>

#include "model/rules.h"

#define MTU 1500

/* A route is known by one host that it leads to. */
static const struct {
	const struct host *like;
	__u8 bits[2];		/* [v6] of the address that must agree */
	bool direct;
	bool resolved;
	__u16 mtu;
} routes[] = {
	{ &pod_a, { 32, 128 }, true, true, MTU },
	{ &pod_b, { 32, 128 }, true, true, MTU },
	{ &client_a, { 24, 48 }, false, true, MTU },
	{ &pod_remote, { 24, 48 }, false, true, MTU },
	{ &pod_far, { 24, 48 }, false, true, MTU },
	{ &pod_silent, { 24, 48 }, false, false, MTU },
	{ &pod_narrow, { 24, 48 }, false, true, NARROW_MTU },
	{ &unallocated, { 24, 112 }, false, true, MTU },
	{ &node, { 24, 64 }, true, false, MTU },	/* neighbours, none of which is known */
	{ &node_up1, { 24, 64 }, true, false, MTU },
};

void route_add(void)
{
	scene_ip("route add 10.96.0.0/24 via 192.0.2.254 dev up0\n"
		 "route add fd00:10:96::/112 via 2001:db8:200::fe dev up0\n");
}

static bool agree(const struct sluice_addr *a, const struct sluice_addr *b, bool v6, unsigned bits)
{
	const __u8 *x = (const __u8 *)&a->ip6[v6 ? 0 : 3], *y = (const __u8 *)&b->ip6[v6 ? 0 : 3];

	return !memcmp(x, y, bits / 8);		/* whole bytes all */
}

/* RFC 4291: multicast, link-local, loopback. Linux does not forward what comes from there. */
static bool is_of_the_link(const struct sluice_addr *a)
{
	static const struct sluice_addr loopback = { { 0, 0, 0, __builtin_bswap32(1) } };
	const __u8 *b = (const __u8 *)a;

	return b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	       rule_same_addr(a, &loopback, true);
}

bool route_find(const struct sluice_addr *from, const struct sluice_addr *to, bool v6,
		struct way *ret)
{
	if (rule_is_node(to, v6))
		return false;	/* that is us */
	if (v6 && is_of_the_link(from))
		return false;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct host *like = routes[i].like;

		if (!agree(to, &like->ip[v6], v6, routes[i].bits[v6]))
			continue;
		memset(ret, 0, sizeof(*ret));
		ret->dev = like->dev;
		ret->direct = routes[i].direct;
		ret->kind = routes[i].resolved ? WAY_WIRE : WAY_NEIGH;
		if (!routes[i].resolved)
			return true;
		ret->mtu = routes[i].mtu;
		memcpy(ret->dmac, like->mac, 6);
		memcpy(ret->smac, scene_mac(like->dev), 6);
		return true;
	}
	return false;
}

struct sluice_addr route_source(enum device dev, bool v6)
{
	return dev == DEV_UP1 ? node_up1.ip[v6] : node.ip[v6];
}
