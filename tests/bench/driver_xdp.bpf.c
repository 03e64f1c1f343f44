/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Drives an XDP program under BPF_PROG_TEST_RUN; see driver.h. */
#include "bench/driver.h"

/* The program before may have moved the packet's head or tail. */
static __always_inline int driver_restore(struct xdp_md *ctx, struct bench_ctl *c)
{
	volatile __u64 start = (__u64)(long)ctx->data;
	volatile __u64 end = (__u64)(long)ctx->data_end;

	if (!c->done) {
		c->start = start;
		c->end = end;
		return 0;
	}
	if (start != c->start && bpf_xdp_adjust_head(ctx, c->start - start))
		return -1;
	if (end != c->end && bpf_xdp_adjust_tail(ctx, c->end - end))
		return -1;
	return 0;
}

SEC("xdp")
int bench_driver(struct xdp_md *ctx)
{
	struct bench_ctl *c = &bench_ctl;
	const struct bench_step *step = driver_next(c);
	void *data;

	if (!step || driver_restore(ctx, c))
		return XDP_ABORTED;

	data = (void *)(long)ctx->data;
	if (data + BENCH_HEADERS > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	driver_write(c, data, step);

	driver_settle(c);
	bpf_tail_call(ctx, &bench_target, 0);
	c->missed++;
	return XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
