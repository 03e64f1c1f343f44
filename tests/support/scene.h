/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A node in a network namespace of the test's own process: real devices, routes and neighbours,
 * so that the kernel's routing answers the programs. And who is around it.
 *
 *	clients ── gateway ──┐             ┌── lxc0 ── pod_a
 *	node_2 (pod_remote) ─┴─ up0 [node] ┼── lxc1 ── pod_b
 *	node_3 (pod_far) ────── up1        └── lo ──── sockets of the node
 */
#pragma once

#include "support/frame.h"

enum device {
	DEV_LO,
	DEV_UP0,
	DEV_UP1,
	DEV_LXC0,
	DEV_LXC1,
	DEV_COUNT,
};

/* Who has an address, in both families. */
struct host {
	const char *name;
	enum device dev;	/* of the node: where the host's packets come in */
	__u8 mac[6];		/* the next hop to it from there */
	struct sluice_addr ip[2];	/* [v6] */
};

extern const struct host client_a, client_b;
extern const struct host node;		/* its addresses towards up0 */
extern const struct host node_up1;	/* and towards up1 */
extern const struct host pod_a, pod_b;	/* here */
extern const struct host pod_remote, pod_remote_2, pod_remote_3, pod_remote_4;
extern const struct host pod_narrow;	/* remote, by a route with an MTU of NARROW_MTU */
extern const struct host pod_far;	/* out of up1 */
extern const struct host pod_silent;	/* its node does not answer neighbour requests */
extern const struct host pod_lost;	/* no route there */
extern const struct host cluster_ip, vip, vip_2;
extern const struct host stranger;	/* nobody's service */
extern const struct host localhost;	/* a process of the node, by lo */

#define NARROW_MTU 1280


/* Enters a new network namespace and builds the node in it. Ends the test if it cannot. */
void scene_enter(void);

/* Changes the node: lines for `ip -batch`. */
__attribute__((format(printf, 1, 2))) void scene_ip(const char *lines, ...);

/* The same for IPv6, where addresses do not tell: rules. */
__attribute__((format(printf, 1, 2))) void scene_ip6(const char *lines, ...);

unsigned scene_ifindex(enum device dev);
const __u8 *scene_mac(enum device dev);
