/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What is in the maps after a run: counters and flows; and flows changed, as time would do. */
#include <string.h>
#include <time.h>

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

union any_key {
	struct sluice_flow4_key v4;
	struct sluice_flow6_key v6;
};

union any_flow {
	struct sluice_flow f;
	struct sluice_flow4 v4;
	struct sluice_flow6 v6;
};

static union any_key packet_key(const struct packet *p)
{
	union any_key k = { 0 };

	if (p->v6) {
		memcpy(k.v6.src, &p->src, 16);
		memcpy(k.v6.dst, &p->dst, 16);
		k.v6.sport = __builtin_bswap16(p->sport);
		k.v6.dport = __builtin_bswap16(p->dport);
		k.v6.proto = p->proto;
		return k;
	}
	k.v4.src = p->src.ip6[3];
	k.v4.dst = p->dst.ip6[3];
	k.v4.sport = __builtin_bswap16(p->sport);
	k.v4.dport = __builtin_bswap16(p->dport);
	k.v4.proto = p->proto;
	return k;
}

static int flow_map(const struct dp *dp, bool v6, int where)
{
	if (where == IN_HALF)
		return dp_map(dp, v6 ? "half6" : "half4");
	return dp_map(dp, v6 ? "flows6" : "flows4");
}

int dp_flow(const struct dp *dp, const struct packet *p, struct sluice_flow *ret)
{
	union any_key key = packet_key(p);
	union any_flow flow;
	int found = 0;

	for (int where = IN_HALF; where <= IN_FLOWS; where++) {
		if (bpf_map_lookup_elem(flow_map(dp, p->v6, where), &key, &flow))
			continue;
		found |= where;
		if (ret)
			*ret = flow.f;
	}
	return found;
}

void dp_flow_set(struct dp *dp, const struct packet *p, int where, const struct sluice_flow *f)
{
	union any_key key = packet_key(p);
	union any_flow flow;

	for (int table = IN_HALF; table <= IN_FLOWS; table++) {
		int fd = flow_map(dp, p->v6, table);

		if (!(where & table))
			continue;
		cr_assert_eq(bpf_map_lookup_elem(fd, &key, &flow), 0, "%s: no flow", dp->label);
		flow.f = *f;
		cr_assert_eq(bpf_map_update_elem(fd, &key, &flow, BPF_EXIST), 0);
	}
}

/* The kernel's jiffies begin at minus 300 seconds (INITIAL_JIFFIES). */
static __u32 now_jiffies(void)
{
	__u32 hz = dp_hz();
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u32)(((__u64)now.tv_sec - 300) * hz + (__u64)now.tv_nsec * hz / 1000000000);
}

void dp_flow_age(struct dp *dp, const struct packet *p, int where, __u32 sec)
{
	struct sluice_flow f;

	cr_assert(dp_flow(dp, p, &f) & where, "%s: no flow", dp->label);
	f.seen = now_jiffies() - sec * dp_hz();
	dp_flow_set(dp, p, where, &f);
}

void dp_flow_lose(struct dp *dp, const struct packet *p, int where)
{
	union any_key key = packet_key(p);

	cr_assert_eq(bpf_map_delete_elem(flow_map(dp, p->v6, where), &key), 0, "%s: no flow",
		     dp->label);
}

__u64 dp_tokens(const struct dp *dp)
{
	__u64 tokens[2];

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "gc"), &(__u32){ 0 }, tokens), 0);
	return tokens[dp->v6];
}

unsigned dp_flow_count(const struct dp *dp, int where)
{
	int fd = flow_map(dp, dp->v6, where);
	union any_key at, next;
	unsigned n = 0;

	for (int r = bpf_map_get_next_key(fd, NULL, &next); !r; n++) {
		at = next;
		r = bpf_map_get_next_key(fd, &at, &next);
	}
	return n;
}
