/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Session affinity in the maps after a run; and changed, as time would do. */
#include <time.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "support/dp.h"

static struct sluice_affinity_key key_of(const struct dp *dp, const struct host *client,
					 __u32 service)
{
	return (struct sluice_affinity_key){ .client = client->ip[dp->v6], .service = service };
}

bool dp_affinity(const struct dp *dp, const struct host *client, __u32 service,
		 struct sluice_affinity *ret)
{
	struct sluice_affinity_key k = key_of(dp, client, service);

	return !bpf_map_lookup_elem(dp_map(dp, "affinity"), &k, ret);
}

void dp_affinity_set(struct dp *dp, const struct host *client, __u32 service,
		     const struct sluice_affinity *row)
{
	struct sluice_affinity_key k = key_of(dp, client, service);

	cr_assert_eq(bpf_map_update_elem(dp_map(dp, "affinity"), &k, row, 0), 0);
}

void dp_affinity_age(struct dp *dp, const struct host *client, __u32 service, __u32 sec)
{
	struct sluice_affinity row;

	cr_assert(dp_affinity(dp, client, service, &row), "%s: no row", dp->label);
	row.seen -= (__u64)sec * dp_hz();
	dp_affinity_set(dp, client, service, &row);
}

unsigned dp_affinities(const struct dp *dp)
{
	struct sluice_affinity_key k, next;
	int fd = dp_map(dp, "affinity");
	unsigned n = 0;

	for (int r = bpf_map_get_next_key(fd, NULL, &next); !r; n++) {
		k = next;
		r = bpf_map_get_next_key(fd, &k, &next);
	}
	return n;
}

/* The kernel's jiffies begin at minus 300 seconds of 32 bits (INITIAL_JIFFIES). */
__u64 dp_jiffies(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u32)(-300 * (int)dp_hz()) + (__u64)now.tv_sec * dp_hz();
}
