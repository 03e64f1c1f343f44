/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Source ports of a client here. */
#define PORTS_EACH 32768u

union flow_key {
	struct sluice_flow4_key v4;
	struct sluice_flow6_key v6;
};

struct frame_kind conn_frame(const struct setup *s, const struct side *side, __u8 tcp_flags)
{
	struct frame_kind k = {
		.v6 = s->kind->v6,
		.udp = s->kind->udp,
		.tcp_flags = tcp_flags,
		.smac = { 2, 0, 0, 0, 2, 0 },
	};

	memcpy(k.src_net, lab_net6, sizeof(k.src_net));
	memcpy(k.dst_net, lab_net6, sizeof(k.dst_net));
	memcpy(k.dmac, lab_mac[side->dev], sizeof(k.dmac));
	return k;
}

static const struct side *pass_side(const struct setup *s, enum conn_pass pass)
{
	return pass == CONN_ANSWER ? &s->spec->rev : &s->spec->fwd;
}

static __u8 pass_flags(enum conn_pass pass)
{
	static const __u8 flags[N_CONN_PASSES] = { FRAME_SYN, FRAME_SYN | FRAME_ACK, FRAME_ACK };

	return flags[pass];
}

static struct tuple conn_dial(const struct setup *s, __u32 id)
{
	return (struct tuple){
		.src = s->spec->clients + id / PORTS_EACH,
		.dst = s->spec->vip,
		.sport = (__u16)(0x8000 | id % PORTS_EACH),
		.dport = s->spec->port,
	};
}

static union flow_key key_of(const struct setup *s, const struct tuple *t)
{
	union flow_key k;

	memset(&k, 0, sizeof(k));
	if (!s->kind->v6) {
		k.v4.src = htonl(t->src);
		k.v4.dst = htonl(t->dst);
		k.v4.sport = htons(t->sport);
		k.v4.dport = htons(t->dport);
		k.v4.proto = s->kind->udp ? IPPROTO_UDP : IPPROTO_TCP;
		return k;
	}
	memcpy(k.v6.src, lab_net6, sizeof(lab_net6));
	memcpy(k.v6.dst, lab_net6, sizeof(lab_net6));
	k.v6.src[3] = htonl(t->src);
	k.v6.dst[3] = htonl(t->dst);
	k.v6.sport = htons(t->sport);
	k.v6.dport = htons(t->dport);
	k.v6.proto = s->kind->udp ? IPPROTO_UDP : IPPROTO_TCP;
	return k;
}

static int conns_pass(struct conns *c, enum conn_pass pass, const struct conn *at, __u32 n)
{
	const struct setup *s = c->setup;
	struct frame_kind k = conn_frame(s, pass_side(s, pass), pass_flags(pass));
	struct driver *d = &c->pass[pass];

	for (__u32 i = 0; i < n; i++)
		driver_set_step(d, &k, i, pass == CONN_ANSWER ? &at[i].reply : &at[i].dial);
	return driver_run(d, n, n);
}

/*
 * The reply's tuple, from what the first packet becomes when it comes again. Nothing here knows
 * how the programs remember a new flow.
 */
static int conn_learn(struct conns *c, __u32 step, struct conn *conn)
{
	const struct setup *s = c->setup;
	struct frame_kind k = conn_frame(s, &s->spec->fwd, pass_flags(CONN_OPEN));
	__u8 out[BENCH_FRAME] = { 0 };
	struct tuple t;
	int r = driver_one(&c->pass[CONN_OPEN], step, out, NULL);

	if (r)
		return r;
	t = frame_tuple(&k, out);
	if (t.dst == conn->dial.dst)
		return -ENOENT;
	conn->reply = (struct tuple){ t.dst, t.src, t.dport, t.sport };
	return 0;
}

/*
 * Every packet went through, every connection was promoted, nothing else was counted. But for a
 * few: of so many at once some are pushed out of a bucket of the half-open table.
 */
static int conns_check(const struct tally *was, const struct tally *is, __u32 dialled, __u32 made)
{
	__u64 stopped = 0, slack = dialled / 64, in = 2 * dialled + made;

	for (int i = 0; i < SLUICE_R_COUNT; i++)
		stopped += is->reasons[i] - was->reasons[i];
	if (is->in - was->in >= in - slack && is->out - was->out >= made - slack &&
	    is->opened - was->opened >= made - slack && stopped <= slack)
		return 0;
	fprintf(stderr, "bench: of %u new connections %llu packets in, %llu out, %llu opened, %llu stopped\n",
		dialled, is->in - was->in, is->out - was->out, is->opened - was->opened, stopped);
	return -EIO;
}

/* Learns the replies; what is left of @n: a flow that was evicted may find its port taken. */
static __u32 conns_learn(struct conns *c, struct conn *at, __u32 n)
{
	__u32 left = 0;

	for (__u32 i = 0; i < n; i++)
		if (!conn_learn(c, i, &at[i]))
			at[left++] = at[i];
	return left;
}

/* Tries to make @n connections at @at; how many there are now, or -errno. */
static int conns_make(struct conns *c, struct conn *at, __u32 n)
{
	struct tally was, is;
	__u32 made = 0;
	int r = setup_tally(c->setup, &was);

	for (__u32 i = 0; i < n; i++)
		at[i].dial = conn_dial(c->setup, c->next_id++);
	r = r ? r : conns_pass(c, CONN_OPEN, at, n);
	if (!r)
		made = conns_learn(c, at, n);
	if (!r && made < n - n / 8)
		r = -ENOENT;
	r = r ? r : conns_pass(c, CONN_ANSWER, at, made);
	r = r ? r : conns_pass(c, CONN_CONFIRM, at, made);
	r = r ? r : setup_tally(c->setup, &is);
	r = r ? r : conns_check(&was, &is, n, made);
	return r ? r : (int)made;
}

static int flow_copy(const struct setup *s, const struct tuple *t)
{
	union flow_key k = key_of(s, t);
	union {
		struct sluice_flow4 v4;
		struct sluice_flow6 v6;
	} v;

	if (bpf_map_lookup_elem(setup_map(s, "flows"), &k, &v))
		return -errno;
	return bpf_map_update_elem(setup_floor_map(s, "flows"), &k, &v, BPF_NOEXIST) ? -errno : 0;
}

/* The floors get the same rows in the same order. */
static int conns_copy(const struct conns *c)
{
	int r = 0;

	for (__u32 i = 0; i < c->n && !r; i++) {
		r = flow_copy(c->setup, &c->at[i].reply);
		r = r ? r : flow_copy(c->setup, &c->at[i].dial);
	}
	return r;
}

static int pass_driver(struct conns *c, struct driver *d, const char *prog, enum conn_pass pass,
		       const char *dir)
{
	const struct setup *s = c->setup;
	const struct side *side = pass_side(s, pass);
	struct driver_size size = { CONN_MAKE, CONN_MAKE };
	struct frame_kind k = conn_frame(s, side, pass_flags(pass));
	int r = driver_open(d, setup_program(s, prog ? prog : side->prog), dir, &size);

	if (r)
		return r;
	d->ifindex = s->lab->ifindex[side->dev];
	driver_set_kind(d, &k);
	return 0;
}

static int conns_drivers(struct conns *c, const char *dir)
{
	static const char *const floors[N_CONN_FLOORS] = { "floor_c", "floor_d" };
	int r = 0;

	for (int i = 0; i < N_CONN_PASSES && !r; i++)
		r = pass_driver(c, &c->pass[i], NULL, i, dir);
	for (int i = 0; i < N_CONN_FLOORS && !r; i++)
		r = pass_driver(c, &c->floor[i], floors[i], CONN_OPEN, dir);
	return r;
}

/* The same first packets through a floor. */
static int conns_floor(struct conns *c, enum conn_floor floor, __u32 first_id, __u32 n)
{
	struct frame_kind k = conn_frame(c->setup, &c->setup->spec->fwd, FRAME_SYN);
	struct driver *d = &c->floor[floor];

	for (__u32 i = 0; i < n; i++) {
		struct tuple t = conn_dial(c->setup, first_id + i);

		driver_set_step(d, &k, i, &t);
	}
	return driver_run(d, n, n);
}

/* SYNs that nobody answers, as many as the half-open table has room for: two rows each. */
static int conns_flood(struct conns *c)
{
	struct conn *at = c->at + c->n;
	int r = 0;

	for (__u32 done = 0; done < SETUP_HALF / 2 && !r; done += CONN_MAKE) {
		__u32 first = c->next_id;

		for (__u32 i = 0; i < CONN_MAKE; i++)
			at[i].dial = conn_dial(c->setup, c->next_id++);
		r = conns_pass(c, CONN_OPEN, at, CONN_MAKE);
		r = r ? r : conns_floor(c, CONN_FLOOR_C, first, CONN_MAKE);
	}
	return r;
}

static bool conn_lasts(const struct conns *c, const struct conn *conn)
{
	union flow_key fwd = key_of(c->setup, &conn->dial), rev = key_of(c->setup, &conn->reply);
	int fd = setup_map(c->setup, "flows");
	struct sluice_flow6 any;

	return !bpf_map_lookup_elem(fd, &fwd, &any) && !bpf_map_lookup_elem(fd, &rev, &any);
}

/* Of so many handshakes at a time a few meet in a full bucket of the half-open table. */
static __u32 conns_keep(const struct conns *c, struct conn *at, __u32 n)
{
	__u32 left = 0;

	for (__u32 i = 0; i < n; i++)
		if (conn_lasts(c, &at[i]))
			at[left++] = at[i];
	return left;
}

int conns_open(struct conns *c, struct setup *s, __u32 n, const char *dir)
{
	int r;

	*c = (struct conns){ .setup = s, .at = calloc(n + CONN_MAKE, sizeof(struct conn)) };
	if (!c->at)
		return -ENOMEM;
	r = conns_drivers(c, dir);
	r = r ? r : conns_flood(c);
	while (c->n < n && !r) {
		__u32 more = n - c->n < CONN_MAKE ? n - c->n : CONN_MAKE;

		r = conns_make(c, c->at + c->n, more);
		c->n += r > 0 ? conns_keep(c, c->at + c->n, (__u32)r) : 0;
		r = r < 0 ? r : 0;
	}
	return r ? r : conns_copy(c);
}

void conns_close(struct conns *c)
{
	for (int i = 0; i < N_CONN_PASSES; i++)
		driver_close(&c->pass[i]);
	for (int i = 0; i < N_CONN_FLOORS; i++)
		driver_close(&c->floor[i]);
	free(c->at);
	*c = (struct conns){ 0 };
}

static void conns_forget(const struct conns *c, const struct conn *at, __u32 n)
{
	int fd = setup_map(c->setup, "flows");

	for (__u32 i = 0; i < n; i++) {
		union flow_key fwd = key_of(c->setup, &at[i].dial);
		union flow_key rev = key_of(c->setup, &at[i].reply);

		bpf_map_delete_elem(fd, &fwd);
		bpf_map_delete_elem(fd, &rev);
	}
}

int conns_measure(struct conns *c, struct conn_ns *ret)
{
	struct conn *at = c->at + c->n;
	__u32 first = c->next_id;
	int made = conns_make(c, at, CONN_CHUNK);
	int r = made < 0 ? made : 0;

	for (int i = 0; i < N_CONN_FLOORS && !r; i++) {
		r = conns_floor(c, i, first, CONN_CHUNK);
		ret->floor[i] = driver_ns(&c->floor[i], 0, CONN_CHUNK);
	}
	if (r)
		return r;
	for (int i = 0; i < N_CONN_PASSES; i++)
		ret->pass[i] = driver_ns(&c->pass[i], 0, (__u32)made);
	conns_forget(c, at, (__u32)made);
	return *c->setup->floor_astray ? -EIO : 0;
}
