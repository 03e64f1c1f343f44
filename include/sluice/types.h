/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Fixed-width and byte-order types for both sides of the maps. The programs
 * take them from vmlinux.h, everything else from the kernel's UAPI headers.
 */
#pragma once

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#endif

/*
 * Layout version of everything under include/sluice. It is part of the pin
 * path, so that programs and maps of two versions never meet. Raised in a release that changes
 * anything there, or in the pinned tables that only programs read: programs of two releases go on to
 * each other by sluice_tails, and share the scratch.
 */
#define SLUICE_ABI 2

/* An index that means "no row". Row 0 of services and backends is never used. */
#define SLUICE_NONE 0

/*
 * Every address that is not in a packet or in a family's own table: 16 bytes in
 * network order, IPv4 as ::ffff:a.b.c.d, so that ip6[3] is the IPv4 address.
 */
struct sluice_addr {
	__be32 ip6[4];
};
_Static_assert(sizeof(struct sluice_addr) == 16, "sluice_addr is ABI");
