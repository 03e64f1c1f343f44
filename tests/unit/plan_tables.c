/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unit/plan_tables.h"

#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <string.h>

#include "base/hash.h"

void tables_init(struct tables *t, size_t n_services, size_t n_backends, size_t n_choices)
{
	*t = (struct tables){
		.n_services = n_services,
		.n_backends = n_backends,
		.n_choices = n_choices,
		.services = calloc(n_services, sizeof(*t->services)),
		.backends = calloc(n_backends, sizeof(*t->backends)),
		.choices = calloc(n_choices, sizeof(*t->choices)),
		.busy = calloc(n_backends, sizeof(*t->busy)),
		.given = calloc(n_backends, sizeof(*t->given)),
		.history = calloc(n_backends, sizeof(*t->history)),
	};
	cr_assert(t->services && t->backends && t->choices && t->busy && t->given &&
		  t->history);
}

void tables_done(struct tables *t)
{
	for (size_t i = 0; i < t->n_backends; i++)
		vec_done(&t->history[i]);
	free(t->services);
	free(t->backends);
	free(t->choices);
	free(t->busy);
	free(t->given);
	free(t->history);
	vec_done(&t->frontends);
	vec_done(&t->ranges);
}

static bool slot_idle(void *arg, uint32_t slot)
{
	const struct tables *t = arg;

	return !t->busy[slot];
}

bool tables_flows_alive(const struct tables *t)
{
	for (size_t slot = 0; slot < t->n_backends; slot++)
		if (t->busy[slot])
			return true;
	return false;
}

static const uint32_t *choices(void *arg, uint32_t first, uint32_t n)
{
	const struct tables *t = arg;

	cr_assert_leq((size_t)first + n, t->n_choices);
	return t->choices + first;
}

struct layout_view tables_view(struct tables *t, bool frees)
{
	return (struct layout_view){
		.services = t->services,
		.n_services = t->n_services,
		.backends = t->backends,
		.n_backends = t->n_backends,
		.choices = choices,
		.n_choices = t->n_choices,
		.frontends = t->frontends.at,
		.n_frontends = t->frontends.n,
		.ranges = t->ranges.at,
		.n_ranges = t->ranges.n,
		.filter = &t->filter,
		.flows_alive = tables_flows_alive(t),
		.slot_idle = frees ? slot_idle : NULL,
		.arg = t,
	};
}

uint32_t tables_row(const struct tables *t, const void *id)
{
	for (size_t row = 1; row < t->n_services; row++)
		if (t->services[row].flags & SLUICE_SVC_USED &&
		    !memcmp(t->services[row].id, id, sizeof(t->services[row].id)))
			return row;
	return 0;
}

uint32_t tables_slot(const struct tables *t, uint32_t row, const struct addr *addr, uint16_t port)
{
	for (size_t slot = 1; slot < t->n_backends; slot++) {
		const struct sluice_backend *b = &t->backends[slot];

		if (b->flags & SLUICE_BE_USED && b->service == row && ntohs(b->port) == port &&
		    !memcmp(&b->addr, addr, sizeof(*addr)))
			return slot;
	}
	return 0;
}

bool tables_same_key(const struct layout_frontend *a, const struct layout_frontend *b)
{
	return !addr_cmp(&a->addr, &b->addr) && a->port == b->port && a->proto == b->proto;
}

struct layout_frontend *tables_frontend(const struct tables *t, const struct layout_frontend *key)
{
	vec_each(f, &t->frontends)
		if (tables_same_key(f, key))
			return f;
	return NULL;
}

struct layout_range *tables_range(const struct tables *t, const struct layout_range *key)
{
	vec_each(r, &t->ranges)
		if (!layout_range_cmp(r, key))
			return r;
	return NULL;
}

/* --- members ------------------------------------------------------------------------ */

static int member_cmp(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct member));
}

static void members_sort(member_vec *m)
{
	if (m->n)
		qsort(m->at, m->n, sizeof(*m->at), member_cmp);
}

static bool members_equal(const member_vec *a, const member_vec *b)
{
	return a->n == b->n && (!a->n || !memcmp(a->at, b->at, a->n * sizeof(*a->at)));
}

/* Reads a set as a packet would, and checks each step. */
static void members_read(const struct tables *t, uint32_t row, union sluice_set set,
			 member_vec *ret)
{
	own(free) bool *seen = calloc(t->n_backends, sizeof(*seen));

	cr_assert_not_null(seen);
	cr_assert_leq((size_t)set.base + set.size, t->n_choices);
	for (size_t i = 0; i < set.size; i++) {
		uint32_t slot = t->choices[set.base + i];
		const struct sluice_backend *b = &t->backends[slot];

		cr_assert(slot > 0 && slot < t->n_backends);
		if (seen[slot])
			continue;
		seen[slot] = true;
		cr_assert(b->flags & SLUICE_BE_USED, "row %u leads to free slot %u", row, slot);
		cr_assert(!(b->flags & SLUICE_BE_RETIRED), "row %u: retired slot %u", row, slot);
		cr_assert_eq(b->service, row);
		cr_assert_eq(vec_push(ret, (struct member){ b->addr, b->port }), 0);
	}
	members_sort(ret);
}

static void members_want(const struct image_service *s, bool local, member_vec *ret)
{
	for (size_t i = 0; s && i < s->backends.n; i++) {
		const struct image_backend *b = &s->backends.at[i];
		struct member m = { addr_wire(&b->addr), htons(b->port) };

		if (local ? b->in_local : b->in_cluster)
			cr_assert_eq(vec_push(ret, m), 0);
	}
	members_sort(ret);
}

static const struct image_service *image_find(const struct image *img, const void *id)
{
	vec_each(s, &img->services)
		if (!memcmp(s->id, id, sizeof(s->id)))
			return s;
	return NULL;
}

/* --- what was before ------------------------------------------------------------------- */

struct before *before_new(const struct tables *t)
{
	struct before *b = calloc(1, sizeof(*b));

	cr_assert_not_null(b);
	b->n_services = t->n_services;
	b->services = calloc(t->n_services, sizeof(*b->services));
	b->members = calloc(t->n_services, sizeof(*b->members));
	cr_assert(b->services && b->members);
	memcpy(b->services, t->services, t->n_services * sizeof(*b->services));
	for (size_t row = 1; row < t->n_services; row++) {
		members_read(t, row, t->services[row].cluster, &b->members[row][0]);
		members_read(t, row, t->services[row].local, &b->members[row][1]);
	}
	vec_each(r, &t->ranges)
		cr_assert_eq(vec_push(&b->ranges, *r), 0);
	vec_each(f, &t->frontends) {
		cr_assert_eq(vec_push(&b->frontends, *f), 0);
		cr_assert_eq(vec_push(&b->frontend_ids, t->services[f->value.service].id[0]), 0);
	}
	return b;
}

void before_free(struct before *b)
{
	if (!b)
		return;
	for (size_t row = 0; row < b->n_services; row++) {
		vec_done(&b->members[row][0]);
		vec_done(&b->members[row][1]);
	}
	vec_done(&b->frontends);
	vec_done(&b->ranges);
	vec_done(&b->frontend_ids);
	free(b->services);
	free(b->members);
	free(b);
}

/* --- what must hold ------------------------------------------------------------------------ */

static bool filter_has_bit(const struct sluice_filter *f, uint32_t bit)
{
	return f->words[bit / 64] >> bit % 64 & 1;
}

static bool filter_has(const struct sluice_filter *f, const struct layout_frontend *fe)
{
	struct sluice_addr a = addr_wire(&fe->addr);

	if (!fe->port)
		return filter_has_bit(f, sluice_filter_bit(SLUICE_FILTER_ADDRESS, a.ip6[3], 0, 0));
	if (fe->value.kind == SLUICE_FE_LOCALHOST)
		return filter_has_bit(f, sluice_filter_bit(SLUICE_FILTER_LOCALHOST, a.ip6[3],
							   htons(fe->port), fe->proto));
	return filter_has_bit(f, sluice_filter_bit(SLUICE_FILTER_FRONTEND, a.ip6[3],
						   htons(fe->port), fe->proto)) &&
	       filter_has_bit(f, sluice_filter_addr_bit(SLUICE_FILTER_FRONTEND, a.ip6[3]));
}

static bool filter_has_source(const struct sluice_filter *f, const struct sluice_backend *be,
			      enum protocol proto)
{
	return filter_has_bit(f, sluice_filter_bit(SLUICE_FILTER_BACKEND, be->addr.ip6[3],
						   be->port, proto)) &&
	       filter_has_bit(f, sluice_filter_addr_bit(SLUICE_FILTER_BACKEND, be->addr.ip6[3]));
}

/*
 * Replies are found by their source: members of a set, and retired slots that flows count on. Such a
 * slot does not say its protocol any more, so it must be found by each.
 */
static void filter_check(const struct tables *t)
{
	for (size_t slot = 1; slot < t->n_backends; slot++) {
		const struct sluice_backend *be = &t->backends[slot];
		bool retired = be->flags & SLUICE_BE_RETIRED;
		unsigned int found = 0;

		if (!(be->flags & SLUICE_BE_USED) || !t->busy[slot])
			continue;
		found += filter_has_source(&t->filter, be, PROTO_TCP);
		found += filter_has_source(&t->filter, be, PROTO_UDP);
		found += filter_has_source(&t->filter, be, PROTO_SCTP);
		cr_assert(retired ? found == 3 : found,
			  "a backend whose replies are not looked up");
	}
}

/* The service that must answer at this frontend, or NULL. */
static const struct image_service *frontend_want(const struct image *img,
						 const struct layout_frontend *key,
						 enum sluice_frontend_kind *ret_kind)
{
	vec_each(s, &img->services) {
		vec_each(f, &s->frontends)
			if (s->protocol == key->proto && f->port == key->port &&
			    !addr_cmp(&f->addr, &key->addr)) {
				*ret_kind = f->kind;
				return s;
			}
		vec_each(a, &s->addrs)
			if (!key->proto && !key->port && !addr_cmp(&a->addr, &key->addr)) {
				*ret_kind = a->kind;
				return s;
			}
	}
	return NULL;
}

/* Old owner or new owner; nothing that is both old and new is ever absent. */
static void frontends_check(const struct tables *t, const struct before *b,
			    const struct image *img)
{
	enum sluice_frontend_kind kind;

	vec_each(f, &t->frontends) {
		const struct image_service *want = frontend_want(img, f, &kind);
		const struct sluice_service *s = &t->services[f->value.service];
		bool is_old = false;

		cr_assert(f->value.service > 0 && f->value.service < t->n_services);
		cr_assert(s->flags & SLUICE_SVC_USED, "a frontend without its service");
		cr_assert(filter_has(&t->filter, f), "a frontend behind a closed filter");
		for (size_t i = 0; i < b->frontends.n; i++)
			is_old |= tables_same_key(&b->frontends.at[i], f) &&
				  b->frontend_ids.at[i] == s->id[0];
		cr_assert(is_old || (want && want->id[0] == s->id[0]));
	}
	vec_each(f, &b->frontends)
		cr_assert(tables_frontend(t, f) || !frontend_want(img, f, &kind));
}

static bool range_was(const struct before *b, const struct layout_range *key)
{
	vec_each(r, &b->ranges)
		if (!layout_range_cmp(r, key))
			return true;
	return false;
}

static bool range_wanted(const struct image_service *want, const struct cidr *range)
{
	for (size_t i = 0; want && i < want->ranges.n; i++)
		if (!addr_cmp(&want->ranges.at[i].base, &range->base) &&
		    want->ranges.at[i].bits == range->bits)
			return true;
	return false;
}

/*
 * A guarded service lets in who is in both the old list and the new one; and nobody who is in
 * neither, whatever service had the row before.
 */
static void ranges_check(const struct tables *t, uint32_t row, const struct before *b,
			 const struct image *img)
{
	const struct sluice_service *s = &t->services[row];
	const struct sluice_service *old = &b->services[row];
	const struct image_service *want = image_find(img, s->id);
	bool guarded = s->flags & SLUICE_SVC_RANGES;
	bool was = old->flags & SLUICE_SVC_RANGES && !memcmp(old->id, s->id, sizeof(s->id));

	vec_each(r, &t->ranges)
		if (guarded && r->service == row)
			cr_assert((was && range_was(b, r)) || range_wanted(want, &r->cidr),
				  "row %u: a range that is neither old nor new", row);
	for (size_t i = 0; guarded && want && i < want->ranges.n; i++) {
		struct layout_range r = { row, want->ranges.at[i] };

		cr_assert(tables_range(t, &r) || (was && !range_was(b, &r)),
			  "row %u: in the range and refused", row);
	}
}

static bool row_is_dialled(const struct tables *t, uint32_t row)
{
	vec_each(f, &t->frontends)
		if (f->value.service == row)
			return true;
	return false;
}

/* Each set is exactly the old one or the new one; of a new row perhaps not there yet. */
static void set_check(const struct tables *t, uint32_t row, bool local, const struct before *b,
		      const struct image *img)
{
	const struct sluice_service *s = &t->services[row];
	const struct sluice_service *old = &b->services[row];
	bool same = old->flags & SLUICE_SVC_USED && !memcmp(old->id, s->id, sizeof(s->id));
	member_vec is = { 0 }, new = { 0 };

	members_read(t, row, local ? s->local : s->cluster, &is);
	members_want(image_find(img, s->id), local, &new);
	cr_assert(members_equal(&is, &new) ||
		  (same && members_equal(&is, &b->members[row][local])) ||
		  (!same && !is.n && !row_is_dialled(t, row)),
		  "row %u: a set that is neither old nor new", row);
	vec_done(&is);
	vec_done(&new);
}

static bool choice_is_empty(const struct sluice_service *s, uint32_t policy)
{
	return s->flags & policy ? !s->local.size : !s->cluster.size;
}

/* While flags and sets turn, nobody who had a backend and will have one is without. */
static void choice_check(const struct tables *t, uint32_t row, uint32_t policy,
			 const struct before *b, const struct image *img)
{
	const struct sluice_service *s = &t->services[row];
	const struct sluice_service *old = &b->services[row];
	const struct image_service *want = image_find(img, s->id);
	member_vec new = { 0 };

	members_want(want, want && want->flags & policy, &new);
	if (row_is_dialled(t, row) && new.n && !choice_is_empty(old, policy) &&
	    !memcmp(old->id, s->id, sizeof(s->id)))
		cr_assert(!choice_is_empty(s, policy), "row %u: empty in between", row);
	vec_done(&new);
}

static void service_check(const struct tables *t, uint32_t row, const struct before *b,
			  const struct image *img)
{
	ranges_check(t, row, b, img);
	set_check(t, row, false, b, img);
	set_check(t, row, true, b, img);
	choice_check(t, row, SLUICE_SVC_EXT_LOCAL, b, img);
	choice_check(t, row, SLUICE_SVC_INT_LOCAL, b, img);
}

/* (slot, gen) names one endpoint for ever. */
static void slot_check(struct tables *t, uint32_t slot)
{
	const struct sluice_backend *b = &t->backends[slot];
	const struct sluice_service *s = &t->services[b->service];
	uint64_t who;

	if (!(b->flags & SLUICE_BE_USED) || !(s->flags & SLUICE_SVC_USED))
		return;		/* free, or new and not yet to be seen */
	who = hash_bytes(HASH_INIT, s->id, sizeof(s->id));
	who = hash_bytes(hash_bytes(who, &b->addr, sizeof(b->addr)), &b->port, sizeof(b->port));
	while (t->history[slot].n <= b->gen)
		cr_assert_eq(vec_push(&t->history[slot], (uint64_t)0), 0);
	if (!t->history[slot].at[b->gen])
		t->history[slot].at[b->gen] = who;
	cr_assert_eq(t->history[slot].at[b->gen], who, "slot %u gen %u again", slot, b->gen);
}

void tables_check(struct tables *t, const struct before *b, const struct image *img)
{
	struct sluice_service none = { 0 };

	frontends_check(t, b, img);
	for (size_t row = 1; row < t->n_services; row++) {
		if (t->services[row].flags & SLUICE_SVC_USED)
			service_check(t, row, b, img);
		else
			cr_assert_arr_eq(&t->services[row], &none, sizeof(none));
	}
	for (size_t slot = 1; slot < t->n_backends; slot++)
		slot_check(t, slot);
	tables_check_affinity(t, true);
	cr_assert_eq(t->services[0].flags, 0);
	cr_assert_eq(t->backends[0].flags, 0);
}

static void service_equal(const struct tables *t, const struct image_service *want, uint32_t row)
{
	const struct sluice_service *s = &t->services[row];
	size_t live = 0;

	cr_assert_eq(s->flags, want->flags | SLUICE_SVC_USED);
	cr_assert_eq(s->affinity_sec, want->affinity_sec);
	for (int local = 0; local < 2; local++) {
		member_vec is = { 0 }, new = { 0 };

		members_read(t, row, local ? s->local : s->cluster, &is);
		members_want(want, local, &new);
		cr_assert(members_equal(&is, &new));
		vec_done(&is);
		vec_done(&new);
	}
	vec_each(b, &want->backends) {
		uint32_t slot = tables_slot(t, row, &b->addr, b->port);

		cr_assert_neq(slot, 0);
		cr_assert_eq(t->backends[slot].flags,
			     SLUICE_BE_USED | (b->host ? SLUICE_BE_HOST : 0) |
			     (want->reset ? SLUICE_BE_RESET : 0) |
			     (b->in_cluster ? SLUICE_BE_IN_CLUSTER : 0) |
			     (b->in_local ? SLUICE_BE_IN_LOCAL : 0));
	}
	for (size_t slot = 1; slot < t->n_backends; slot++)
		live += (t->backends[slot].flags & (SLUICE_BE_USED | SLUICE_BE_RETIRED)) ==
			SLUICE_BE_USED && t->backends[slot].service == row;
	cr_assert_eq(live, want->backends.n);
}

void tables_equal(const struct tables *t, const struct image *img, const struct layout_plan *p)
{
	size_t n_frontends = 0, n_ranges = 0, counted[FAMILY_COUNT];
	enum sluice_frontend_kind kind;

	cr_assert_eq(p->rows.n, img->services.n);
	for (size_t i = 0; i < img->services.n; i++) {
		const struct image_service *s = &img->services.at[i];

		cr_assert_eq(p->rows.at[i], tables_row(t, s->id));
		service_equal(t, s, p->rows.at[i]);
		n_frontends += s->frontends.n + s->addrs.n;
		n_ranges += s->ranges.n;
		vec_each(r, &s->ranges)
			cr_assert(tables_range(t, &(struct layout_range){ p->rows.at[i], *r }));
	}
	for (size_t row = 1; row < t->n_services; row++) {
		const struct sluice_service *s = &t->services[row];

		if (s->flags & SLUICE_SVC_USED && !image_find(img, s->id))
			cr_assert(!s->cluster.size && !s->local.size);
	}
	cr_assert_eq(t->frontends.n, n_frontends);
	layout_frontends_count(img, counted);
	cr_assert_eq(counted[FAMILY_V4] + counted[FAMILY_V6], t->frontends.n);
	cr_assert_eq(t->ranges.n, n_ranges);
	vec_each(f, &t->frontends) {
		const struct image_service *want = frontend_want(img, f, &kind);

		cr_assert_not_null(want);
		cr_assert_arr_eq(t->services[f->value.service].id, want->id, sizeof(want->id));
		cr_assert_eq(f->value.kind, kind);
		cr_assert(filter_has(p->filter, f));
	}
}

static bool nets_have(const struct sluice_filter *f, const struct addr *a)
{
	struct sluice_addr w = addr_wire(a);
	uint64_t words[2];

	memcpy(words, &w, sizeof(words));
	return addr_family(a) == FAMILY_V4 ? sluice_net4_has(&f->addrs4, w.ip6[3]) :
					     sluice_net6_has(&f->addrs6, words[0], words[1]);
}

/* Each cluster address is looked for. */
static void nets_check(const struct tables *t, const struct image *img)
{
	vec_each(s, &img->services)
		vec_each(a, &s->addrs)
			cr_assert(a->kind != SLUICE_FE_CLUSTER_IP || nets_have(&t->filter, &a->addr));
}

/* Exactly what is needed, or more while flows may need what is needed no longer. */
static void filter_equal(const struct tables *t, const struct layout_plan *p)
{
	for (size_t i = 0; i < SLUICE_FILTER_BITS / 64; i++)
		cr_assert_eq(p->filter->words[i] & ~t->filter.words[i], 0);
	if (!tables_flows_alive(t))
		cr_assert_arr_eq(&t->filter, p->filter, sizeof(t->filter));
}

/* Only what lets old things go, never what an image needs. */
static bool op_tidies(const struct layout_op *op)
{
	return op->type == LAYOUT_SLOT_FREE || op->type == LAYOUT_SERVICE_FREE ||
	       op->type == LAYOUT_FILTER_TRIM;
}

/* Those of the frontends that one of the services has or wants. */
static void frontends_pick(const struct tables *t, const struct image *img,
			   struct layout_view *view, struct layout_frontend *ret)
{
	view->n_frontends = 0;
	vec_each(f, &t->frontends) {
		const void *id = t->services[f->value.service].id;
		enum sluice_frontend_kind kind;

		if (frontend_want(img, f, &kind) || layout_scope_has(view->scope, id))
			ret[view->n_frontends++] = *f;
	}
	view->frontends = ret;
}

/* Those of rows in scope. */
static void ranges_pick(const struct tables *t, struct layout_view *view, struct layout_range *ret)
{
	view->n_ranges = 0;
	vec_each(r, &t->ranges)
		if (layout_scope_has(view->scope, t->services[r->service].id))
			ret[view->n_ranges++] = *r;
	view->ranges = ret;
}

size_t tables_become_part(struct tables *t, const struct layout_scope *scope,
			  const struct image *part, const struct image *img)
{
	own(layout_plan_done) struct layout_plan p = { 0 };
	own(layout_plan_done) struct layout_plan again = { 0 };
	own(before_free) struct before *b = before_new(t);
	own(free) struct layout_frontend *picked = calloc(t->frontends.n + 1, sizeof(*picked));
	own(free) struct layout_range *ranges = calloc(t->ranges.n + 1, sizeof(*ranges));
	struct layout_view view = tables_view(t, true);
	struct err e = { 0 };

	cr_assert(picked && ranges);
	view.scope = scope;
	frontends_pick(t, part, &view, picked);
	ranges_pick(t, &view, ranges);
	cr_assert_eq(layout_make(part, &view, &p, &e), 0, "%s", e.text);
	vec_each(op, &p.ops) {
		tables_apply(t, op, &p, b, img);
		tables_check(t, b, img);
		filter_check(t);
		tables_check_affinity(t, false);
	}
	view = tables_view(t, false);
	cr_assert_eq(layout_make(img, &view, &again, &e), 0, "%s", e.text);
	vec_each(op, &again.ops)
		cr_assert(op_tidies(op), "op %d is left to do", op->type);
	tables_equal(t, img, &again);
	nets_check(t, img);
	return p.ops.n;
}

size_t tables_become(struct tables *t, const struct image *img)
{
	own(layout_plan_done) struct layout_plan p = { 0 };
	own(layout_plan_done) struct layout_plan again = { 0 };
	own(before_free) struct before *b = before_new(t);
	struct layout_view view = tables_view(t, true);
	struct err e = { 0 };

	cr_assert_eq(layout_make(img, &view, &p, &e), 0, "%s", e.text);
	vec_each(op, &p.ops) {
		tables_apply(t, op, &p, b, img);
		tables_check(t, b, img);
		filter_check(t);
		tables_check_affinity(t, false);
	}
	tables_equal(t, img, &p);
	filter_equal(t, &p);
	nets_check(t, img);
	view = tables_view(t, false);
	cr_assert_eq(layout_make(img, &view, &again, &e), 0, "%s", e.text);
	cr_assert_eq(again.ops.n, 0, "%zu ops for nothing", again.ops.n);
	return p.ops.n;
}
