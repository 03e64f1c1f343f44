/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Backend sets. A set whose block holds the right words already stays where it is; else the
 * words go to a block that nobody reads and the service's word is turned to it.
 */
#include "plan/layout_parts.h"

#include <string.h>

#include "base/hash.h"
#include "plan/maglev.h"

struct members {
	VEC(uint64_t) ids;
	VEC(uint32_t) slots;
};

/* What a block must hold. */
struct words {
	uint32_t *at;
	uint16_t size;
};

static void words_done(struct words *w)
{
	free(w->at);
}
DEFINE_OWN_DONE(struct words, words_done)

static uint64_t backend_id(const struct image_backend *b)
{
	uint64_t h = hash_bytes(HASH_INIT, &b->addr, sizeof(b->addr));
	uint8_t port[] = { b->port >> 8, b->port & 0xff };	/* alike on every machine */

	return hash_mix(hash_bytes(h, port, sizeof(port)));
}

static int members_collect(const struct layout *l, size_t i, bool local, struct members *ret)
{
	const struct image_service *svc = &l->img->services.at[i];
	const uint32_t *of = l->slots.of + l->slots.first[i];

	ret->ids.n = 0;
	ret->slots.n = 0;
	for (size_t b = 0; b < svc->backends.n; b++) {
		const struct image_backend *be = &svc->backends.at[b];

		if (local ? !be->in_local : !be->in_cluster)
			continue;
		if (vec_push(&ret->ids, backend_id(be)) || vec_push(&ret->slots, of[b]))
			return -ENOMEM;
	}
	return 0;
}

static int words_make(const struct members *m, struct words *ret)
{
	uint16_t size = maglev_size(m->ids.n);
	own(free) uint32_t *at = NULL;

	if (size) {
		at = calloc(size, sizeof(*at));
		if (!at || maglev_fill(at, size, m->ids.at, m->ids.n))
			return -ENOMEM;
	}
	for (size_t i = 0; i < size; i++)
		at[i] = m->slots.at[at[i]];
	ret->at = TAKE(at);
	ret->size = size;
	return 0;
}

static bool set_holds(const struct layout_view *view, union sluice_set set, const struct words *w)
{
	const uint32_t *block;

	if (set.size != w->size || set.base > view->n_choices ||
	    set.size > view->n_choices - set.base)
		return false;
	if (!w->size)
		return true;
	/* Not to be seen is not the same: it is written anew. */
	block = view->choices(view->arg, set.base, set.size);
	return block && !memcmp(block, w->at, w->size * sizeof(*w->at));
}

static int block_write(struct layout *l, uint32_t base, const struct words *w)
{
	uint32_t *copy = calloc(w->size, sizeof(*copy));

	if (!copy)
		return err_nomem(l->reterr);
	memcpy(copy, w->at, w->size * sizeof(*copy));
	return layout_push(l, (struct layout_op){
		.type = LAYOUT_CHOICES,
		.row = base,
		.choices = { copy, w->size },
	});
}

/*
 * What the word @old becomes. @other: the service's other set as it is now, whose block serves
 * for both if it holds the same.
 */
static int set_make(struct layout *l, const struct image_service *svc, union sluice_set old,
		    union sluice_set other, const struct words *w, union sluice_set *ret)
{
	union sluice_set set = { .size = w->size, .gen = old.gen + 1 };

	if (set_holds(l->view, old, w)) {
		*ret = old;
		return 0;
	}
	if (w->size && set_holds(l->view, other, w)) {
		set.base = other.base;
	} else if (w->size) {
		int r;

		if (!blocks_take(&l->blocks, w->size, &set.base))
			return err_set(l->reterr, ENOSPC,
				       "no room for the %u choices of %s/%s: their table holds %zu "
				       "and has no free stretch of that length",
				       w->size, svc->namespace, svc->name, l->view->n_choices);
		r = block_write(l, set.base, w);
		if (r)
			return r;
	}
	*ret = set;
	return 0;
}

/* What a service is at the moment, and what it becomes. */
struct change {
	size_t nth;			/* in the image */
	struct sluice_service have;
	struct sluice_service want;
	struct members scratch;
};

static int change_words(const struct layout *l, struct change *c, bool local, struct words *ret)
{
	if (members_collect(l, c->nth, local, &c->scratch) || words_make(&c->scratch, ret))
		return err_nomem(l->reterr);
	return 0;
}

static bool sets_are_equal(const struct image_service *svc)
{
	vec_each(b, &svc->backends)
		if (b->in_cluster != b->in_local)
			return false;
	return true;
}

static int change_sets(struct layout *l, struct change *c, const struct image_service *svc)
{
	own(words_done) struct words cluster = { 0 }, local = { 0 };
	int r;

	r = change_words(l, c, false, &cluster);
	if (!r)
		r = set_make(l, svc, c->have.cluster, c->have.local, &cluster, &c->want.cluster);
	if (r)
		return r;

	if (sets_are_equal(svc)) {
		c->want.local = c->have.local;
		if (!set_holds(l->view, c->have.local, &cluster)) {
			c->want.local.base = c->want.cluster.base;
			c->want.local.size = c->want.cluster.size;
			c->want.local.gen++;
		}
		return 0;
	}
	r = change_words(l, c, true, &local);
	return r ? r : set_make(l, svc, c->have.local, c->have.cluster, &local, &c->want.local);
}

static int service_put(struct layout *l, uint32_t row, const struct sluice_service *svc)
{
	return layout_push(l, (struct layout_op){
		.type = LAYOUT_SERVICE,
		.row = row,
		.service = *svc,
	});
}

/*
 * Policies say which set a packet uses, and are another store than the sets. So that no packet
 * follows a new policy into a set that is not filled yet: first fill, then turn the flags; what
 * becomes empty does so behind them.
 */
static int change_stage(struct layout *l, const struct change *c, uint32_t row)
{
	const uint32_t policies = SLUICE_SVC_EXT_LOCAL | SLUICE_SVC_INT_LOCAL;
	struct sluice_service stage = c->have;

	if (!(c->have.flags & SLUICE_SVC_USED) || !((c->have.flags ^ c->want.flags) & policies))
		return 0;
	if (c->want.cluster.size)
		stage.cluster = c->want.cluster;
	if (c->want.local.size)
		stage.local = c->want.local;
	if (!memcmp(&stage, &c->have, sizeof(stage)))
		return 0;
	return service_put(l, row, &stage);
}

static int service_publish(struct layout *l, struct change *c)
{
	const struct image_service *svc = &l->img->services.at[c->nth];
	uint32_t row = l->plan.rows.at[c->nth];
	const struct sluice_service *now = &l->view->services[row];
	int r;

	c->have = (struct sluice_service){ 0 };
	if (now->flags & SLUICE_SVC_USED && !memcmp(now->id, svc->id, sizeof(svc->id)))
		c->have = *now;
	c->want = (struct sluice_service){
		.id = { svc->id[0], svc->id[1] },
		.flags = svc->flags | SLUICE_SVC_USED,
		.affinity_sec = svc->affinity_sec,
	};
	r = change_sets(l, c, svc);
	if (r || !memcmp(&c->have, &c->want, sizeof(c->want)))
		return r;
	r = change_stage(l, c, row);
	return r ? r : service_put(l, row, &c->want);
}

int sets_publish(struct layout *l)
{
	struct change c = { 0 };
	int r = 0;

	for (c.nth = 0; !r && c.nth < l->img->services.n; c.nth++)
		r = service_publish(l, &c);
	vec_done(&c.scratch.ids);
	vec_done(&c.scratch.slots);
	return r;
}
