/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Floor D's choice: a hash of the tuple, a row of choices, a backend, and the rewrite that
 * follows. What a balancer does for a packet that keeps no state and knows but one service.
 */
#pragma once

#include "bench/floor.h"
#include "bench/floor_backend.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOOR_BACKENDS);
	__type(key, __u32);
	__type(value, __u32);
} floor_choices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOOR_BACKENDS);
	__type(key, __u32);
	__type(value, struct floor_backend);
} floor_backends SEC(".maps");

KEEP __u32 floor_hash(const union floor_key *k, bool v6)
{
	const __u32 *word = (const __u32 *)k;
	int n = (v6 ? sizeof(k->v6) : sizeof(k->v4)) / sizeof(*word);
	__u32 h = 0;

#pragma unroll
	for (int i = 0; i < n; i++) {
		h = (h ^ word[i]) * 0x9e3779b1u;
		h ^= h >> 15;
	}
	return h * 0x85ebca6bu;
}

KEEP __u32 floor_halves(__u32 word)
{
	return (word & 0xffff) + (word >> 16);
}

/* The address that the packet has no more, and the one it gets. */
KEEP __u32 floor_addr_delta(const __be32 *from, const __be32 *to, int words)
{
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < words; i++)
		sum += floor_halves(~from[i]) + floor_halves(to[i]);
	return floor_fold(sum);
}

KEEP void floor_to_backend(const union floor_key *k, union floor_value *f,
			   const struct floor_backend *be, bool v6)
{
	__be16 dport = v6 ? k->v6.dport : k->v4.dport;

	if (v6) {
		__builtin_memcpy(f->v6.src, k->v6.src, sizeof(f->v6.src));
		__builtin_memcpy(f->v6.dst, be->addr, sizeof(f->v6.dst));
		f->f.sport = k->v6.sport;
		f->f.addr_delta = floor_addr_delta(k->v6.dst, be->addr, 4);
	} else {
		f->v4.src = k->v4.src;
		f->v4.dst = be->addr[3];
		f->f.sport = k->v4.sport;
		f->f.addr_delta = floor_addr_delta(&k->v4.dst, &be->addr[3], 1);
	}
	f->f.dport = be->port;
	f->f.l4_delta = floor_fold((__u32)f->f.addr_delta + (__u16)~dport + be->port);
	f->f.ifindex = be->ifindex;
	__builtin_memcpy(f->f.dmac, be->dmac, sizeof(f->f.dmac));
	__builtin_memcpy(f->f.smac, be->smac, sizeof(f->f.smac));
}

KEEP int floor_choose(const union floor_key *k, union floor_value *f, bool v6)
{
	__u32 row = (__u64)floor_hash(k, v6) * FLOOR_BACKENDS >> 32;
	const __u32 *slot = bpf_map_lookup_elem(&floor_choices, &row);
	const struct floor_backend *be;

	if (!slot)
		return -1;
	row = *slot;
	be = bpf_map_lookup_elem(&floor_backends, &row);
	if (!be || !be->port) {
		floor_astray++;
		return -1;
	}
	floor_to_backend(k, f, be, v6);
	return 0;
}
