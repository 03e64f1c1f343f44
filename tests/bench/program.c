/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ns a packet of the real programs beside hand-written floors. Objects are loaded afresh many
 * times and all lanes take turns of some milliseconds: on a machine that changes its speed only
 * ratios of neighbours mean anything.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/facts.h"
#include "bench/result.h"
#include "bench/world.h"

struct options {
	const char *dir;
	const char *json;
	const char *kind;
	const char *only;
	int loads;
	int turns;
	__u32 flows;
};

/*
 * Unless it is asked for by name, half a million flows, which take long to make, are only TCP's
 * and only in the last load; UDP, which takes the same ways, leaves out the middle.
 */
static bool count_wanted(const struct options *o, int count, bool udp, int load)
{
	if (o->flows)
		return o->flows == bench_counts[count];
	if (udp)
		return count == 0 || count == 2;
	return count < N_COUNTS - 1 || load == o->loads - 1;
}

static bool kinds_wanted(const struct options *o, bool udp, bool kinds[N_KINDS])
{
	bool any = false;

	for (int k = 0; k < N_KINDS; k++) {
		kinds[k] = bench_kinds[k].udp == udp &&
			   (!o->kind || !strcmp(o->kind, bench_kinds[k].name));
		any |= kinds[k];
	}
	return any;
}

static int load_measure(const struct options *o, const struct lab *lab, int load,
			struct result *res)
{
	struct world_want want = { .only = o->only, .lab = lab, .dir = o->dir };
	int r = 0;

	for (int setup = 0; setup < N_SETUPS && !r; setup++) {
		for (int i = 0; i < 2 * N_COUNTS && !r; i++) {
			bool udp = i >= N_COUNTS;

			want.setup = (enum setup_id)setup;
			want.count = i % N_COUNTS;
			if (!count_wanted(o, want.count, udp, load) ||
			    !kinds_wanted(o, udp, want.kinds) || !world_wanted(&want))
				continue;
			r = world_measure(&want, o->turns, res);
		}
	}
	return r;
}

static int measure(const struct options *o, const struct lab *lab, struct result *res)
{
	int r = 0;

	for (int load = 0; load < o->loads && !r; load++) {
		r = load_measure(o, lab, load, res);
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

static bool kind_known(const char *name)
{
	for (int k = 0; k < N_KINDS; k++)
		if (!strcmp(bench_kinds[k].name, name))
			return true;
	return false;
}

static bool flows_known(__u32 flows)
{
	for (int n = 0; n < N_COUNTS; n++)
		if (bench_counts[n] == flows)
			return true;
	return false;
}

static int options_read(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "j:l:t:k:n:c:h")) != -1) {
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
			o->only = optarg;
			break;
		case 'n':
			o->flows = (__u32)atoi(optarg);
			if (!flows_known(o->flows))
				return -1;
			break;
		default:
			return -1;
		}
	}
	o->dir = argv[optind];
	return o->dir && o->loads > 0 && o->turns > 0 && (!o->kind || kind_known(o->kind)) ? 0 : -1;
}

static void usage(void)
{
	fprintf(stderr, "usage: program [-j FILE] [-l LOADS] [-t TURNS] [-k tcp4|udp4|tcp6|udp6]\n"
			"               [-n 1|1024|65536|524288] [-c PART_OF_ID] OBJECT_DIR\n"
			"An id is that of a line, such as program/xdp/nodeport/established.\n");
}

int main(int argc, char **argv)
{
	struct options o = { .loads = 2, .turns = 3 };
	static struct result res;
	struct lab lab;
	int r;

	if (options_read(argc, argv, &o)) {
		usage();
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = lab_enter(&lab);
	if (r) {
		fprintf(stderr, "bench: no network namespace of our own: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	own_a_cpu();
	res.facts = o.only ? NULL : facts_print();
	r = measure(&o, &lab, &res);
	if (!r && !res.n) {
		fprintf(stderr, "bench: no row is of that name, kind and number of flows\n");
		r = -ENOENT;
	}
	if (res.n)
		result_print(&res);
	if (!r && o.json && result_write(&res, o.json)) {
		fprintf(stderr, "bench: cannot write %s\n", o.json);
		r = -EIO;
	}
	result_done(&res);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
