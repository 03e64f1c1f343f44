/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Addresses and CIDR blocks: text ↔ 16 bytes. IPv4 lives in ::ffff:0:0/96, so the
 * text "::ffff:1.2.3.4" means the IPv4 address, as it does to Kubernetes.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define V4_OFF 12	/* where the IPv4 address starts */

static const uint8_t v4_prefix[V4_OFF] = { [10] = 0xff, [11] = 0xff };

const char *family_name(enum family f)
{
	return f == FAMILY_V6 ? "IPv6" : "IPv4";
}

/* Reads a decimal number up to @max; returns what follows it, or NULL. */
static const char *number_parse(const char *p, unsigned int max, unsigned int *ret)
{
	const char *start = p;
	unsigned int v = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (unsigned int)(*p - '0');
		if (v > max)
			return NULL;
	}
	*ret = v;
	return p == start ? NULL : p;
}

static int addr4_parse(const char *text, struct addr *ret)
{
	struct addr a;

	memcpy(a.b, v4_prefix, V4_OFF);
	for (int i = 0; i < 4; i++) {
		unsigned int octet;

		text = number_parse(text, 255, &octet);
		if (!text || *text != (i < 3 ? '.' : '\0'))
			return -EINVAL;
		a.b[V4_OFF + i] = (uint8_t)octet;
		text++;
	}
	*ret = a;
	return 0;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr a;

	if (!text || strnlen(text, ADDR_TEXT_MAX) >= ADDR_TEXT_MAX)
		return -EINVAL;
	if (!strchr(text, ':'))
		return addr4_parse(text, ret);
	if (inet_pton(AF_INET6, text, a.b) != 1)
		return -EINVAL;
	*ret = a;
	return 0;
}

const char *addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	bool v4 = addr_family(a) == FAMILY_V4;
	const char *text = inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + V4_OFF : a->b,
				     buf, ADDR_TEXT_MAX);

	return text ? text : strcpy(buf, "?");
}

enum family addr_family(const struct addr *a)
{
	return memcmp(a->b, v4_prefix, V4_OFF) ? FAMILY_V6 : FAMILY_V4;
}

bool addr_is_zero(const struct addr *a)
{
	static const struct addr zero;

	return !memcmp(a, &zero, sizeof(zero));
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero4[4];

	return addr_is_zero(a) ||
	       (addr_family(a) == FAMILY_V4 && !memcmp(a->b + V4_OFF, zero4, sizeof(zero4)));
}

bool addr_is_loopback(const struct addr *a)
{
	static const struct addr one = { .b = { [15] = 1 } };

	if (addr_family(a) == FAMILY_V4)
		return a->b[V4_OFF] == 127;
	return !memcmp(a, &one, sizeof(one));
}

bool addr_is_link_local(const struct addr *a)
{
	if (addr_family(a) == FAMILY_V4)
		return a->b[V4_OFF] == 169 && a->b[V4_OFF + 1] == 254;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool addr_is_multicast(const struct addr *a)
{
	if (addr_family(a) == FAMILY_V4)
		return (a->b[V4_OFF] & 0xf0) == 0xe0;
	return a->b[0] == 0xff;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

struct sluice_addr addr_wire(const struct addr *a)
{
	struct sluice_addr w;

	_Static_assert(sizeof(w) == sizeof(*a), "both are 16 bytes in network order");
	memcpy(&w, a, sizeof(w));
	return w;
}

struct addr addr_from_wire(const struct sluice_addr *w)
{
	struct addr a;

	memcpy(&a, w, sizeof(a));
	return a;
}

struct addr addr_add(const struct addr *a, uint64_t n)
{
	size_t first = addr_family(a) == FAMILY_V4 ? V4_OFF : 8;
	struct addr sum = *a;

	for (size_t i = sizeof(sum.b); i-- > first;) {
		n += sum.b[i];
		sum.b[i] = (uint8_t)n;
		n >>= 8;
	}
	return sum;
}

/* --- blocks --------------------------------------------------------------------- */

/* How many of the 16 bytes' leading bits the block fixes. */
static unsigned int cidr_wire_bits(const struct cidr *c)
{
	return addr_family(&c->base) == FAMILY_V4 ? 8 * V4_OFF + c->bits : c->bits;
}

/* Byte @i of the mask of the first @bits bits. */
static uint8_t mask_byte(unsigned int bits, size_t i)
{
	if (bits >= 8 * (i + 1))
		return 0xff;
	if (bits <= 8 * i)
		return 0;
	return (uint8_t)(0xff << (8 - (bits - 8 * i)));
}

/* The text without surrounding blanks, or -EINVAL if it cannot be a block. */
static int cidr_trim(const char *text, char buf[static CIDR_TEXT_MAX])
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	if (n >= CIDR_TEXT_MAX)
		return -EINVAL;
	memcpy(buf, text, n);
	buf[n] = '\0';
	return 0;
}

int cidr_parse(const char *text, struct cidr *ret)
{
	char buf[CIDR_TEXT_MAX];
	struct cidr c;
	unsigned int bits;
	char *slash;
	bool v4;

	if (!text || cidr_trim(text, buf) < 0)
		return -EINVAL;
	slash = strchr(buf, '/');
	if (!slash)
		return -EINVAL;
	*slash = '\0';
	if (addr_parse(buf, &c.base) < 0)
		return -EINVAL;
	v4 = addr_family(&c.base) == FAMILY_V4;
	/* ::ffff:1.2.3.0/120 has a length that is neither family's. */
	if (v4 && strchr(buf, ':'))
		return -EINVAL;
	text = number_parse(slash + 1, v4 ? 32 : 128, &bits);
	if (!text || *text)
		return -EINVAL;
	c.bits = (uint8_t)bits;
	bits = cidr_wire_bits(&c);
	for (size_t i = 0; i < sizeof(c.base.b); i++)
		c.base.b[i] &= mask_byte(bits, i);
	*ret = c;
	return 0;
}

const char *cidr_text(const struct cidr *c, char buf[static CIDR_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];

	snprintf(buf, CIDR_TEXT_MAX, "%s/%u", addr_text(&c->base, addr), c->bits);
	return buf;
}

bool cidr_has(const struct cidr *c, const struct addr *a)
{
	unsigned int bits = cidr_wire_bits(c);

	/* ::/0 holds IPv6 only, though every mapped address begins with its 0 bits. */
	if (addr_family(&c->base) != addr_family(a))
		return false;
	for (size_t i = 0; i < sizeof(a->b); i++) {
		if ((a->b[i] ^ c->base.b[i]) & mask_byte(bits, i))
			return false;
	}
	return true;
}
