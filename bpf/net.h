/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Wire formats for code that is compiled for the kernel and, in tests and fuzzers, for the
 * host: parse.h and csum.h need nothing else.
 */
#pragma once

#include "sluice/types.h"

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#else
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#endif
#include <bpf/bpf_endian.h>

#ifdef __bpf__
#define ETH_HLEN 14
#endif

/* linux/ip.h keeps these from user space. */
#define IPV4_MORE_FRAGMENTS	0x2000
#define IPV4_FRAGMENT_OFFSET	0x1fff
#define IPV4_DONT_FRAGMENT	0x4000

/* The second word of IPv6's fragment header. */
#define IPV6_MORE_FRAGMENTS	0x0001
#define IPV6_FRAGMENT_OFFSET	0xfff8

#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_ACK	0x10

/* RFC 9260 section 3.1; Linux' headers for user space have none. */
struct sctp_header {
	__be16 source;
	__be16 dest;
	__be32 vtag;
	__u32 checksum;		/* little-endian */
};

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/*
 * Several fields of a packet at once. Packets keep no alignment that C knows of; the machines that
 * sluice runs on do not ask for any, and the verifier then neither.
 */
static __always_inline __u16 load16(const void *at)
{
#ifdef __bpf__
	return *(const __u16 *)at;
#else
	__u16 v;

	memcpy(&v, at, sizeof(v));
	return v;
#endif
}

static __always_inline __u32 load32(const void *at)
{
#ifdef __bpf__
	return *(const __u32 *)at;	/* memcpy() would be four loads of a byte */
#else
	__u32 v;

	memcpy(&v, at, sizeof(v));
	return v;
#endif
}

static __always_inline __u64 load64(const void *at)
{
#ifdef __bpf__
	return *(const __u64 *)at;
#else
	__u64 v;

	memcpy(&v, at, sizeof(v));
	return v;
#endif
}

#ifdef __bpf__
static __always_inline void store32(void *at, __u32 v)
{
	*(__u32 *)at = v;
}

static __always_inline void store64(void *at, __u64 v)
{
	*(__u64 *)at = v;
}
#endif
