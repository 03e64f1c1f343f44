/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/flood.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Twice what the half-open table holds: a flow has two rows. */
#define FLOOD_PACKETS SETUP_HALF

/*
 * The flow number @id, in an order without order: an odd factor makes a permutation of all
 * numbers. Ports below those of live connections; pods are as many as the lab has.
 */
static struct tuple flood_dial(const struct setup *s, __u32 id)
{
	const struct setup_spec *spec = s->spec;
	__u32 mixed = id * 0x9e3779b1u;
	__u32 clients = spec->tc ? LAB_N_PODS : 1u << 18;

	return (struct tuple){
		.src = spec->clients + (mixed >> 14) % clients,
		.dst = spec->vip,
		.sport = (__u16)(0x4000 | (mixed & 0x3fff)),
		.dport = spec->port,
	};
}

static int flood_driver(struct flood *f, struct driver *d, const char *prog, const char *dir)
{
	const struct setup *s = f->setup;
	struct driver_size size = { FLOOD_PACKETS, FLOOD_PACKETS };
	struct frame_kind k = conn_frame(s, &s->spec->fwd, FRAME_SYN);
	int r = driver_open(d, setup_program(s, prog), dir, &size);

	if (r)
		return r;
	d->ifindex = s->lab->ifindex[s->spec->fwd.dev];
	driver_set_kind(d, &k);
	return 0;
}

/* Floor D's packet is one that the backend would take: its checksum is that of its new tuple. */
static int flood_check_floor(struct flood *f)
{
	struct frame_kind k = conn_frame(f->setup, &f->setup->spec->fwd, FRAME_SYN);
	struct tuple dial = flood_dial(f->setup, 0), t;
	__u8 out[BENCH_FRAME] = { 0 };
	struct bench_step want;
	__u16 csum;
	int r;

	driver_set_step(&f->floor, &k, 0, &dial);
	r = driver_one(&f->floor, 0, out, NULL);
	if (r)
		return r;
	t = frame_tuple(&k, out);
	want = frame_step(&k, &t);
	memcpy(&csum, out + frame_csum_off(&k), sizeof(csum));
	if (t.dst != dial.dst && csum == want.l4_csum)
		return 0;
	fprintf(stderr, "bench: floor D makes a packet that nobody would take\n");
	return -EIO;
}

int flood_open(struct flood *f, const struct conns *live, const char *dir)
{
	int r;

	*f = (struct flood){ .setup = live->setup };
	r = flood_driver(f, &f->real, f->setup->spec->fwd.prog, dir);
	r = r ? r : flood_driver(f, &f->floor, "floor_d", dir);
	r = r ? r : flood_check_floor(f);
	r = r ? r : lane_open(&f->live[0], live, TRAFFIC_FORWARD, NULL, dir);
	return r ? r : lane_open(&f->live[1], live, TRAFFIC_REPLY, NULL, dir);
}

void flood_close(struct flood *f)
{
	driver_close(&f->real);
	driver_close(&f->floor);
	lane_close(&f->live[0]);
	lane_close(&f->live[1]);
	*f = (struct flood){ 0 };
}

/* Every SYN was sent on to a backend: or it is another thing that was measured. */
static int flood_check(const struct flood *f, const struct tally *was)
{
	struct tally is;
	int r = setup_tally(f->setup, &is);

	if (r || is.in - was->in >= FLOOD_PACKETS - FLOOD_PACKETS / 64)
		return r;
	fprintf(stderr, "bench: of %u SYNs only %llu were translated\n", FLOOD_PACKETS,
		is.in - was->in);
	return -EIO;
}

int flood_run(struct flood *f, struct flood_ns *ret)
{
	struct frame_kind k = conn_frame(f->setup, &f->setup->spec->fwd, FRAME_SYN);
	struct tally was;
	double kept[2];
	int r;

	for (__u32 i = 0; i < FLOOD_PACKETS; i++) {
		struct tuple t = flood_dial(f->setup, f->next_id++);

		driver_set_step(&f->real, &k, i, &t);
		f->floor.steps[i] = f->real.steps[i];
	}
	r = setup_tally(f->setup, &was);
	r = r ? r : driver_run(&f->real, FLOOD_PACKETS, FLOOD_PACKETS);
	r = r ? r : flood_check(f, &was);
	r = r ? r : lane_kept(&f->live[0], &kept[0]);
	r = r ? r : lane_kept(&f->live[1], &kept[1]);
	r = r ? r : driver_run(&f->floor, FLOOD_PACKETS, FLOOD_PACKETS);
	if (r)
		return r;
	ret->real = driver_ns(&f->real, 0, FLOOD_PACKETS);
	ret->floor = driver_ns(&f->floor, 0, FLOOD_PACKETS);
	ret->kept_percent = (kept[0] + kept[1]) / 2;
	return *f->setup->floor_astray ? -EIO : 0;
}
