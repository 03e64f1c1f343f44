/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ns a packet of the real programs beside hand-written floors. Objects are loaded afresh many
 * times and all lanes take turns of some milliseconds: on a machine that changes its speed only
 * ratios of neighbours mean anything.
 *	bench [-j FILE] [-l LOADS] [-t TURNS] [-k KIND] [-n FLOWS] [-c CASE] OBJECT_DIR
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/facts.h"
#include "bench/lane.h"
#include "bench/result.h"

struct options {
	const char *dir;
	const char *json;
	const char *kind;
	const char *name;	/* part of a case's name: only these */
	int loads;
	int turns;
	__u32 flows;
};

/* A row of the table: real traffic beside a floor, or a floor alone (its name in "alone"). */
struct bench_case {
	enum setup_id setup;
	enum traffic traffic;
	const char *name;
	const char *floor;
	const char *alone;
	const char *renew;	/* name of the row for the pass in which every flow is renewed */
	double target;
};

#define NODE_PORT "NodePort to a remote backend, "
#define REMOTE "pod to ClusterIP, remote backend, "
#define LOCAL "pod to ClusterIP, local backend, "
#define NO_ENDPOINTS "service without endpoints, "
#define ESTABLISHED_MAX 1.30
#define NOT_OURS_MAX 1.15

static const struct bench_case cases[] = {
	{ SETUP_NODE_PORT, TRAFFIC_FORWARD, "floor 0 alone: parse, send", NULL, "floor_0", NULL, 0 },
	{ SETUP_NODE_PORT, TRAFFIC_FORWARD, NODE_PORT "established", "floor_a", NULL,
	  NODE_PORT "established, renewed (once a second a flow)", ESTABLISHED_MAX },
	{ SETUP_NODE_PORT, TRAFFIC_REPLY, NODE_PORT "reply", "floor_a", NULL,
	  NODE_PORT "reply, renewed", ESTABLISHED_MAX },
	{ SETUP_NODE_PORT, TRAFFIC_STRANGE, "not ours", "floor_b", NULL, NULL, NOT_OURS_MAX },
	{ SETUP_NODE_PORT, TRAFFIC_LOOKALIKE, "not ours, but the filter says perhaps", "floor_b",
	  NULL, NULL, 0 },
	{ SETUP_NODE_PORT, TRAFFIC_REJECTED, NO_ENDPOINTS "answered", "floor_b", NULL, NULL, 0 },
	{ SETUP_NODE_PORT, TRAFFIC_LIMITED, NO_ENDPOINTS "beyond the limit of answers", "floor_b",
	  NULL, NULL, 0 },
	{ SETUP_REMOTE, TRAFFIC_FORWARD, "floor 0 alone: parse, send", NULL, "floor_0", NULL, 0 },
	{ SETUP_REMOTE, TRAFFIC_FORWARD, "floor A alone, with plain stores", NULL,
	  "floor_a_plain", NULL, 0 },
	{ SETUP_REMOTE, TRAFFIC_FORWARD, REMOTE "established", "floor_a", NULL,
	  REMOTE "established, renewed (once a second a flow)", ESTABLISHED_MAX },
	{ SETUP_REMOTE, TRAFFIC_REPLY, REMOTE "reply", "floor_a", NULL, NULL, ESTABLISHED_MAX },
	{ SETUP_LOCAL, TRAFFIC_FORWARD, LOCAL "established", "floor_a", NULL, NULL,
	  ESTABLISHED_MAX },
	{ SETUP_LOCAL, TRAFFIC_REPLY, LOCAL "reply", "floor_a", NULL, NULL, ESTABLISHED_MAX },
	{ SETUP_REMOTE, TRAFFIC_STRANGE, "not ours", "floor_b", NULL, NULL, NOT_OURS_MAX },
	{ SETUP_REMOTE, TRAFFIC_REJECTED, NO_ENDPOINTS "answered", "floor_b", NULL, NULL, 0 },
	{ SETUP_REMOTE, TRAFFIC_LIMITED, NO_ENDPOINTS "beyond the limit of answers", "floor_b",
	  NULL, NULL, 0 },
};
#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static const char *const setup_names[N_SETUPS] = {
	[SETUP_NODE_PORT] = NODE_PORT, [SETUP_REMOTE] = REMOTE, [SETUP_LOCAL] = LOCAL,
};

/* Everything that is loaded at the same time: one kind, one number of flows. */
struct world {
	const struct options *o;
	struct setup setups[N_SETUPS];
	struct conns conns[N_SETUPS];
	struct lane null[N_SETUPS];
	struct lane real[N_CASES];
	struct lane floor[N_CASES];
	size_t k;
	size_t n;
};

static const char *hook_of(enum setup_id id)
{
	return setup_specs[id].tc ? "tc" : "XDP";
}

static bool name_wanted(const struct options *o, const char *name)
{
	return !o->name || strstr(name, o->name);
}

static bool new_wanted(const struct options *o, enum setup_id id)
{
	char name[80];

	snprintf(name, sizeof(name), "%snew", setup_names[id]);
	return name_wanted(o, name);
}

static bool setup_wanted(const struct options *o, enum setup_id id)
{
	bool any = new_wanted(o, id);

	for (size_t i = 0; i < N_CASES; i++)
		any |= cases[i].setup == id && name_wanted(o, cases[i].name);
	return any;
}

static int cases_open(struct world *w, const char *dir)
{
	int r = 0;

	for (size_t i = 0; i < N_CASES && !r; i++) {
		const struct bench_case *c = &cases[i];
		const struct conns *conns = &w->conns[c->setup];

		if (!name_wanted(w->o, c->name))
			continue;
		r = lane_open(&w->real[i], conns, c->traffic, c->alone, dir);
		if (r || !c->floor)
			continue;
		r = lane_open(&w->floor[i], conns, c->traffic, c->floor, dir);
		r = r ? r : lane_compare(&w->real[i], &w->floor[i]);
	}
	return r;
}

static int world_open(struct world *w, const struct lab *lab, const char *dir)
{
	int r = 0;

	for (int i = 0; i < N_SETUPS && !r; i++) {
		if (!setup_wanted(w->o, i))
			continue;
		r = setup_open(&w->setups[i], i, &bench_kinds[w->k], lab, dir);
		r = r ? r : conns_open(&w->conns[i], &w->setups[i], bench_counts[w->n], dir);
		r = r ? r : lane_open(&w->null[i], &w->conns[i], TRAFFIC_FORWARD, "floor_null", dir);
	}
	return r ? r : cases_open(w, dir);
}

static void world_close(struct world *w)
{
	for (size_t i = 0; i < N_CASES; i++) {
		lane_close(&w->real[i]);
		lane_close(&w->floor[i]);
	}
	for (int i = 0; i < N_SETUPS; i++) {
		if (!w->setups[i].spec)
			continue;
		lane_close(&w->null[i]);
		conns_close(&w->conns[i]);
		setup_close(&w->setups[i]);
	}
}

static struct cell *cell_of(struct result *res, const struct world *w, enum setup_id id,
			    const char *name, const char *floor, double target)
{
	struct row *row = result_row(res, hook_of(id), name, floor);

	row->target = target;
	return &row->cells[w->k][w->n];
}

static int case_run(struct world *w, size_t i, double null, struct result *res)
{
	const struct bench_case *c = &cases[i];
	struct lane_ns real, floor = { 0, -1 };
	struct cell *cell;
	int r = lane_run(&w->real[i], &real);

	if (!r && c->floor)
		r = lane_run(&w->floor[i], &floor);
	if (r) {
		fprintf(stderr, "bench: %s, %s, %s, %u flows\n", hook_of(c->setup), c->name,
			bench_kinds[w->k].name, bench_counts[w->n]);
		return r;
	}
	cell_put(cell_of(res, w, c->setup, c->name, c->floor, c->target), real.plain, floor.plain,
		 null);
	if (!c->renew)
		return 0;
	cell = cell_of(res, w, c->setup, c->renew, c->floor, 0);
	if (real.renew > 0)
		cell_put(cell, real.renew, floor.plain, null);
	return 0;
}

static int handshake_run(struct world *w, enum setup_id id, double null, struct result *res)
{
	static char names[N_SETUPS][N_CONN_PASSES + 1][80];
	static const char *const passes[] = {
		"new: SYN or first packet", "new: SYN+ACK or first answer",
		"new: ACK or second packet, lasting", "new: all three",
	};
	double ns[N_CONN_PASSES], floor, sum = 0;
	int r = conns_measure(&w->conns[id], ns, &floor);

	if (r)
		return r;
	for (int i = 0; i <= N_CONN_PASSES; i++)
		snprintf(names[id][i], sizeof(names[id][i]), "%s%s", setup_names[id], passes[i]);
	for (int i = 0; i < N_CONN_PASSES; i++) {
		const char *f = i == CONN_OPEN ? "floor_c" : NULL;

		sum += ns[i] - null;
		cell_put(cell_of(res, w, id, names[id][i], f, 0), ns[i], f ? floor : -1, null);
	}
	cell_put(cell_of(res, w, id, names[id][N_CONN_PASSES], NULL, 0), sum, -1, 0);
	return 0;
}

static int turn(struct world *w, struct result *res)
{
	double null[N_SETUPS];
	int r = 0;

	for (int id = 0; id < N_SETUPS && !r; id++) {
		struct lane_ns ns;

		if (!setup_wanted(w->o, id))
			continue;
		r = lane_run(&w->null[id], &ns);
		null[id] = ns.plain;
		for (size_t i = 0; i < N_CASES && !r; i++)
			if (cases[i].setup == (enum setup_id)id && name_wanted(w->o, cases[i].name))
				r = case_run(w, i, null[id], res);
		if (!r && new_wanted(w->o, id))
			r = handshake_run(w, id, null[id], res);
	}
	return r;
}

static int world_measure(struct world *w, const struct options *o, const struct lab *lab,
			 struct result *res)
{
	int r = world_open(w, lab, o->dir);

	for (int i = 0; i < o->turns && !r; i++)
		r = turn(w, res);
	if (r)
		fprintf(stderr, "bench: %s, %u flows: %s\n", bench_kinds[w->k].name,
			bench_counts[w->n], strerror(-r));
	world_close(w);
	return r;
}

static int measure(const struct options *o, const struct lab *lab, struct result *res)
{
	static struct world w;
	int r = 0;

	for (int load = 0; load < o->loads; load++) {
		for (size_t k = 0; k < N_KINDS; k++) {
			if (o->kind && strcmp(o->kind, bench_kinds[k].name))
				continue;
			for (size_t n = 0; n < N_COUNTS && !r; n++) {
				if (o->flows && o->flows != bench_counts[n])
					continue;
				w = (struct world){ .o = o, .k = k, .n = n };
				r = world_measure(&w, o, lab, res);
			}
		}
		fprintf(stderr, "load %d of %d\n", load + 1, o->loads);
	}
	return r;
}

/* Per-CPU lists and caches: everything happens on one CPU, and compilers do not interrupt it. */
static void own_a_cpu(void)
{
	struct sched_param first = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((int)sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &first))
		fprintf(stderr, "bench: others may interrupt: %s\n", strerror(errno));
}

static int options_read(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "j:l:t:k:n:c:")) != -1) {
		switch (c) {
		case 'j':
			o->json = optarg;
			break;
		case 'l':
			o->loads = atoi(optarg);
			break;
		case 't':
			o->turns = atoi(optarg);
			break;
		case 'k':
			o->kind = optarg;
			break;
		case 'c':
			o->name = optarg;
			break;
		case 'n':
			o->flows = (__u32)atoi(optarg);
			break;
		default:
			return -1;
		}
	}
	o->dir = argv[optind];
	return o->dir ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options o = { .loads = 3, .turns = 5 };
	static struct result res;
	struct lab lab;
	int r;

	if (options_read(argc, argv, &o)) {
		fprintf(stderr, "usage: bench [-j FILE] [-l LOADS] [-t TURNS] [-k tcp4|udp4|tcp6|udp6]\n"
			"             [-n 1|1024|65536] [-c CASE] OBJECT_DIR\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = lab_enter(&lab);
	if (r) {
		fprintf(stderr, "bench: no network namespace of our own: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	own_a_cpu();
	res.facts = o.name ? NULL : facts_print();
	r = measure(&o, &lab, &res);
	result_print(&res);
	if (o.json && result_write(&res, o.json))
		fprintf(stderr, "bench: cannot write %s\n", o.json);
	result_done(&res);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
