/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps as arrays in memory, and what must hold of them after every single op of a plan.
 */
#pragma once

#include "plan/layout.h"

struct tables {
	struct sluice_service *services;
	size_t n_services;
	struct sluice_backend *backends;
	size_t n_backends;
	uint32_t *choices;
	size_t n_choices;
	VEC(struct layout_frontend) frontends;
	VEC(struct layout_range) ranges;
	struct sluice_filter filter;
	bool *busy;			/* by slot: flows count on it */
	uint32_t *given;		/* by slot: the generation that a set last held; 0: none */
	/* Who had (slot, gen): a hash of service and endpoint, 0 nobody. By slot, then gen. */
	struct { uint64_t *at; size_t n, cap; } *history;
};

void tables_init(struct tables *t, size_t n_services, size_t n_backends, size_t n_choices);
void tables_done(struct tables *t);
DEFINE_OWN_DONE(struct tables, tables_done)

/* @frees: whether idle slots may be given away. */
struct layout_view tables_view(struct tables *t, bool frees);

/* The members of one set, sorted by address and port. */
struct member {
	struct sluice_addr addr;
	uint32_t port;
};

typedef VEC(struct member) member_vec;

/* What is known when a plan begins, to judge the states in between by. */
struct before {
	struct sluice_service *services;
	size_t n_services;
	member_vec (*members)[2];	/* by row: cluster, local */
	VEC(struct layout_frontend) frontends;
	VEC(struct layout_range) ranges;
	VEC(uint64_t) frontend_ids;	/* id[0] of the service that each led to */
};

struct before *before_new(const struct tables *t);
void before_free(struct before *b);
DEFINE_OWN(struct before, before_free)

/* Carries out one op, after having checked that it may be done in this state. */
void tables_apply(struct tables *t, const struct layout_op *op, const struct layout_plan *p,
		  const struct before *b, const struct image *img);

/* Every state between @b and @img: whole, and nothing but old and new. */
void tables_check(struct tables *t, const struct before *b, const struct image *img);

/*
 * plan_tables_affinity.c. @half_published: between the stores of one op a new slot may be in only
 * one of the sets that it is for.
 */
void tables_check_affinity(struct tables *t, bool half_published);

/* The tables are the image, exactly. */
void tables_equal(const struct tables *t, const struct image *img, const struct layout_plan *p);

/* Plans and carries out all of it, checking after each op; returns the number of ops. */
size_t tables_become(struct tables *t, const struct image *img);

/*
 * The same with a plan for a part: @part has the services of @img that are in @scope. A plan for
 * all has nothing left to do then but to tidy up. The tables are what @img was before.
 */
size_t tables_become_part(struct tables *t, const struct layout_scope *scope,
			  const struct image *part, const struct image *img);

/* Whether flows count on any slot. */
bool tables_flows_alive(const struct tables *t);
/* The used row of @id, or 0. */
uint32_t tables_row(const struct tables *t, const void *id);
bool tables_same_key(const struct layout_frontend *a, const struct layout_frontend *b);
/* NULL if there is none. */
struct layout_frontend *tables_frontend(const struct tables *t, const struct layout_frontend *key);
/* NULL if there is none. */
struct layout_range *tables_range(const struct tables *t, const struct layout_range *key);
/* The slot of an endpoint, or 0. */
uint32_t tables_slot(const struct tables *t, uint32_t row, const struct addr *addr, uint16_t port);
