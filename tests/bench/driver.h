/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The part of a driver program that does not depend on its hook. A driver is
 * what BPF_PROG_TEST_RUN repeats: it makes the packet whole again (repeat does
 * not), makes it the next flow's packet, reads the clock once a batch
 * (`duration` is whole ns) and tail-calls the program under test.
 */
#pragma once

#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>

#include "bench/step.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bench_step);
} bench_steps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_stamps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} bench_target SEC(".maps");

struct bench_ctl bench_ctl SEC(".data.ctl");

/* The step of this call, or NULL when the run is over. */
static __always_inline const struct bench_step *driver_next(struct bench_ctl *c)
{
	__u32 at = c->at, batch = c->done / BENCH_BATCH;

	if (c->done % BENCH_BATCH == 0 || c->done == c->total) {
		__u64 *stamp = bpf_map_lookup_elem(&bench_stamps, &batch);

		if (stamp)
			*stamp = bpf_ktime_get_ns();
	}
	if (c->done == c->total)
		return NULL;

	c->at = at + 1 == c->n_steps ? 0 : at + 1;
	return bpf_map_lookup_elem(&bench_steps, &at);
}

/*
 * Counts the packet, and waits until what was written is in the cache, which a locked instruction
 * does: a load that spans two stores still on their way costs a stall of 15 cycles, of which a
 * packet from a NIC knows nothing.
 */
static __always_inline void driver_settle(struct bench_ctl *c)
{
	__sync_fetch_and_add(&c->done, 1);
}

#define DRIVER_AT(bytes, off, type) ((type *)((bytes) + (off)))
#define DRIVER_IP4 ETH_HLEN
#define DRIVER_IP6 ETH_HLEN
#define DRIVER_L4_4 (DRIVER_IP4 + sizeof(struct iphdr))
#define DRIVER_L4_6 (DRIVER_IP6 + sizeof(struct ipv6hdr))
#define DRIVER_LOW32 12		/* in an IPv6 address */

static __always_inline void driver_write_l4(struct bench_ctl *c, __u8 *l4,
					    const struct bench_step *s)
{
	*DRIVER_AT(l4, 0, __be16) = s->sport;
	*DRIVER_AT(l4, 2, __be16) = s->dport;
	if (c->is_udp)
		*DRIVER_AT(l4, offsetof(struct udphdr, check), __u16) = s->l4_csum;
	else
		*DRIVER_AT(l4, offsetof(struct tcphdr, check), __u16) = s->l4_csum;
}

/* @bytes has BENCH_HEADERS bytes: the caller has checked it. */
static __always_inline void driver_write(struct bench_ctl *c, __u8 *bytes,
					 const struct bench_step *s)
{
	const __u64 *from = (const __u64 *)c->headers;
	__u64 *to = (__u64 *)bytes;

#pragma unroll
	for (int i = 0; i < BENCH_HEADERS / 8; i++)
		to[i] = from[i];

	if (c->is_v6) {
		*DRIVER_AT(bytes, DRIVER_IP6 + offsetof(struct ipv6hdr, saddr) +
			   DRIVER_LOW32, __be32) = s->src;
		*DRIVER_AT(bytes, DRIVER_IP6 + offsetof(struct ipv6hdr, daddr) +
			   DRIVER_LOW32, __be32) = s->dst;
		driver_write_l4(c, bytes + DRIVER_L4_6, s);
	} else {
		*DRIVER_AT(bytes, DRIVER_IP4 + offsetof(struct iphdr, saddr),
			   __be32) = s->src;
		*DRIVER_AT(bytes, DRIVER_IP4 + offsetof(struct iphdr, daddr),
			   __be32) = s->dst;
		*DRIVER_AT(bytes, DRIVER_IP4 + offsetof(struct iphdr, check),
			   __u16) = s->ip_csum;
		driver_write_l4(c, bytes + DRIVER_L4_4, s);
	}
}
