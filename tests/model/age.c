/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/age.h"

#include <sys/mman.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "sluice/half.h"

/* Another time for something that was seen at @seen. */
typedef __u32 age_fn(__u32 seen, __u32 jiffies);

static void flows_age(const struct dp *dp, bool v6, age_fn *fn, __u32 jiffies)
{
	static __u8 keys[DP_FLOWS][sizeof(struct sluice_flow6_key)];
	int fd = dp_map(dp, v6 ? "flows6" : "flows4");
	unsigned n = 0;

	/* All keys first: an update puts its element at the head of the walk again. */
	for (int r = bpf_map_get_next_key(fd, NULL, keys[0]); !r;
	     n++, r = bpf_map_get_next_key(fd, keys[n - 1], keys[n]))
		cr_assert_lt(n + 1, DP_FLOWS);
	while (n--) {
		union {
			struct sluice_flow f;
			__u8 room[sizeof(struct sluice_flow6)];
		} flow;

		cr_assert_eq(bpf_map_lookup_elem(fd, keys[n], &flow), 0);
		flow.f.seen = fn(flow.f.seen, jiffies);
		cr_assert_eq(bpf_map_update_elem(fd, keys[n], &flow, BPF_EXIST), 0);
	}
}

static void halves_age(const struct dp *dp, bool v6, age_fn *fn, __u32 jiffies)
{
	size_t stride = v6 ? sizeof(struct sluice_half_bucket6) :
			     sizeof(struct sluice_half_bucket4);
	size_t size = stride * DP_HALF_BUCKETS;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			dp_map(dp, v6 ? "half6" : "half4"), 0);

	cr_assert(at != MAP_FAILED);
	for (size_t off = 0; off < size; off += stride) {
		struct sluice_half_bucket6 *b6 = at + off;
		struct sluice_half_bucket4 *b4 = at + off;

		for (unsigned i = 0; i < SLUICE_HALF_WAYS; i++) {
			struct sluice_flow *f = v6 ? &b6->row[i].flow.f : &b4->row[i].flow.f;

			/* The tags are in the same place in both. */
			if (!b6->tag[i])
				continue;
			b6->tag[i] = b6->tag[i] >> 32 << 32 | fn((__u32)b6->tag[i], jiffies);
			f->seen = fn(f->seen, jiffies);
		}
	}
	munmap(at, size);
}

static void fragments_age(const struct dp *dp, age_fn *fn, __u32 jiffies)
{
	static struct sluice_fragment_key keys[DP_FLOWS];
	int fd = dp_map(dp, "fragments");
	unsigned n = 0;

	for (int r = bpf_map_get_next_key(fd, NULL, &keys[0]); !r;
	     n++, r = bpf_map_get_next_key(fd, &keys[n - 1], &keys[n]))
		cr_assert_lt(n + 1, DP_FLOWS);
	while (n--) {
		struct sluice_fragment first;

		cr_assert_eq(bpf_map_lookup_elem(fd, &keys[n], &first), 0);
		first.at = fn(first.at, jiffies);
		first.used = fn(first.used, jiffies);
		cr_assert_eq(bpf_map_update_elem(fd, &keys[n], &first, BPF_EXIST), 0);
	}
}

static void affinities_age(const struct dp *dp, age_fn *fn, __u32 jiffies)
{
	static struct sluice_affinity_key keys[DP_FLOWS];
	int fd = dp_map(dp, "affinity");
	unsigned n = 0;

	for (int r = bpf_map_get_next_key(fd, NULL, &keys[0]); !r;
	     n++, r = bpf_map_get_next_key(fd, &keys[n - 1], &keys[n]))
		cr_assert_lt(n + 1, DP_FLOWS);
	while (n--) {
		struct sluice_affinity a;

		cr_assert_eq(bpf_map_lookup_elem(fd, &keys[n], &a), 0);
		a.seen += (__u64)(__s32)(fn((__u32)a.seen, jiffies) - (__u32)a.seen);
		cr_assert_eq(bpf_map_update_elem(fd, &keys[n], &a, BPF_EXIST), 0);
	}
}

static void change_all(const struct dp *dp, age_fn *fn, __u32 jiffies)
{
	for (int v6 = 0; v6 < 2; v6++) {
		flows_age(dp, v6, fn, jiffies);
		halves_age(dp, v6, fn, jiffies);
	}
	fragments_age(dp, fn, jiffies);
	affinities_age(dp, fn, jiffies);
}

static __u32 older(__u32 seen, __u32 jiffies)
{
	return seen - jiffies;
}

void age_all(const struct dp *dp, __u32 sec)
{
	change_all(dp, older, sec * dp_hz());
}

/* Never ahead of the programs' clock, which may be a tenth of a second behind ours. */
static __u32 younger(__u32 seen, __u32 jiffies)
{
	__u32 age = (__u32)dp_jiffies() - dp_hz() / 5 - seen;

	if ((__s32)age <= 0)
		return seen;
	return seen + (age < jiffies ? age : jiffies);
}

void age_hold(const struct dp *dp, __u32 ms)
{
	change_all(dp, younger, (__u32)((__u64)ms * dp_hz() / 1000));
}
