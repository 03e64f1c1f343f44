/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What was counted in a run. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>

#include "support/dp.h"

struct sluice_slot_count dp_slot(const struct dp *dp, __u32 slot)
{
	int cpus = libbpf_num_possible_cpus();
	struct sluice_slot_count each[cpus], sum = { 0 };

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "slot_counts"), &slot, each), 0);
	for (int i = 0; i < cpus; i++) {
		sum.packets_in += each[i].packets_in;
		sum.bytes_in += each[i].bytes_in;
		sum.packets_out += each[i].packets_out;
		sum.bytes_out += each[i].bytes_out;
		sum.opened += each[i].opened;
		sum.closed += each[i].closed;
		sum.over += each[i].over;
	}
	return sum;
}

struct sluice_tally dp_reason(const struct dp *dp, enum sluice_reason why)
{
	int cpus = libbpf_num_possible_cpus();
	struct sluice_tally each[cpus], sum = { 0 };
	__u32 key = why;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "reasons"), &key, each), 0);
	for (int i = 0; i < cpus; i++) {
		sum.packets += each[i].packets;
		sum.bytes += each[i].bytes;
	}
	return sum;
}

__u64 dp_service_drops(const struct dp *dp, __u32 service, enum sluice_reason why)
{
	struct sluice_drop_key key = { .service = service, .reason = why };
	int cpus = libbpf_num_possible_cpus();
	__u64 each[cpus], sum = 0;

	if (bpf_map_lookup_elem(dp_map(dp, "drops"), &key, each))
		return 0;
	for (int i = 0; i < cpus; i++)
		sum += each[i];
	return sum;
}
