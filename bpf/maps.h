/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Every map, with what a row means, who writes it, who reads it, how long it lives and who
 * wins a race. The loader sets the sizes and shares the maps between the objects by their
 * pins. "user" is one process at a time: it holds the instance's lock.
 */
#pragma once

#include "bpf/net.h"
#include "sluice/count.h"
#include "sluice/flow.h"
#include "sluice/reason.h"
#include "sluice/service.h"
#include "sluice/settings.h"

#define MAP(name, map_type, key_type, value_type, n, create_flags)                          \
	struct {                                                                           \
		__uint(type, BPF_MAP_TYPE_##map_type);                                     \
		__type(key, key_type);                                                     \
		__type(value, value_type);                                                 \
		__uint(max_entries, n);                                                    \
		__uint(map_flags, create_flags);                                           \
	} name SEC(".maps")

/*
 * sluice_frontends4/6   what a client dials → service row
 *   writes  user, whole rows, after the service row is complete
 *   reads   programs, for new flows; an absent row means "not ours", never "drop"
 */
MAP(sluice_frontends4, HASH, struct sluice_frontend4_key, struct sluice_frontend, 65536, 0);
MAP(sluice_frontends6, HASH, struct sluice_frontend6_key, struct sluice_frontend, 65536, 0);

/*
 * sluice_services, _backends, _choices, _filter   see include/sluice/service.h
 *   writes  user, through memory. A set is published by one 8-byte store after its choices
 *           and backends are written; the words of a replaced set stay as they are until a
 *           later command, so that a reader in between finds old or new, never a mix
 *   reads   programs
 */
MAP(sluice_services, ARRAY, __u32, struct sluice_service, 1024, BPF_F_MMAPABLE);
MAP(sluice_backends, ARRAY, __u32, struct sluice_backend, 1024, BPF_F_MMAPABLE);
MAP(sluice_choices, ARRAY, __u32, struct sluice_choices, 32768, BPF_F_MMAPABLE);
MAP(sluice_filter, ARRAY, __u32, struct sluice_filter, 1, BPF_F_MMAPABLE);

/*
 * sluice_ranges   clients that may dial the load-balancer VIPs of a service with SLUICE_SVC_RANGES
 *   writes  user, before the flag is set; what is not wanted any more goes after it
 *   reads   programs, for new flows to such a VIP; the value is for user space
 */
MAP(sluice_ranges, LPM_TRIE, struct sluice_range_key, struct sluice_range, 65536,
    BPF_F_NO_PREALLOC);

/* sluice_settings, sluice_devices   this node; user writes, programs read for new flows */
MAP(sluice_settings, ARRAY, __u32, struct sluice_settings, 1, BPF_F_MMAPABLE);
MAP(sluice_devices, HASH, __u32, struct sluice_device, 4096, 0);

/*
 * sluice_neighbours   see include/sluice/settings.h
 *   writes  tc programs, without care for races: the worst is one more packet by that way
 *   reads   programs
 */
MAP(sluice_neighbours, ARRAY, __u32, struct sluice_neighbour, SLUICE_NEIGHBOURS, 0);

/*
 * sluice_flows4/6   one direction of a connection that has shown life, see sluice/flow.h
 *   writes  programs. Two CPUs with the same new flow: the reply half is inserted first and
 *           with BPF_NOEXIST, who gets it in owns the pair; the other finds it. In place only
 *           single fields change, each on its own: seen, state, next hop
 *   deletes the collector (gc.h); the path when a SYN reuses a closing flow or a UDP flow's
 *           endpoint is gone
 *   lives   preallocated, never evicted
 */
MAP(sluice_flows4, HASH, struct sluice_flow4_key, struct sluice_flow4, 65536, 0);
MAP(sluice_flows6, HASH, struct sluice_flow6_key, struct sluice_flow6, 65536, 0);

/*
 * sluice_slot_counts   by backend slot; sluice_reasons   by reason; sluice_drops   by service
 *   and reason, a row from the first of them on
 *   writes  programs, each CPU its own; user zeroes a slot's row when it gives the slot away
 */
MAP(sluice_slot_counts, PERCPU_ARRAY, __u32, struct sluice_slot_count, 1024, 0);
MAP(sluice_reasons, PERCPU_ARRAY, __u32, struct sluice_tally, SLUICE_R_COUNT, 0);
MAP(sluice_drops, PERCPU_HASH, struct sluice_drop_key, __u64, 16384, BPF_F_NO_PREALLOC);

/*
 * sluice_gc4/6   one token, the forward key, for each pair in sluice_flows: the collector
 *   takes it out, looks at the pair and puts it back or deletes the pair. Larger than half of
 *   the table by a quarter, for tokens of pairs that a packet ended and another began anew: so
 *   the table is full first, and a token always finds its place again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 32768);
	__uint(value_size, sizeof(struct sluice_flow4_key));
} sluice_gc4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 32768);
	__uint(value_size, sizeof(struct sluice_flow6_key));
} sluice_gc6 SEC(".maps");

/* sluice_gc   how many tokens are in the queues; programs count, user reads: pairs alive */
MAP(sluice_gc, ARRAY, __u32, struct sluice_gc, 1, BPF_F_MMAPABLE);

/* Answers given in the current second, per CPU: limits RST and ICMP that we make. */
struct answers {
	__u32 second;
	__u32 given;		/* RST and ICMP errors */
	__u32 echoes;
};
MAP(sluice_answers, PERCPU_ARRAY, __u32, struct answers, 1, 0);

/*
 * What the loader knows and the programs must not look up. Set before load; the verifier
 * removes branches that cannot be.
 */
const volatile struct sluice_dev_config sluice_dev = {};

const volatile __u32 sluice_hz = 250;	/* jiffies a second */

static __always_inline const struct sluice_settings *settings_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sluice_settings, &zero);
}

/* By value: a key must lie on the stack or in a map (see struct scratch). */
static __always_inline const struct sluice_device *device_find(__u32 ifindex)
{
	return bpf_map_lookup_elem(&sluice_devices, &ifindex);
}

/* 32 bits of jiffies: differences are good for 24 days at 1000 Hz. */
static __always_inline __u32 now_jiffies(void)
{
	return bpf_jiffies64();
}
