/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The bitmap before the tables (sluice/service.h): a bit for each frontend, which requests have
 * for their destination, and one for each backend, which replies have for their source. And one for
 * the address alone of each, which is all that fragments have.
 *
 * Bits are set first of all. They are cleared only while no flow exists at all: a connection
 * outlives its frontend, and without its bit its packets would not be looked up. Stale bits make
 * packets that are not ours a little slower, nothing else.
 *
 * And a bit for each address, with the prefixes that say where to look for such a bit at all; these
 * grow and shrink with the bits.
 */
#include "plan/layout_parts.h"

#include <arpa/inet.h>
#include <string.h>

#include "plan/cover.h"

static void bit_put(struct sluice_filter *f, uint32_t bit)
{
	f->words[bit / 64] |= 1ull << bit % 64;
}

static void bit_set(struct sluice_filter *f, uint32_t role, const struct sluice_addr *addr,
		    __be16 port, uint8_t proto)
{
	bit_put(f, sluice_filter_bit(role, addr->ip6[3], port, proto));
	bit_put(f, sluice_filter_addr_bit(role, addr->ip6[3]));
}

/*
 * Slots that no set names but flows may count on. A slot does not say its protocol, and its
 * service may be gone from the image: all of them.
 */
static void retired_add(const struct layout *l, struct sluice_filter *f)
{
	for (size_t slot = 1; slot < l->view->n_backends; slot++) {
		const struct sluice_backend *b = &l->view->backends[slot];

		if (l->slots.fate[slot] != SLOT_RETIRING && l->slots.fate[slot] != SLOT_RETIRED)
			continue;
		bit_set(f, SLUICE_FILTER_BACKEND, &b->addr, b->port, PROTO_TCP);
		bit_set(f, SLUICE_FILTER_BACKEND, &b->addr, b->port, PROTO_UDP);
		bit_set(f, SLUICE_FILTER_BACKEND, &b->addr, b->port, PROTO_SCTP);
	}
}

static void image_add(const struct layout *l, struct sluice_filter *f)
{
	vec_each(svc, &l->img->services) {
		vec_each(a, &svc->addrs) {
			struct sluice_addr addr = addr_wire(&a->addr);

			bit_set(f, SLUICE_FILTER_ADDRESS, &addr, 0, 0);
		}
		vec_each(fe, &svc->frontends) {
			struct sluice_addr addr = addr_wire(&fe->addr);

			bit_set(f, fe->kind == SLUICE_FE_LOCALHOST ? SLUICE_FILTER_LOCALHOST :
								     SLUICE_FILTER_FRONTEND,
				&addr, htons(fe->port), svc->protocol);
		}
		vec_each(be, &svc->backends) {
			struct sluice_addr addr = addr_wire(&be->addr);

			bit_set(f, SLUICE_FILTER_BACKEND, &addr, htons(be->port), svc->protocol);
		}
	}
}

/* Who sees a part of the services can only widen what there is. */
static void nets_set(const struct layout *l, struct sluice_filter *f)
{
	struct cover all[FAMILY_COUNT] = { 0 }, ranges[FAMILY_COUNT] = { 0 };

	if (l->view->scope) {
		cover_add_net4(&all[FAMILY_V4], &l->view->filter->addrs4);
		cover_add_net6(&all[FAMILY_V6], &l->view->filter->addrs6);
	}
	vec_each(svc, &l->img->services) {
		vec_each(a, &svc->addrs)
			if (a->kind == SLUICE_FE_CLUSTER_IP)
				cover_add(&all[addr_family(&a->addr)], &a->addr, &a->addr);
	}
	vec_each(c, &l->img->ranges) {
		cover_add_cidr(&all[addr_family(&c->base)], c);
		cover_add_cidr(&ranges[addr_family(&c->base)], c);
	}
	f->addrs4 = cover_net4(&all[FAMILY_V4]);
	f->range4 = cover_net4(&ranges[FAMILY_V4]);
	f->addrs6 = cover_net6(&all[FAMILY_V6]);
	f->range6 = cover_net6(&ranges[FAMILY_V6]);
}

static bool net4_is_within(const union sluice_net4 *n, const union sluice_net4 *in)
{
	return !n->word || (sluice_net4_has(in, n->last) && sluice_net4_has(in, n->last & ~n->host));
}

static bool net6_is_within(const struct sluice_net6 *n, const struct sluice_net6 *in)
{
	return !(n->last[0] | n->last[1]) ||
	       (sluice_net6_has(in, n->last[0], n->last[1]) &&
		sluice_net6_has(in, n->last[0] & ~n->host[0], n->last[1] & ~n->host[1]));
}

static bool ranges_differ(const struct sluice_filter *a, const struct sluice_filter *b)
{
	return a->range4.word != b->range4.word || memcmp(&a->range6, &b->range6, sizeof(a->range6));
}

/* Whether what @f wants to be looked for would not be, or in another way, with @have. */
static bool nets_are_missing(const struct sluice_filter *f, const struct sluice_filter *have)
{
	return ranges_differ(f, have) || !net4_is_within(&f->addrs4, &have->addrs4) ||
	       !net6_is_within(&f->addrs6, &have->addrs6);
}

static bool nets_differ(const struct sluice_filter *a, const struct sluice_filter *b)
{
	return ranges_differ(a, b) || a->addrs4.word != b->addrs4.word ||
	       memcmp(&a->addrs6, &b->addrs6, sizeof(a->addrs6));
}

/* Whether @f has bits that @than has not. */
static bool filter_has_more(const struct sluice_filter *f, const struct sluice_filter *than)
{
	for (size_t i = 0; i < SLUICE_FILTER_BITS / 64; i++)
		if (f->words[i] & ~than->words[i])
			return true;
	return false;
}

static bool filter_needs_set(const struct sluice_filter *f, const struct sluice_filter *have)
{
	return filter_has_more(f, have) || nets_are_missing(f, have);
}

int filter_plan_set(struct layout *l)
{
	struct sluice_filter *f = calloc(1, sizeof(*f));

	if (!f)
		return err_nomem(l->reterr);
	l->plan.filter = f;
	/* Who does not see all services cannot know which bits are stale. */
	if (l->view->scope)
		*f = *l->view->filter;
	image_add(l, f);
	retired_add(l, f);
	nets_set(l, f);
	if (!filter_needs_set(f, l->view->filter))
		return 0;
	return layout_push(l, (struct layout_op){ .type = LAYOUT_FILTER_SET });
}

/* Setting bits puts the prefixes right too. */
int filter_plan_trim(struct layout *l)
{
	const struct sluice_filter *have = l->view->filter, *want = l->plan.filter;
	bool wide = nets_differ(have, want) && !filter_needs_set(want, have);

	if (l->view->scope || l->view->flows_alive || (!filter_has_more(have, want) && !wide))
		return 0;
	return layout_push(l, (struct layout_op){ .type = LAYOUT_FILTER_TRIM });
}
