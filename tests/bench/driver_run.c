/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/driver_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *bench_mmap(const struct bpf_object *obj, const char *name,
		 size_t *ret_len)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (size_t)bpf_map__max_entries(map) * bpf_map__value_size(map);
	void *at;

	len = (len + page - 1) / page * page;
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		  bpf_map__fd(map), 0);
	*ret_len = len;
	return at == MAP_FAILED ? NULL : at;
}

/* A prog array takes the type, attach type and flags of its first user. */
static int driver_load(struct driver *d, const struct bpf_program *target,
		       const char *dir, const struct driver_size *size)
{
	struct bpf_program *prog;
	char path[256];

	snprintf(path, sizeof(path), "%s/driver_%s.bpf.o", dir, d->tc ? "tc" : "xdp");
	d->obj = bpf_object__open_file(path, NULL);
	if (!d->obj)
		return -errno;
	prog = bpf_object__find_program_by_name(d->obj, "bench_driver");
	bpf_program__set_expected_attach_type(prog,
			bpf_program__expected_attach_type(target));
	bpf_program__set_flags(prog, bpf_program__flags(target));
	bpf_map__set_max_entries(
		bpf_object__find_map_by_name(d->obj, "bench_steps"), size->steps);
	bpf_map__set_max_entries(
		bpf_object__find_map_by_name(d->obj, "bench_stamps"),
		size->packets / BENCH_BATCH + 2);
	if (bpf_object__load(d->obj))
		return -errno;
	d->fd = bpf_program__fd(prog);
	return 0;
}

int driver_open(struct driver *d, const struct bpf_program *target,
		const char *dir, const struct driver_size *size)
{
	bool tc = bpf_program__type(target) == BPF_PROG_TYPE_SCHED_CLS;
	__u32 slot = 0;
	int jmp, fd = bpf_program__fd(target);
	int r;

	*d = (struct driver){ .size = *size, .tc = tc };
	r = driver_load(d, target, dir, size);
	if (r)
		return r;

	jmp = bpf_map__fd(bpf_object__find_map_by_name(d->obj, "bench_target"));
	if (bpf_map_update_elem(jmp, &slot, &fd, 0))
		return -errno;
	d->ctl = bench_mmap(d->obj, ".data.ctl", &d->ctl_len);
	d->steps = bench_mmap(d->obj, "bench_steps", &d->steps_len);
	d->stamps = bench_mmap(d->obj, "bench_stamps", &d->stamps_len);
	return d->ctl && d->steps && d->stamps ? 0 : -ENOMEM;
}

void driver_close(struct driver *d)
{
	if (d->ctl)
		munmap(d->ctl, d->ctl_len);
	if (d->steps)
		munmap(d->steps, d->steps_len);
	if (d->stamps)
		munmap(d->stamps, d->stamps_len);
	bpf_object__close(d->obj);
	*d = (struct driver){ 0 };
}

void driver_set_kind(struct driver *d, const struct frame_kind *k)
{
	frame_template(k, d->ctl->headers);
	d->ctl->is_v6 = k->v6;
	d->ctl->is_udp = k->udp;
}

void driver_set_step(struct driver *d, const struct frame_kind *k, __u32 at,
		     const struct tuple *t)
{
	d->steps[at] = frame_step(k, t);
}

static int driver_test_run(struct driver *d, __u32 repeat, __u8 *out,
			   __u32 *ret_verdict)
{
	struct xdp_md xdp = { .data_end = BENCH_FRAME, .ingress_ifindex = d->ifindex };
	struct __sk_buff skb = { .ifindex = d->ifindex };
	__u8 frame[BENCH_FRAME];
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		.data_in = frame,
		.data_size_in = sizeof(frame),
		.data_out = out,
		.data_size_out = out ? BENCH_FRAME : 0,
		.repeat = (int)repeat);
	int r;

	if (d->ifindex) {
		opts.ctx_in = d->tc ? (void *)&skb : (void *)&xdp;
		opts.ctx_size_in = d->tc ? sizeof(skb) : sizeof(xdp);
	}
	/* tc's test run reads the protocol from the frame it is given. */
	memset(frame, 0, sizeof(frame));
	memcpy(frame, d->ctl->headers, BENCH_HEADERS);
	r = bpf_prog_test_run_opts(d->fd, &opts);
	if (ret_verdict)
		*ret_verdict = opts.retval;
	return r ? -errno : 0;
}

int driver_one(struct driver *d, __u32 step, __u8 *out, __u32 *ret_verdict)
{
	d->ctl->done = 0;
	d->ctl->at = step;
	d->ctl->total = 2;	/* so that this call is not the one that ends */
	return driver_test_run(d, 1, out, ret_verdict);
}

int driver_run(struct driver *d, __u32 n_steps, __u32 total)
{
	struct bench_ctl *c = d->ctl;
	int r;

	c->n_steps = n_steps;
	c->total = total;
	c->done = c->at = c->missed = 0;
	r = driver_test_run(d, total + 1, NULL, NULL);
	if (r)
		return r;
	if (c->done != total || c->missed) {
		fprintf(stderr, "driver: %u of %u packets, %u missed\n",
			c->done, total, c->missed);
		return -EIO;
	}
	return 0;
}

double driver_ns(const struct driver *d, __u32 first, __u32 end)
{
	struct samples s = { 0 };
	double ns;

	for (__u32 i = first / BENCH_BATCH; i < end / BENCH_BATCH; i++)
		samples_put(&s, (double)(d->stamps[i + 1] - d->stamps[i]) / BENCH_BATCH);
	ns = samples_spread(&s).median;
	samples_done(&s);
	return ns;
}
