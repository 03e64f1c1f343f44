/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The flows in the maps after a run; and flows changed, as time would do. */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "sluice/half.h"
#include "support/dp.h"

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

/* ---- the half-open tables -------------------------------------------- */

union any_bucket {
	__u64 tag[SLUICE_HALF_WAYS];
	struct sluice_half_bucket4 v4;
	struct sluice_half_bucket6 v6;
};

/* Where a tuple's row is: a copy of its bucket. */
struct half_copy {
	int fd;
	__u32 row;
	unsigned way;
	struct sluice_flow *flow;	/* NULL: the tuple has no row */
	union any_bucket bucket;
};

static int half_fd(const struct dp *dp, bool v6)
{
	return dp_map(dp, v6 ? "half6" : "half4");
}

static struct sluice_flow *bucket_row(union any_bucket *b, unsigned way, const union any_key *key,
				      bool v6)
{
	if (v6)
		return memcmp(&b->v6.row[way].key, &key->v6, sizeof(key->v6)) ?
			       NULL : &b->v6.row[way].flow.f;
	return memcmp(&b->v4.row[way].key, &key->v4, sizeof(key->v4)) ?
		       NULL : &b->v4.row[way].flow.f;
}

static void half_seek(const struct dp *dp, const struct packet *p, struct half_copy *ret)
{
	union any_key key = packet_key(p);
	__u64 secret = dp_settings(dp).secret;
	__u64 hash = p->v6 ? sluice_half_hash6(&key.v6, secret) :
			     sluice_half_hash4(&key.v4, secret);

	ret->fd = half_fd(dp, p->v6);
	ret->row = sluice_half_bucket(hash, DP_HALF_BUCKETS);
	ret->flow = NULL;
	cr_assert_eq(bpf_map_lookup_elem(ret->fd, &ret->row, &ret->bucket), 0);
	for (ret->way = 0; ret->way < SLUICE_HALF_WAYS; ret->way++) {
		if (ret->bucket.tag[ret->way] >> 32 != sluice_half_mark(hash))
			continue;
		ret->flow = bucket_row(&ret->bucket, ret->way, &key, p->v6);
		if (ret->flow)
			return;
	}
}

static void half_store(const struct half_copy *h)
{
	cr_assert_eq(bpf_map_update_elem(h->fd, &h->row, &h->bucket, BPF_EXIST), 0);
}

static bool half_get(const struct dp *dp, const struct packet *p, struct sluice_flow *ret)
{
	struct half_copy h;

	half_seek(dp, p, &h);
	if (h.flow && ret)
		*ret = *h.flow;
	return h.flow;
}

static void half_set(const struct dp *dp, const struct packet *p, const struct sluice_flow *f)
{
	struct half_copy h;

	half_seek(dp, p, &h);
	cr_assert(h.flow, "%s: no flow", dp->label);
	*h.flow = *f;
	half_store(&h);
}

static void half_lose(const struct dp *dp, const struct packet *p)
{
	struct half_copy h;

	half_seek(dp, p, &h);
	cr_assert(h.flow, "%s: no flow", dp->label);
	h.bucket.tag[h.way] = 0;
	half_store(&h);
}

/* Counts the rows of a table, or makes it empty. */
static unsigned half_sweep(const struct dp *dp, bool v6, bool clear)
{
	size_t stride = v6 ? sizeof(struct sluice_half_bucket6) :
			     sizeof(struct sluice_half_bucket4);
	size_t size = stride * DP_HALF_BUCKETS;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, half_fd(dp, v6), 0);
	unsigned n = 0;

	cr_assert(at != MAP_FAILED);
	for (size_t off = 0; off < size; off += stride) {
		__u64 *tags = at + off;

		for (unsigned i = 0; i < SLUICE_HALF_WAYS; i++) {
			n += tags[i] != 0;
			if (clear && tags[i])
				tags[i] = 0;
		}
	}
	munmap(at, size);
	return n;
}

void dp_halves_clear(const struct dp *dp)
{
	half_sweep(dp, false, true);
	half_sweep(dp, true, true);
}

/* ---- both ------------------------------------------------------------ */

static int flow_map(const struct dp *dp, bool v6)
{
	return dp_map(dp, v6 ? "flows6" : "flows4");
}

int dp_flow(const struct dp *dp, const struct packet *p, struct sluice_flow *ret)
{
	union any_key key = packet_key(p);
	union any_flow flow;
	int found = half_get(dp, p, ret) ? IN_HALF : 0;

	if (bpf_map_lookup_elem(flow_map(dp, p->v6), &key, &flow))
		return found;
	if (ret)
		*ret = flow.f;
	return found | IN_FLOWS;
}

void dp_flow_set(struct dp *dp, const struct packet *p, int where, const struct sluice_flow *f)
{
	union any_key key = packet_key(p);
	union any_flow flow;
	int fd = flow_map(dp, p->v6);

	if (where & IN_HALF)
		half_set(dp, p, f);
	if (!(where & IN_FLOWS))
		return;
	cr_assert_eq(bpf_map_lookup_elem(fd, &key, &flow), 0, "%s: no flow", dp->label);
	flow.f = *f;
	cr_assert_eq(bpf_map_update_elem(fd, &key, &flow, BPF_EXIST), 0);
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

	if (where & IN_HALF)
		half_lose(dp, p);
	if (where & IN_FLOWS)
		cr_assert_eq(bpf_map_delete_elem(flow_map(dp, p->v6), &key), 0, "%s: no flow",
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
	int fd = flow_map(dp, dp->v6);
	union any_key at, next;
	unsigned n = 0;

	if (where == IN_HALF)
		return half_sweep(dp, dp->v6, false);
	for (int r = bpf_map_get_next_key(fd, NULL, &next); !r; n++) {
		at = next;
		r = bpf_map_get_next_key(fd, &at, &next);
	}
	return n;
}
