/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A real object of sluice, loaded afresh, with one service of 64 backends and one without any,
 * and the floors of its hook beside it, with tables of the same size.
 */
#pragma once

#include <stdbool.h>

#include <bpf/libbpf.h>

#include "bench/lab.h"
#include "sluice/flow.h"
#include "sluice/half.h"
#include "sluice/reason.h"
#include "sluice/service.h"
#include "sluice/settings.h"

/* Rows of the table of half-open flows: it is full, which is its normal state under attack. */
#define SETUP_HALF (SLUICE_HALF_BUCKETS4 * SLUICE_HALF_WAYS)
#define SETUP_BACKENDS 64

struct kind {
	const char *name;
	bool v6;
	bool udp;
};

enum setup_id { SETUP_NODE_PORT, SETUP_REMOTE, SETUP_LOCAL, N_SETUPS };

/* A program and the device that its packets come in by. */
struct side {
	const char *prog;
	enum lab_dev dev;
};

struct setup_spec {
	bool tc;
	__u8 frontend;		/* enum sluice_frontend_kind */
	__u32 vip;
	__u16 port;
	__u32 clients;		/* the first of them */
	__u32 backends;
	struct side fwd;
	struct side rev;
	/* To a backend: a device, and the next hop's last byte if it is one for all. */
	enum lab_dev out;
	__u8 via;
};

extern const struct setup_spec setup_specs[N_SETUPS];

/* Service without endpoints: the same address, this port. */
#define SETUP_EMPTY_PORT 81

struct setup {
	const struct setup_spec *spec;
	const struct kind *kind;
	const struct lab *lab;
	struct bpf_object *obj;
	struct bpf_object *floor;
	__u32 *floor_astray;
	size_t floor_astray_len;
	struct sluice_settings settings;
	void *skel;
};

struct setup_want {
	enum setup_id id;
	const struct kind *kind;
	__u32 pairs;		/* connections that it must have room for */
};

/* @dir has the floors' objects. 0 or -errno. */
int setup_open(struct setup *s, const struct setup_want *want, const struct lab *lab,
	       const char *dir);
void setup_close(struct setup *s);

/* A program of the real object or, if its name says so, of the floors. */
struct bpf_program *setup_program(const struct setup *s, const char *name);

/* The fd of the map of this family: "flows" is sluice_flows4 or sluice_flows6, and the floor's. */
int setup_map(const struct setup *s, const char *noun);
int setup_floor_map(const struct setup *s, const char *noun);

/* Floor D's tables get this service's backends (setup_floor.c). 0 or -errno. */
int setup_fill_floor(const struct setup *s);

/* An address of the family: IPv4 mapped, IPv6 behind lab_net6. */
struct sluice_addr setup_addr(__u32 low, bool v6);

int setup_set_rejects(struct setup *s, __u32 per_sec);

/* Whether the programs' filter would let a packet with these ends through. */
bool setup_filter_has(const struct setup *s, __u32 role, __u32 addr, __u16 port);

/* What the programs counted so far, over all CPUs and slots. */
struct tally {
	__u64 in;
	__u64 out;
	__u64 opened;
	__u64 reasons[SLUICE_R_COUNT];
};
int setup_tally(const struct setup *s, struct tally *ret);
