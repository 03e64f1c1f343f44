/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * User space's side of a driver program (driver.h): load it for a program
 * under test, give it steps, run it, read the clock's batches.
 */
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench/frame.h"
#include "bench/stat.h"
#include "bench/step.h"

struct driver_size {
	__u32 steps;
	__u32 packets;		/* of the longest run */
};

struct driver {
	struct bpf_object *obj;
	int fd;
	bool tc;
	__u32 ifindex;			/* the packet comes in there; 0: lo */
	struct driver_size size;
	struct bench_ctl *ctl;
	struct bench_step *steps;	/* the caller writes these */
	__u64 *stamps;
	size_t ctl_len;
	size_t steps_len;
	size_t stamps_len;
};

/*
 * A loaded array map's memory, or NULL; the caller unmaps it. Also for global
 * data: libbpf's own view of that is the kernel's only behind a skeleton.
 */
void *bench_mmap(const struct bpf_object *obj, const char *name, size_t *ret_len);

/* @target is loaded; its driver's object is in @dir. 0 or -errno. */
int driver_open(struct driver *d, const struct bpf_program *target,
		const char *dir, const struct driver_size *size);
void driver_close(struct driver *d);

void driver_set_kind(struct driver *d, const struct frame_kind *k);

/* The step number @at becomes the packet of @t; after driver_set_kind(). */
void driver_set_step(struct driver *d, const struct frame_kind *k, __u32 at,
		     const struct tuple *t);

/* One packet, untimed: its verdict and its bytes (BENCH_FRAME, or NULL). */
int driver_one(struct driver *d, __u32 step, __u8 *out, __u32 *ret_verdict);

/* @total packets through @n_steps steps, again and again. */
int driver_run(struct driver *d, __u32 n_steps, __u32 total);

/* Median ns a packet of the last run, over its batches from the packet @first up to @end. */
double driver_ns(const struct driver *d, __u32 first, __u32 end);
