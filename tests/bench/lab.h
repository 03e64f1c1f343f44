/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A node in a network namespace of this process alone: an uplink and two pods' devices, routes,
 * permanent neighbours, forwarding on. Test runs happen on these devices, bpf_fib_lookup() asks
 * these routes; no packet ever leaves a program.
 *
 *	clients 10.64.0.0/10 ── gateway ─┐             ┌─ pod0 ── 10.244.0.0/25 (clients)
 *	10.244.1.0/24 ───────── node 2 ──┴─ up0 [node] ┴─ pod1 ── 10.244.0.128/25 (backends)
 *
 * An IPv6 address is its IPv4 twin behind fd00::/96.
 */
#pragma once

#include <linux/types.h>

enum lab_dev { LAB_UP0, LAB_POD0, LAB_POD1, LAB_N_DEVS };

#define LAB_NODE	0x0a090001	/* 10.9.0.1 */
#define LAB_PODS0	0x0af40001	/* 10.244.0.1 */
#define LAB_PODS1	0x0af40081	/* 10.244.0.129 */
#define LAB_REMOTE	0x0af40101	/* 10.244.1.1 */
#define LAB_CLIENTS	0x0a400001	/* 10.64.0.1 */
#define LAB_N_PODS	64

struct lab {
	__u32 ifindex[LAB_N_DEVS];
	__u32 lo_ifindex;
};

/* The first 12 bytes of every IPv6 address here. */
extern const __u8 lab_net6[12];
extern const __u8 lab_mac[LAB_N_DEVS][6];

/* Moves this process into a namespace of its own and fills it. 0 or -errno. */
int lab_enter(struct lab *lab);
