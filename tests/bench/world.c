/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cases.h"

/* The count at which the flood is measured: a node's usual number of connections. */
#define FLOOD_COUNT 1

/* The part of a world that is one kind's. */
struct part {
	const struct kind *kind;	/* NULL: not wanted */
	int k;
	struct setup setup;
	struct conns conns;
	struct lane null;
	double null_ns;			/* of this turn */
	struct lane real[N_CASES];
	struct lane floor[N_CASES];
	struct lane base[N_CASES];
	struct flood flood;
};

/* The first is IPv4's. */
#define N_PARTS 2

struct world {
	const struct world_want *want;
	struct result *res;
	struct part parts[N_PARTS];
	double v4_ns;			/* of the row under way, if it is measured */
};

static __u32 world_flows(const struct world_want *want)
{
	return bench_counts[want->count];
}

static bool want_udp(const struct world_want *want)
{
	return want->kinds[1] || want->kinds[3];
}

static const char *hook_of(enum setup_id id)
{
	return setup_specs[id].tc ? "tc" : "xdp";
}

static const struct row_name new_names[N_CONN_PASSES + 1] = {
	{ "new", "a new flow: SYN or first packet" },
	{ "new-answer", "a new flow: SYN+ACK or first answer" },
	{ "new-lasting", "a new flow: ACK or second packet, it is lasting now" },
	{ "new-all-three", "a new flow: all three" },
};
static const struct row_name flood_name = {
	"syn-flood", "SYNs of as many sources, which never answer" };
static const struct row_name kept_name = {
	"syn-flood-kept", "packets of live connections translated right after the flood" };

/* ---- what is wanted -------------------------------------------------- */

static bool row_wanted(const struct world_want *want, const struct row_name *name)
{
	char id[160];

	snprintf(id, sizeof(id), "program/%s/%s/%s", hook_of(want->setup),
		 bench_setup_ids[want->setup], name->id);
	return !want->only || strstr(id, want->only);
}

static bool case_wanted(const struct world_want *want, int i)
{
	const struct bench_case *c = &bench_cases[i];
	bool count = c->ends ? want->count == 0 || want->count == 2 : want->count < c->counts;

	return count && c->setups & ON(want->setup) && row_wanted(want, &c->row);
}

static bool new_wanted(const struct world_want *want)
{
	bool any = false;

	for (int i = 0; i <= N_CONN_PASSES; i++)
		any |= row_wanted(want, &new_names[i]);
	return any;
}

static bool flood_wanted(const struct world_want *want)
{
	return want->count == FLOOD_COUNT && !want_udp(want) && want->setup != SETUP_LOCAL &&
	       (row_wanted(want, &flood_name) || row_wanted(want, &kept_name));
}

bool world_wanted(const struct world_want *want)
{
	bool any = false;

	for (int i = 0; i < N_CASES; i++)
		any |= case_wanted(want, i);
	/* New flows alone are no reason to make half a million others. */
	return any || flood_wanted(want) || (new_wanted(want) && want->count < N_COUNTS - 1);
}

/* ---- loading --------------------------------------------------------- */

static int case_open(const struct world *w, struct part *p, int i)
{
	const struct bench_case *c = &bench_cases[i];
	const char *dir = w->want->dir;
	int r = lane_open(&p->real[i], &p->conns, c->traffic, c->alone, dir);

	if (!r && c->base)
		r = lane_open(&p->base[i], &p->conns, c->traffic, c->base, dir);
	if (r || !c->floor)
		return r;
	r = lane_open(&p->floor[i], &p->conns, c->traffic, c->floor, dir);
	return r ? r : lane_compare(&p->real[i], &p->floor[i]);
}

static int part_open(struct world *w, struct part *p)
{
	const struct world_want *want = w->want;
	__u32 flows = world_flows(want);
	struct setup_want setup = { want->setup, p->kind, CONN_ROOM(flows) };
	int r = setup_open(&p->setup, &setup, want->lab, want->dir);

	r = r ? r : conns_open(&p->conns, &p->setup, flows, want->dir);
	r = r ? r : lane_open(&p->null, &p->conns, TRAFFIC_FORWARD, "floor_null", want->dir);
	for (int i = 0; i < N_CASES && !r; i++)
		if (case_wanted(want, i))
			r = case_open(w, p, i);
	if (!r && flood_wanted(want))
		r = flood_open(&p->flood, &p->conns, want->dir);
	return r;
}

static void part_close(struct part *p)
{
	if (!p->setup.spec)
		return;
	flood_close(&p->flood);
	for (int i = 0; i < N_CASES; i++) {
		lane_close(&p->real[i]);
		lane_close(&p->floor[i]);
		lane_close(&p->base[i]);
	}
	lane_close(&p->null);
	conns_close(&p->conns);
	setup_close(&p->setup);
}

/* ---- measuring ------------------------------------------------------- */

/* The cell of @row, of which the caller knows the name and what is special. */
static struct cell *cell_of(const struct world *w, const struct part *p, struct row row)
{
	enum setup_id id = w->want->setup;

	row.hook = hook_of(id);
	row.traffic = bench_setup_ids[id];
	return &result_row(w->res, &row)->cells[p->k][w->want->count];
}

static struct cell *cell_named(const struct world *w, const struct part *p,
			       const struct row_name *name)
{
	return cell_of(w, p, (struct row){ .name = *name });
}

/* IPv6 beside IPv4, of the same turn: IPv4's part always comes first. */
static void families_put(struct world *w, const struct part *p, struct cell *cell, double ns,
			 double target)
{
	if (!p->kind->v6)
		w->v4_ns = ns;
	else if (w->parts[0].kind)
		cell_put_ratio(cell, "ipv4", target, ns / w->v4_ns);
}

static int case_run(struct world *w, struct part *p, int i)
{
	const struct bench_case *c = &bench_cases[i];
	struct lane_ns real, floor, base;
	double null = p->null_ns;
	struct cell *cell;
	int r = lane_run(&p->real[i], &real);

	if (!r && c->floor)
		r = lane_run(&p->floor[i], &floor);
	if (!r && c->base)
		r = lane_run(&p->base[i], &base);
	if (r) {
		fprintf(stderr, "bench: %s/%s/%s\n", hook_of(w->want->setup),
			bench_setup_ids[w->want->setup], c->row.id);
		return r;
	}
	cell = cell_named(w, p, &c->row);
	cell_put(cell, real.plain - null);
	if (c->floor)
		cell_put_ratio(cell, c->floor, c->target,
			       (real.plain - null) / (floor.plain - null));
	if (!c->alone)
		families_put(w, p, cell, real.plain - null, c->target > 0 ? FAMILIES_MAX : 0);
	if (c->base)
		cell_put(cell_of(w, p, (struct row){ .name = c->over, .target = c->over_target }),
			 real.plain - base.plain);
	if (c->renew.id && real.renew > 0)
		cell_put(cell_named(w, p, &c->renew), real.renew - null);
	return 0;
}

static int new_run(struct world *w, struct part *p)
{
	double null = p->null_ns, first, sum = 0;
	struct conn_ns ns;
	struct cell *cell;
	int r = conns_measure(&p->conns, &ns);

	if (r)
		return r;
	for (int i = 0; i < N_CONN_PASSES; i++) {
		sum += ns.pass[i] - null;
		cell_put(cell_named(w, p, &new_names[i]), ns.pass[i] - null);
	}
	cell_put(cell_named(w, p, &new_names[N_CONN_PASSES]), sum);
	first = ns.pass[CONN_OPEN] - null;
	cell = cell_named(w, p, &new_names[CONN_OPEN]);
	cell_put_ratio(cell, "floor_c", NEW_MAX, first / (ns.floor[CONN_FLOOR_C] - null));
	cell_put_ratio(cell, "floor_d", 0, first / (ns.floor[CONN_FLOOR_D] - null));
	families_put(w, p, cell, first, 0);
	return 0;
}

static int flood_turn(struct world *w, struct part *p)
{
	double null = p->null_ns;
	struct flood_ns ns;
	struct cell *cell;
	int r = flood_run(&p->flood, &ns);

	if (r)
		return r;
	cell = cell_named(w, p, &flood_name);
	cell_put(cell, ns.real - null);
	cell_put_ratio(cell, "floor_d", FLOOD_MAX, (ns.real - null) / (ns.floor - null));
	families_put(w, p, cell, ns.real - null, 0);
	cell_put(cell_of(w, p, (struct row){ .name = kept_name, .unit = "%", .target = 100 }),
		 ns.kept_percent);
	return 0;
}

/* @run with each part, one after the other. */
static int each_part(struct world *w, int (*run)(struct world *, struct part *))
{
	int r = 0;

	for (int i = 0; i < N_PARTS && !r; i++)
		if (w->parts[i].kind)
			r = run(w, &w->parts[i]);
	return r;
}

static int null_run(struct world *w, struct part *p)
{
	struct lane_ns ns;
	int r = lane_run(&p->null, &ns);

	p->null_ns = ns.plain;
	return r;
}

static int world_turn(struct world *w)
{
	int r = each_part(w, null_run);

	for (int i = 0; i < N_CASES && !r; i++) {
		if (!case_wanted(w->want, i))
			continue;
		for (int j = 0; j < N_PARTS && !r; j++)
			if (w->parts[j].kind)
				r = case_run(w, &w->parts[j], i);
	}
	if (!r && new_wanted(w->want))
		r = each_part(w, new_run);
	if (!r && flood_wanted(w->want))
		r = each_part(w, flood_turn);
	return r;
}

static void parts_name(struct world *w)
{
	for (int k = 0; k < N_KINDS; k++) {
		struct part *p = &w->parts[bench_kinds[k].v6];

		if (!w->want->kinds[k])
			continue;
		p->k = k;
		p->kind = &bench_kinds[k];
	}
}

int world_measure(const struct world_want *want, int turns, struct result *res)
{
	struct world *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->want = want;
	w->res = res;
	parts_name(w);
	r = each_part(w, part_open);
	for (int i = 0; i < turns && !r; i++)
		r = world_turn(w);
	if (r)
		fprintf(stderr, "bench: %s, %s, %u flows: %s\n", bench_setup_ids[want->setup],
			want_udp(want) ? "UDP" : "TCP", world_flows(want), strerror(-r));
	for (int i = 0; i < N_PARTS; i++)
		part_close(&w->parts[i]);
	free(w);
	return r;
}
