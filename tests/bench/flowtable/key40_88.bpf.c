/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One flow table for both families, IPv4 mapped; the element is
 * 48 + 40 + 88 bytes.
 */
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

typedef struct {
	__be32 word[4];
} addr;

static __always_inline addr addr_of(__be32 v4)
{
	return (addr){ .word = { 0, 0, bpf_htonl(0xffff), v4 } };
}

static __always_inline __be32 addr_v4(const addr *a)
{
	return a->word[3];
}

#define FLOW_KEY_SIZE 40
#define FLOW_SIZE 88
#define FLOW_PAD 12
#include "bench/flowtable/flowtable.h"
