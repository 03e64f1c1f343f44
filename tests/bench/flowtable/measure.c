/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Established packets and new connections. */
#include "bench/flowtable/contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

#define TURNS 9

static void expect_verdict(struct driver *d, __u32 want, const char *what)
{
	__u32 got = ~0u;

	if (driver_one(d, 0, NULL, &got) || got != want) {
		fprintf(stderr, "%s: verdict %u, not %u\n", what, got, want);
		exit(EXIT_FAILURE);
	}
}

static void established_prepare(const struct contender *c, __u32 n, struct loaded *l)
{
	__u32 conns = (n + 1) / 2;

	contender_load(c, l);
	if (strcmp(c->prog, "parse_tx")) {
		steps_of_new(&l->driver, 0, conns);
		if (driver_run(&l->driver, conns, conns))
			die("fill");
	}
	steps_of_established(&l->driver, n);
	l->driver.ctl->n_steps = n;
	expect_verdict(&l->driver, XDP_TX, c->name);
	run(&l->driver, n, n > 65536 ? n : 65536);
}

/*
 * The machine halves and doubles its speed for seconds at a time, so all
 * contenders are loaded together and take turns of a few milliseconds; a
 * ratio is that of two neighbours in time.
 */
void measure_established(size_t n_at)
{
	struct loaded l[N_CONTENDERS];
	__u32 n = flow_counts[n_at];
	double ns[N_CONTENDERS];

	for (size_t i = 0; i < N_CONTENDERS; i++)
		if (!contenders[i].tokens)
			established_prepare(&contenders[i], n, &l[i]);
	for (int turn = 0; turn < TURNS; turn++) {
		for (size_t i = 0; i < N_CONTENDERS; i++) {
			if (contenders[i].tokens)
				continue;
			ns[i] = run(&l[i].driver, n, n > 65536 ? n : 65536);
			samples_put(&res.established[i][n_at], ns[i]);
			samples_put(&res.established_ratio[i][n_at], ns[i] / ns[0]);
			if (i)
				samples_put(&res.established_to16[i][n_at],
					    ns[i] / ns[1]);
		}
	}
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		if (contenders[i].tokens)
			continue;
		if (l[i].stats->missed || l[i].stats->insert_failed)
			fprintf(stderr, "%s: %u missed, %u inserts failed\n",
				contenders[i].name, l[i].stats->missed,
				l[i].stats->insert_failed);
		contender_unload(&l[i]);
	}
}

/* Frees in random order what a table holds, so that reuse is as in real life. */
static void delete_rows(struct loaded *l, __u32 max_rows)
{
	__u8 *keys = malloc((size_t)TABLE * l->key_size), token[40];
	__u32 n = 0, rows, tokens, *order;

	if (!keys)
		die("memory");
	while (n < TABLE && !bpf_map_get_next_key(l->flows,
			n ? keys + (size_t)(n - 1) * l->key_size : NULL,
			keys + (size_t)n * l->key_size))
		n++;
	order = shuffled(n);
	rows = n < max_rows ? n : max_rows;
	for (__u32 i = 0; i < rows; i++)
		bpf_map_delete_elem(l->flows, keys + (size_t)order[i] * l->key_size);
	/* Two rows are one connection; which one does not matter here. */
	for (tokens = rows / 2; tokens; tokens--)
		bpf_map_lookup_and_delete_elem(l->tokens, NULL, token);
	free(order);
	free(keys);
}

static void insert_put(size_t at, enum insert_row row, double ns, double floor)
{
	samples_put(&res.insert[at][row], ns);
	samples_put(&res.insert_over[at][row], ns - floor);
}

double measure_insert(const struct contender *c, size_t at, double floor)
{
	bool is_floor = !strcmp(c->prog, "parse_tx");
	__u32 quarter = MAX_CONNS / 4;
	struct loaded l;
	double ns;

	contender_load(c, &l);
	res.memory[at] = map_memory(l.flows);
	res.memory_tokens[at] = map_memory(l.tokens);
	steps_of_new(&l.driver, 0, quarter);
	ns = run(&l.driver, quarter, quarter);
	if (is_floor)
		floor = ns;
	insert_put(at, INSERT_EMPTY, ns, floor);
	if (is_floor)
		goto out;

	steps_of_new(&l.driver, quarter, quarter);
	insert_put(at, INSERT_HALF, run(&l.driver, quarter, quarter), floor);

	steps_of_new(&l.driver, 2 * quarter, 2 * quarter);
	run(&l.driver, 2 * quarter, 2 * quarter);
	if (l.stats->insert_failed)
		fprintf(stderr, "%s: %u inserts failed\n", c->name,
			l.stats->insert_failed);
	steps_of_new(&l.driver, 5 * quarter, quarter);
	insert_put(at, INSERT_FULL, run(&l.driver, quarter, quarter), floor);

	delete_rows(&l, TABLE / 4);
	l.stats->insert_failed = 0;
	steps_of_new(&l.driver, 6 * quarter, quarter);
	insert_put(at, INSERT_CHURN, run(&l.driver, quarter, quarter), floor);
	if (l.stats->insert_failed)
		fprintf(stderr, "%s: churn: %u inserts failed\n", c->name,
			l.stats->insert_failed);

	delete_rows(&l, TABLE);
	steps_of_new(&l.driver, 0, quarter);
	insert_put(at, INSERT_RECYCLED, run(&l.driver, quarter, quarter), floor);
out:
	contender_unload(&l);
	return floor;
}
