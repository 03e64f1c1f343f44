/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses of both families in one type, IPv4 as ::ffff:a.b.c.d; and CIDR blocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/vec.h"
#include "sluice/types.h"

enum family {
	FAMILY_V4,
	FAMILY_V6,
	FAMILY_COUNT,
};

/* "IPv4" and "IPv6", as the Kubernetes API writes them. */
const char *family_name(enum family f);

struct addr {
	uint8_t b[16];		/* network order */
};

#define ADDR_TEXT_MAX 46

/*
 * Parses as Kubernetes did for ten years: leading zeros in IPv4 are decimal
 * ("172.030.000.041" is 172.30.0.41). 0 or -EINVAL.
 */
int addr_parse(const char *text, struct addr *ret);

/* The canonical text; returns @buf. */
const char *addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

enum family addr_family(const struct addr *a);
bool addr_is_zero(const struct addr *a);	/* all 16 bytes zero: "none" */
bool addr_is_unspecified(const struct addr *a);	/* none, 0.0.0.0 or :: */
bool addr_is_loopback(const struct addr *a);
bool addr_is_link_local(const struct addr *a);	/* unicast */
bool addr_is_multicast(const struct addr *a);
int addr_cmp(const struct addr *a, const struct addr *b);	/* as memcmp */
struct sluice_addr addr_wire(const struct addr *a);
struct addr addr_from_wire(const struct sluice_addr *a);

/* An address moved by @n within its family, without carry beyond 64 bits' worth. */
struct addr addr_add(const struct addr *a, uint64_t n);

struct cidr {
	struct addr base;	/* host bits cleared */
	uint8_t bits;		/* prefix length in the family's own terms: 0-32 or 0-128 */
};

#define CIDR_TEXT_MAX (ADDR_TEXT_MAX + 4)

int cidr_parse(const char *text, struct cidr *ret);	/* surrounding blanks allowed */
const char *cidr_text(const struct cidr *c, char buf[static CIDR_TEXT_MAX]);
bool cidr_has(const struct cidr *c, const struct addr *a);

typedef VEC(struct addr) addr_vec;
typedef VEC(struct cidr) cidr_vec;
