/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Linear searches over all connections and both of their directions. */
#include "model/conns.h"

struct tuple conn_before(const struct conn *c, enum direction d)
{
	return d == ASK ? c->ask : tuple_swap(&c->to);
}

struct tuple conn_after(const struct conn *c, enum direction d)
{
	return d == ASK ? c->to : tuple_swap(&c->ask);
}

struct tuple conn_routed(const struct conn *c, enum direction d)
{
	struct tuple t = conn_after(c, d);

	if (d == ASK)
		t.src = c->ask.src;
	return t;
}

static struct found find(struct conns *all, const struct tuple *t, bool lasting)
{
	for (unsigned i = 0; i < all->n; i++) {
		for (int d = ASK; d <= REPLY; d++) {
			struct conn *c = &all->at[i];
			struct tuple before = conn_before(c, d);

			if ((lasting ? c->leg[d].lasting : c->leg[d].half) &&
			    tuple_same(&before, t))
				return (struct found){ c, d };
		}
	}
	return (struct found){ 0 };
}

struct found conns_find_half(struct conns *all, const struct tuple *t)
{
	return find(all, t, false);
}

struct found conns_find_lasting(struct conns *all, const struct tuple *t)
{
	return find(all, t, true);
}

static bool is_known(const struct conn *c)
{
	return c->leg[ASK].half || c->leg[ASK].lasting || c->leg[REPLY].half ||
	       c->leg[REPLY].lasting;
}

struct conn *conns_new(struct conns *all)
{
	unsigned n = 0;

	if (all->n == CONNS_MAX) {
		for (unsigned i = 0; i < all->n; i++)
			if (is_known(&all->at[i]))
				all->at[n++] = all->at[i];
		all->n = n;
	}
	if (all->n == CONNS_MAX)
		return NULL;
	all->at[all->n] = (struct conn){ 0 };
	return &all->at[all->n++];
}
