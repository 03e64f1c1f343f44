/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The bitmap before the tables (sluice/service.h): a bit for each frontend, which requests have
 * for their destination, and one for each backend, which replies have for their source. And one for
 * the address alone of each, which is all that fragments have.
 *
 * Bits are set first of all. They are cleared only while no flow exists at all: a connection
 * outlives its frontend, and without its bit its packets would not be looked up. Stale bits make
 * packets that are not ours a little slower, nothing else.
 */
#include "plan/layout_parts.h"

#include <arpa/inet.h>
#include <string.h>

static void bit_put(struct sluice_filter *f, uint32_t bit)
{
	f->words[bit / 64] |= 1ull << bit % 64;
}

static void bit_set(struct sluice_filter *f, uint32_t role, const struct sluice_addr *addr,
		    __be16 port, enum protocol proto)
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
		vec_each(fe, &svc->frontends) {
			struct sluice_addr addr = addr_wire(&fe->addr);

			bit_set(f, SLUICE_FILTER_FRONTEND, &addr, htons(fe->port), svc->protocol);
		}
		vec_each(be, &svc->backends) {
			struct sluice_addr addr = addr_wire(&be->addr);

			bit_set(f, SLUICE_FILTER_BACKEND, &addr, htons(be->port), svc->protocol);
		}
	}
}

/* Whether @f has bits that @than has not. */
static bool filter_has_more(const struct sluice_filter *f, const struct sluice_filter *than)
{
	for (size_t i = 0; i < SLUICE_FILTER_BITS / 64; i++)
		if (f->words[i] & ~than->words[i])
			return true;
	return false;
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
	if (!filter_has_more(f, l->view->filter))
		return 0;
	return layout_push(l, (struct layout_op){ .type = LAYOUT_FILTER_SET });
}

int filter_plan_trim(struct layout *l)
{
	if (l->view->scope || l->view->flows_alive || !filter_has_more(l->view->filter, l->plan.filter))
		return 0;
	return layout_push(l, (struct layout_op){ .type = LAYOUT_FILTER_TRIM });
}
