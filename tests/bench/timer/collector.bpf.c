/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Can a bpf_timer drive the flow collector with no process alive? A pinned
 * array holds the timer; its callback walks a slice of tokens with bpf_loop
 * and arms itself again. The timer holds its program; the pin holds the map.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

struct clock {
	struct bpf_timer timer;
	__u64 period_ns;
	__u32 slice;
	__u32 stop;
	__u64 fired;
	__u64 tokens;
	__u64 ns;		/* spent in all slices */
	__u64 max_ns;
	__u64 last;		/* ktime of the last firing */
	__u64 arm_failed;
};

struct key {
	__u32 word[4];
};

struct value {
	__u32 seen;
	__u32 pad[15];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct clock);
} bench_clock SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, struct key);
	__type(value, struct value);
} bench_flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072);
	__uint(value_size, sizeof(struct key));
} bench_tokens SEC(".maps");

/* bpf_loop takes its context from the stack only. */
struct slice {
	__u64 tokens;
};

/* A token names two entries: its key and the key with the last word flipped. */
static long collect_one(__u32 i, void *arg)
{
	struct slice *s = arg;
	struct value *f, *r;
	struct key key;

	if (bpf_map_pop_elem(&bench_tokens, &key))
		return 1;
	s->tokens++;
	f = bpf_map_lookup_elem(&bench_flows, &key);
	key.word[3] ^= 1;
	r = bpf_map_lookup_elem(&bench_flows, &key);
	if ((f && f->seen) || (r && r->seen)) {
		key.word[3] ^= 1;
		bpf_map_push_elem(&bench_tokens, &key, 0);
		return 0;
	}
	bpf_map_delete_elem(&bench_flows, &key);
	key.word[3] ^= 1;
	bpf_map_delete_elem(&bench_flows, &key);
	return 0;
}

static int fire(void *map, __u32 *slot, struct clock *c)
{
	__u64 start = bpf_ktime_get_ns(), ns;
	struct slice s = {};

	bpf_loop(c->slice, collect_one, &s, 0);
	ns = bpf_ktime_get_ns() - start;
	c->fired++;
	c->tokens += s.tokens;
	c->ns += ns;
	c->last = start;
	if (ns > c->max_ns)
		c->max_ns = ns;
	if (!c->stop && bpf_timer_start(&c->timer, c->period_ns, 0))
		c->arm_failed++;
	return 0;
}

static __always_inline int clock_start(void)
{
	__u32 slot = 0;
	struct clock *c = bpf_map_lookup_elem(&bench_clock, &slot);
	long r;

	if (!c)
		return 1;
	c->stop = 0;
	r = bpf_timer_init(&c->timer, &bench_clock, CLOCK_MONOTONIC);
	if (r && r != -16 /* EBUSY: there is one, take it over */)
		return (int)-r;
	r = bpf_timer_set_callback(&c->timer, fire);
	if (r)
		return (int)-r;
	return (int)-bpf_timer_start(&c->timer, c->period_ns, 0);
}

SEC("xdp")
int start_xdp(struct xdp_md *ctx)
{
	return clock_start();
}

SEC("tc")
int start_tc(struct __sk_buff *skb)
{
	return clock_start();
}

SEC("syscall")
int start_syscall(void *ctx)
{
	return clock_start();
}

char _license[] SEC("license") = "Dual BSD/GPL";
