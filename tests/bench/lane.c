/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/lane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Packets of the timed part of a run; the part before it sees every flow once. */
#define LANE_PACKETS 32768u
#define LANE_SAMPLES 16
/* So long after the last run every flow's next packet renews it. */
#define RENEW_MS 1100

static __u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000 + (__u64)t.tv_nsec / 1000000;
}

/* ---- packets --------------------------------------------------------- */

static __u64 rng = 88172645463325252ull;

static __u32 rng_below(__u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (__u32)((rng >> 16) % n);
}

static void steps_shuffle(struct bench_step *at, __u32 n)
{
	rng = 88172645463325252ull;	/* the floor's lane in the same order */
	for (__u32 i = n; i > 1; i--) {
		__u32 j = rng_below(i);
		struct bench_step t = at[j];

		at[j] = at[i - 1];
		at[i - 1] = t;
	}
}

/* A tuple that the filter rejects. */
static struct tuple stranger(const struct setup *s, __u32 i)
{
	struct tuple t = {
		.src = 0x0a800000 + i / 16,
		.dst = 0x0ac00000 + i % 16,
		.sport = (__u16)(20000 + i % 4096),
		.dport = 443,
	};

	while (setup_filter_has(s, SLUICE_FILTER_BACKEND, t.src, t.sport) ||
	       setup_filter_has(s, SLUICE_FILTER_FRONTEND, t.dst, t.dport))
		t.src += 0x10000;
	return t;
}

/*
 * A stranger whose source has the bit of a backend in the filter. One in some thousands has, so a
 * few are searched for and used in turn.
 */
#define LOOKALIKES 256

static struct tuple lookalike(const struct setup *s, __u32 i)
{
	static struct tuple found[LOOKALIKES];
	static const struct setup_spec *of;
	static const struct kind *kind;
	struct tuple t = { .src = 0x0ac10000, .dst = 0x0ac00001, .dport = 443 };

	if (of == s->spec && kind == s->kind)
		return found[i % LOOKALIKES];
	of = s->spec;
	kind = s->kind;
	for (__u32 n = 0; n < LOOKALIKES; n++) {
		do {
			t.sport = t.sport % 65535 + 1;
			t.src += t.sport == 1;
		} while (!setup_filter_has(s, SLUICE_FILTER_BACKEND, t.src, t.sport));
		found[n] = t;
	}
	return found[i % LOOKALIKES];
}

static struct tuple packet_of(const struct lane *l, const struct conns *c, __u32 i)
{
	struct tuple t = c->at[i].dial;

	switch (l->traffic) {
	case TRAFFIC_REPLY:
		return c->at[i].reply;
	case TRAFFIC_STRANGE:
		return stranger(l->setup, i);
	case TRAFFIC_LOOKALIKE:
		return lookalike(l->setup, i);
	case TRAFFIC_REJECTED:
	case TRAFFIC_LIMITED:
		t.dport = SETUP_EMPTY_PORT;
		return t;
	case TRAFFIC_FORWARD:
		break;
	}
	return t;
}

/* Strangers come from the wire, like replies. */
static const struct side *lane_side(const struct lane *l)
{
	const struct setup_spec *spec = l->setup->spec;

	return l->traffic == TRAFFIC_FORWARD || l->traffic >= TRAFFIC_REJECTED ? &spec->fwd
									       : &spec->rev;
}

int lane_open(struct lane *l, const struct conns *c, enum traffic t, const char *prog,
	      const char *dir)
{
	struct driver_size size = { c->n, c->n + BENCH_BATCH + LANE_PACKETS };
	const struct side *side;
	struct frame_kind k;
	int r;

	*l = (struct lane){ .setup = c->setup, .traffic = t, .n_steps = c->n };
	side = lane_side(l);
	l->real = !prog;
	prog = prog ? prog : side->prog;
	r = driver_open(&l->driver, setup_program(l->setup, prog), dir, &size);
	if (r)
		return r;
	l->driver.ifindex = l->setup->lab->ifindex[side->dev];
	k = conn_frame(l->setup, side, t >= TRAFFIC_REJECTED ? FRAME_SYN : FRAME_ACK);
	driver_set_kind(&l->driver, &k);
	for (__u32 i = 0; i < c->n; i++) {
		struct tuple tuple = packet_of(l, c, i);

		driver_set_step(&l->driver, &k, i, &tuple);
	}
	steps_shuffle(l->driver.steps, c->n);
	return 0;
}

void lane_close(struct lane *l)
{
	driver_close(&l->driver);
}

/* ---- running --------------------------------------------------------- */

static int lane_prepare(const struct lane *l)
{
	__u64 since = now_ms() - l->ran_ms;

	if (since < RENEW_MS && l->real && l->traffic <= TRAFFIC_REPLY && l->n_steps >= BENCH_BATCH)
		usleep((useconds_t)(RENEW_MS - since) * 1000);
	if (l->traffic == TRAFFIC_REJECTED)
		return setup_set_rejects(l->setup, UINT_MAX);
	if (l->traffic == TRAFFIC_LIMITED)
		return setup_set_rejects(l->setup, 0);
	return 0;
}

/* What @total packets of this traffic must have added. */
static struct tally lane_expect(const struct lane *l, const struct tally *was, __u32 total)
{
	struct tally t = *was;

	switch (l->traffic) {
	case TRAFFIC_FORWARD:
		t.in += total;
		break;
	case TRAFFIC_REPLY:
		t.out += total;
		break;
	case TRAFFIC_STRANGE:
	case TRAFFIC_LOOKALIKE:
		if (l->setup->spec->tc)		/* XDP leaves the counting to tc */
			t.reasons[SLUICE_R_NOT_OURS] += total;
		break;
	case TRAFFIC_LIMITED:
		t.reasons[SLUICE_R_REJECT_LIMIT] += total;
		/* fall through */
	case TRAFFIC_REJECTED:
		t.reasons[SLUICE_R_NO_BACKEND] += total;
		break;
	}
	return t;
}

static int lane_check(const struct lane *l, const struct tally *was, __u32 total)
{
	struct tally want = lane_expect(l, was, total), is;
	int r = setup_tally(l->setup, &is);

	if (r || !memcmp(&want, &is, sizeof(is)))
		return r;
	fprintf(stderr, "bench: traffic %d, %u packets: in %llu, out %llu", l->traffic, total,
		is.in - was->in, is.out - was->out);
	for (int i = 0; i < SLUICE_R_COUNT; i++)
		if (is.reasons[i] != was->reasons[i])
			fprintf(stderr, ", reason %d: %llu", i, is.reasons[i] - was->reasons[i]);
	fputc('\n', stderr);
	return -EIO;
}

int lane_run(struct lane *l, struct lane_ns *ret)
{
	__u32 first = (l->n_steps + BENCH_BATCH - 1) / BENCH_BATCH * BENCH_BATCH;
	__u32 total = first + LANE_PACKETS;
	struct tally was;
	int r = lane_prepare(l);

	r = r ? r : setup_tally(l->setup, &was);
	r = r ? r : driver_run(&l->driver, l->n_steps, total);
	if (r)
		return r;
	ret->renew = l->n_steps < BENCH_BATCH ? 0 : driver_ns(&l->driver, 0, first);
	ret->plain = driver_ns(&l->driver, first, total);
	l->ran_ms = now_ms();
	if (l->real)
		return lane_check(l, &was, total);
	if (!*l->setup->floor_astray)
		return 0;
	fprintf(stderr, "bench: traffic %d: %u packets left the floor's way\n", l->traffic,
		*l->setup->floor_astray);
	return -EIO;
}

int lane_kept(struct lane *l, double *ret_percent)
{
	struct tally was, is;
	int r = setup_tally(l->setup, &was);

	r = r ? r : driver_run(&l->driver, l->n_steps, l->n_steps);
	r = r ? r : setup_tally(l->setup, &is);
	if (!r)
		*ret_percent = 100.0 * (double)(is.in - was.in + is.out - was.out) / l->n_steps;
	return r;
}

/* ---- one by one ------------------------------------------------------ */

static __u32 verdict_of(const struct lane *l)
{
	bool tc = l->setup->spec->tc;

	switch (l->traffic) {
	case TRAFFIC_FORWARD:
	case TRAFFIC_REPLY:
	case TRAFFIC_REJECTED:
		return tc ? TC_ACT_REDIRECT : XDP_TX;
	case TRAFFIC_STRANGE:
	case TRAFFIC_LOOKALIKE:
		return tc ? (__u32)TC_ACT_UNSPEC : XDP_PASS;
	case TRAFFIC_LIMITED:
		break;
	}
	return tc ? TC_ACT_SHOT : XDP_DROP;
}

/* A pod behind redirect_peer() needs no MACs; the floor writes them all the same. */
static size_t bytes_first(const struct lane *l, const __u8 *out)
{
	size_t macs = 2 * sizeof(lab_mac[0]);

	return memcmp(out, l->driver.ctl->headers, macs) ? 0 : macs;
}

static void bytes_print(const char *who, const __u8 *bytes)
{
	fprintf(stderr, "  %-6s", who);
	for (int i = 0; i < BENCH_HEADERS; i++)
		fprintf(stderr, "%s%02x", i % 4 ? "" : " ", bytes[i]);
	fputc('\n', stderr);
}

int lane_compare(struct lane *real, struct lane *floor)
{
	__u8 a[BENCH_FRAME] = { 0 }, b[BENCH_FRAME] = { 0 };
	__u32 want = verdict_of(real), got = 0;
	bool same = real->traffic <= TRAFFIC_LOOKALIKE;
	int r = lane_prepare(real);
	size_t from;

	for (__u32 i = 0; i < LANE_SAMPLES && !r; i++) {
		__u32 step = (__u32)((__u64)i * real->n_steps / LANE_SAMPLES);

		r = driver_one(&real->driver, step, a, &got);
		if (r || got != want) {
			fprintf(stderr, "bench: traffic %d: verdict %u, not %u\n", real->traffic,
				got, want);
			return r ? r : -EIO;
		}
		if (!same)
			continue;
		r = driver_one(&floor->driver, step, b, &got);
		from = bytes_first(real, a);
		if (!r && (got != want || memcmp(a + from, b + from, sizeof(a) - from))) {
			fprintf(stderr, "bench: traffic %d: sluice and floor disagree\n",
				real->traffic);
			bytes_print("sluice", a);
			bytes_print("floor", b);
			return -EIO;
		}
	}
	return r;
}
