/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The floors over XDP; see floor.h. */
#include "bench/floor_choose.h"

#define BEGIN(ctx) ((void *)(long)(ctx)->data)
#define END(ctx) ((void *)(long)(ctx)->data_end)

SEC("xdp")
int floor_null(struct xdp_md *ctx)
{
	return XDP_TX;
}

/* Parses, and is done with @verdict. */
KEEP int parse(struct xdp_md *ctx, int verdict, bool v6)
{
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(ctx), END(ctx), v6, &p, &k)) {
		floor_astray++;
		return XDP_ABORTED;
	}
	/* Otherwise clang would not make the key, for want of a reader. */
	asm volatile("" : : "r"(&k) : "memory");
	return verdict;
}

SEC("xdp")
int floor_parsed(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? parse(ctx, XDP_PASS, true)
						 : parse(ctx, XDP_PASS, false);
}

SEC("xdp")
int floor_0(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? parse(ctx, XDP_TX, true)
						 : parse(ctx, XDP_TX, false);
}

KEEP int hit(struct xdp_md *ctx, bool v6)
{
	union floor_key k;
	struct floor_packet p;
	union floor_value *f;

	if (floor_parse(BEGIN(ctx), END(ctx), v6, &p, &k))
		return XDP_PASS;
	f = floor_find(&k, v6);
	if (!f) {
		floor_astray++;
		return XDP_PASS;
	}
	floor_rewrite(&p, f, v6);
	return XDP_TX;
}

SEC("xdp")
int floor_a(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? hit(ctx, true) : hit(ctx, false);
}

KEEP int miss(struct xdp_md *ctx, bool v6)
{
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(ctx), END(ctx), v6, &p, &k))
		return XDP_PASS;
	if (floor_find(&k, v6)) {
		floor_astray++;
		return XDP_TX;
	}
	return XDP_PASS;
}

SEC("xdp")
int floor_b(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? miss(ctx, true) : miss(ctx, false);
}

KEEP int open(struct xdp_md *ctx, bool v6)
{
	union floor_value f = {};
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(ctx), END(ctx), v6, &p, &k))
		return XDP_PASS;
	if (floor_find(&k, v6) || floor_open(&k, &f, v6)) {
		floor_astray++;
		return XDP_PASS;
	}
	floor_rewrite(&p, &f, v6);
	return XDP_TX;
}

SEC("xdp")
int floor_c(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? open(ctx, true) : open(ctx, false);
}

KEEP int choose(struct xdp_md *ctx, bool v6)
{
	union floor_value f = {};
	union floor_key k;
	struct floor_packet p;

	if (floor_parse(BEGIN(ctx), END(ctx), v6, &p, &k) || floor_choose(&k, &f, v6))
		return XDP_PASS;
	floor_rewrite(&p, &f, v6);
	return XDP_TX;
}

SEC("xdp")
int floor_d(struct xdp_md *ctx)
{
	return floor_is_v6(BEGIN(ctx), END(ctx)) ? choose(ctx, true) : choose(ctx, false);
}

char _license[] SEC("license") = "Dual BSD/GPL";
