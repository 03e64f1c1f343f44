/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All claims sorted by frontend and by right: the first of each run wins. The same order gives
 * each service its frontends sorted by address and port.
 */
#include "plan/claim.h"

#include <stdio.h>
#include <string.h>

static int frontend_cmp(const struct claim *x, const struct claim *y)
{
	int c = addr_cmp(&x->frontend.addr, &y->frontend.addr);

	if (c)
		return c;
	if (x->frontend.port != y->frontend.port)
		return x->frontend.port < y->frontend.port ? -1 : 1;
	return (x->protocol > y->protocol) - (x->protocol < y->protocol);
}

/* Not stored yet: younger than all that are. */
static int64_t age_key(const struct meta *m)
{
	return m->created ? m->created : INT64_MAX;
}

static int owner_cmp(const struct meta *x, const struct meta *y)
{
	int c;

	if (age_key(x) != age_key(y))
		return age_key(x) < age_key(y) ? -1 : 1;
	c = strcmp(x->namespace, y->namespace);
	return c ? c : strcmp(x->name, y->name);
}

static int claim_cmp(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int c = frontend_cmp(x, y);

	if (!c)
		c = owner_cmp(x->owner, y->owner);
	if (!c)
		c = (int)x->frontend.kind - (int)y->frontend.kind;
	return c ? c : (x->service > y->service) - (x->service < y->service);
}

static void conflict_tell(const struct claim *won, const struct claim *lost,
			  image_warn_fn *warn, void *arg)
{
	const struct meta *w = won->owner, *l = lost->owner;
	bool v6 = addr_family(&won->frontend.addr) == FAMILY_V6;
	char addr[ADDR_TEXT_MAX], text[1024];

	snprintf(text, sizeof(text),
		 "Service %s/%s does not get %s%s%s:%u/%s: it belongs to %s/%s, which came first",
		 l->namespace, l->name, v6 ? "[" : "", addr_text(&won->frontend.addr, addr),
		 v6 ? "]" : "", won->frontend.port, protocol_name(won->protocol),
		 w->namespace, w->name);
	warn(arg, text);
}

int claims_settle(claim_vec *claims, struct image *img, image_warn_fn *warn, void *warn_arg)
{
	const struct claim *won = NULL;

	if (claims->n)
		qsort(claims->at, claims->n, sizeof(*claims->at), claim_cmp);
	vec_each(c, claims) {
		if (!won || frontend_cmp(won, c)) {
			if (vec_push(&img->services.at[c->service].frontends, c->frontend))
				return -ENOMEM;
			won = c;
		} else if (won->owner != c->owner && warn) {
			conflict_tell(won, c, warn, warn_arg);
		}
	}
	return 0;
}
