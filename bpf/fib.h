/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Questions to the kernel's routing table, asked for a packet that comes in by the device of the
 * hook. They lie in the scratch: 64 bytes are much for the stack.
 */
#pragma once

#include "bpf/flow.h"

/* A question without its ends, for fib_set_ends(), and without ports, for rules of routing. */
static __always_inline struct bpf_fib_lookup *fib_begin(struct scratch *s, __u8 proto, bool v6)
{
	struct bpf_fib_lookup *fib = &s->fib;

	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = v6 ? AF_INET6 : AF_INET;
	fib->l4_protocol = proto;
	fib->ifindex = s->w.ifindex;
	/* With 0 the kernel holds this very packet against the MTU of that way, which it need not
	 * go, and answers nothing if it is larger. With any length the answer has the MTU. */
	fib->tot_len = 1;
	return fib;
}

/* One word of an address for IPv4, four for IPv6. */
static __always_inline void fib_set_ends(struct bpf_fib_lookup *fib, const __be32 *src,
					 const __be32 *dst, bool v6)
{
	if (!v6) {
		fib->ipv4_src = src[0];
		fib->ipv4_dst = dst[0];
		return;
	}
	for (int i = 0; i < 4; i++) {
		fib->ipv6_src[i] = src[i];
		fib->ipv6_dst[i] = dst[i];
	}
}

/* BPF_FIB_LKUP_RET_*, or negative; the answer takes the place of the question. */
static __always_inline long fib_ask(hook_ctx *ctx, struct bpf_fib_lookup *fib, __u32 flags)
{
	return bpf_fib_lookup(ctx, fib, sizeof(*fib), flags);
}

/* Whether @rc is a way: to a neighbour that is known, or that is yet to be found. */
static __always_inline bool fib_has_way(long rc)
{
	return rc == BPF_FIB_LKUP_RET_SUCCESS || rc == BPF_FIB_LKUP_RET_NO_NEIGH;
}
