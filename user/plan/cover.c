/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "plan/cover.h"

#include <string.h>

void cover_add(struct cover *c, const struct addr *first, const struct addr *last)
{
	if (!c->any || addr_cmp(first, &c->first) < 0)
		c->first = *first;
	if (!c->any || addr_cmp(last, &c->last) > 0)
		c->last = *last;
	c->any = true;
}

void cover_add_cidr(struct cover *c, const struct cidr *cidr)
{
	unsigned int bit = cidr->bits + (addr_family(&cidr->base) == FAMILY_V4 ? 96 : 0);
	struct addr last = cidr->base;

	for (; bit < 128; bit++)
		last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	cover_add(c, &cidr->base, &last);
}

/* @at: where the prefix's bytes belong in an address of which the others are in @last. */
static void add_net(struct cover *c, struct addr last, size_t at, const void *host,
		    const void *end, size_t bytes)
{
	struct addr first;

	memcpy(last.b + at, end, bytes);
	first = last;
	for (size_t i = 0; i < bytes; i++)
		first.b[at + i] &= (uint8_t)~((const uint8_t *)host)[i];
	cover_add(c, &first, &last);
}

void cover_add_net4(struct cover *c, const union sluice_net4 *net)
{
	const struct addr v4 = { .b = { [10] = 0xff, [11] = 0xff } };

	if (net->word)
		add_net(c, v4, 12, &net->host, &net->last, sizeof(net->last));
}

void cover_add_net6(struct cover *c, const struct sluice_net6 *net)
{
	const struct addr none = { 0 };

	if (net->last[0] | net->last[1])
		add_net(c, none, 0, net->host, net->last, sizeof(net->last));
}

struct sluice_net6 cover_net6(const struct cover *c)
{
	struct sluice_net6 net = { { 0 }, { 0 } };
	struct addr host = { 0 }, last = c->last;
	unsigned int bit = 0;

	if (!c->any)
		return net;
	while (bit < 128 && !((c->first.b[bit / 8] ^ last.b[bit / 8]) & 0x80 >> bit % 8))
		bit++;
	for (; bit < 128; bit++) {
		host.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	}
	memcpy(net.host, host.b, sizeof(net.host));
	memcpy(net.last, last.b, sizeof(net.last));
	return net;
}

/* IPv4 addresses differ in their last four bytes only, and so do prefixes over them. */
union sluice_net4 cover_net4(const struct cover *c)
{
	const struct sluice_net6 whole = cover_net6(c);
	union sluice_net4 net;

	memcpy(&net.host, (const uint8_t *)whole.host + 12, sizeof(net.host));
	memcpy(&net.last, (const uint8_t *)whole.last + 12, sizeof(net.last));
	return net;
}
