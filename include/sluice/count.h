/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counters, per CPU, written by the programs only. Bytes are IP packet lengths; a
 * GSO packet counts as its segments.
 */
#pragma once

#include "sluice/types.h"

/* By backend slot. "in" is client to backend. One cache line. */
struct sluice_slot_count {
	__u64 packets_in;
	__u64 bytes_in;
	__u64 packets_out;
	__u64 bytes_out;
	/* Connections; summed over all CPUs, for one of them may count up and another down. */
	__u64 opened;		/* made */
	__u64 closed;		/* gone from the flow table */
	__u64 over;		/* still in the table, but FIN from both sides or RST was seen */
	__u64 zero;
};

/* Connections that are open, from the sum of all CPUs. */
static inline __u64 sluice_active(const struct sluice_slot_count *sum)
{
	return sum->opened - sum->closed - sum->over;
}
_Static_assert(sizeof(struct sluice_slot_count) == 64, "one cache line");

/* By reason. */
struct sluice_tally {
	__u64 packets;
	__u64 bytes;
};

/*
 * Packets of a service that did not get through, by why; with AFFINITY, connections that did. A row
 * appears with the first one.
 */
struct sluice_drop_key {
	__u32 service;
	__u32 reason;		/* enum sluice_reason */
};

/* Tokens of the collector, one a pair of established flows. Changed by atomic adds. */
struct sluice_gc {
	__u64 tokens4;
	__u64 tokens6;
};
