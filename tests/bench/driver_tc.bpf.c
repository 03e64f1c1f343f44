/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Drives a tc program under BPF_PROG_TEST_RUN; see driver.h. */
#include <linux/pkt_cls.h>

#include "bench/driver.h"

/* Translating never changes the length; an answer does. */
static __always_inline int driver_restore(struct __sk_buff *skb, struct bench_ctl *c)
{
	if (!c->done)
		c->end = skb->len;
	else if (skb->len != c->end)
		return bpf_skb_change_tail(skb, c->end, 0);
	return 0;
}

SEC("tc")
int bench_driver(struct __sk_buff *skb)
{
	struct bench_ctl *c = &bench_ctl;
	const struct bench_step *step = driver_next(c);
	void *data;

	if (!step || driver_restore(skb, c))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	if (data + BENCH_HEADERS > (void *)(long)skb->data_end)
		return TC_ACT_SHOT;
	driver_write(c, data, step);
	skb->mark = 0;
	skb->tc_index = 0;
	skb->cb[0] = 0;

	driver_settle(c);
	bpf_tail_call(skb, &bench_target, 0);
	c->missed++;
	return TC_ACT_SHOT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
