/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The collector of idle and closed flows, and of fragments that wait in vain. It lives in a kernel
 * timer, so that no process is needed: a callback takes a bounded number of tokens (one a pair, in
 * the order of creation or last look), ends the pairs that are over and puts the other tokens back.
 * All tokens are seen in about GC_CYCLE_SEC.
 */
#pragma once

#include "bpf/flow.h"
#include "bpf/fragment_hold.h"

/* A slice of 64 pairs was measured at 60 us, a pause for the packets of that CPU: many small
 * slices, then. 8 seconds a cycle. */
#define GC_TICK_NS	(20ull * 1000 * 1000)
#define GC_TICKS_A_CYCLE	400
#define GC_SLICE_MIN	16
#define GC_SLICE_MAX	1024

/*
 * sluice_gc_timer   armed by the loader once, then by itself; lives as long as the map, which is
 *   pinned. A map with a timer cannot be mapped into user space, hence one of its own.
 */
struct gc_timer {
	struct bpf_timer timer;
};
MAP(sluice_gc_timer, ARRAY, __u32, struct gc_timer, 1, 0);

struct gc_slice {
	__u32 now;
	__u32 deleted;
};

/* SCTP says something every 30 s (RFC 9260, HB.interval); seven of them, as Linux' conntrack. */
#define GC_SCTP_SEC 210

/* Seconds that the pair may be silent. */
static __always_inline __u32 gc_timeout(const struct sluice_settings *cfg, __u8 proto, __u8 fwd,
					__u8 rev)
{
	if (proto == IPPROTO_SCTP)
		return GC_SCTP_SEC;
	if (proto == IPPROTO_UDP)
		return cfg->udp_sec;
	if ((fwd | rev) & SLUICE_FLOW_RST || fwd & rev & SLUICE_FLOW_FIN)
		return cfg->closing_sec;
	if ((fwd | rev) & SLUICE_FLOW_FIN)
		return cfg->half_closed_sec;
	return cfg->established_sec;
}

/*
 * Whether the pair is over. The reply's half is looked at only if the forward half alone does
 * not show life: each look is a cold cache line.
 */
static __always_inline bool gc_is_over(const union flow_key *key, const union flow_value *fwd,
				       __u32 now, bool v6)
{
	const struct sluice_settings *cfg = settings_get();
	const union flow_value *rev;
	union flow_key partner;
	__u8 proto = v6 ? key->v6.proto : key->v4.proto;
	__u32 shortest;

	if (!cfg)
		return false;
	shortest = proto == IPPROTO_TCP ? cfg->closing_sec : gc_timeout(cfg, proto, 0, 0);
	if (!flow_older(&fwd->f, now, shortest))
		return false;
	flow_partner_key(key, fwd, &partner, v6);
	rev = flow_find(&partner, v6);
	if (!rev)
		return true;
	shortest = gc_timeout(cfg, proto, fwd->f.state, rev->f.state);
	return flow_older(&fwd->f, now, shortest) && flow_older(&rev->f, now, shortest);
}

/* One token. 1 ends the loop: the queue is empty. */
static __always_inline long gc_look(struct gc_slice *s, bool v6)
{
	union flow_key key, partner, token = {};	/* all of it, for kernels before 6.3 */
	union flow_value *fwd;

	if (v6 ? bpf_map_pop_elem(&sluice_gc6, &token.v6) : bpf_map_pop_elem(&sluice_gc4, &token.v4))
		return 1;
	key = token;
	gc_tag(&key, 0, v6);
	fwd = flow_find(&key, v6);
	if (!fwd || !gc_tag_is(&token, fwd->f.born, v6)) {	/* ended by a packet: so is this */
		gc_count(-1, v6);
	} else if (gc_is_over(&key, fwd, s->now, v6)) {
		flow_end(&key, fwd, &partner, v6);
		gc_count(-1, v6);
		s->deleted++;
	} else if (gc_put(&token, v6)) {
		gc_count(-1, v6);	/* cannot be: the queue is larger than the table */
	}
	return 0;
}

static long gc_look4(__u32 i, struct gc_slice *s)
{
	return gc_look(s, false);
}

static long gc_look6(__u32 i, struct gc_slice *s)
{
	return gc_look(s, true);
}

/* Deals with @n4 and @n6 tokens; returns how many pairs it ended. */
static __always_inline __u32 gc_run(__u32 n4, __u32 n6)
{
	struct gc_slice s = { .now = now_jiffies() };

	bpf_loop(n4, gc_look4, &s, 0);
	bpf_loop(n6, gc_look6, &s, 0);
	return s.deleted;
}

static __always_inline __u32 gc_slice_size(__u64 tokens)
{
	__u64 n = tokens / GC_TICKS_A_CYCLE + GC_SLICE_MIN;

	return n < GC_SLICE_MAX ? n : GC_SLICE_MAX;
}

static int gc_tick(void *map, __u32 *key, struct gc_timer *t)
{
	const struct sluice_gc *gc = gc_get();

	if (gc)
		gc_run(gc_slice_size(gc->tokens4), gc_slice_size(gc->tokens6));
	held_sweep();
	bpf_timer_start(&t->timer, GC_TICK_NS, 0);
	return 0;
}

/* Arms the timer; harmless if it runs already: then the callback is replaced by ours. */
static __always_inline int gc_start(void)
{
	__u32 zero = 0;
	struct gc_timer *t = bpf_map_lookup_elem(&sluice_gc_timer, &zero);

	if (!t)
		return -1;
	/* -EBUSY: it was initialized by an earlier load of this program. */
	bpf_timer_init(&t->timer, &sluice_gc_timer, CLOCK_MONOTONIC);
	if (bpf_timer_set_callback(&t->timer, gc_tick))
		return -1;
	return bpf_timer_start(&t->timer, GC_TICK_NS, 0);
}
