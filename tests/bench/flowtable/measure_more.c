/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* New connections on two CPUs at once, and the collector. */
#include "bench/flowtable/contest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct half {
	struct driver *driver;
	__u32 n;
	int cpu;
	double ns;
};

static void *half_run(void *arg)
{
	struct half *h = arg;

	pin_to(h->cpu);
	h->ns = run(h->driver, h->n, h->n);
	return NULL;
}

/* New connections on both CPUs at once: what locks and lists cost. */
static double pair_run(struct driver *a, struct driver *b, __u32 first, __u32 n)
{
	struct half half[] = { { a, n, 0, 0 }, { b, n, 1, 0 } };
	pthread_t thread[2];

	steps_of_new(a, first, n);
	steps_of_new(b, first + n, n);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, half_run, &half[i]))
			die("thread");
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	return (half[0].ns + half[1].ns) / 2;
}

void measure_pair(const struct contender *c, size_t at)
{
	struct driver_size size = { MAX_CONNS, MAX_CONNS };
	__u32 eighth = MAX_CONNS / 8;
	struct driver second;
	struct loaded l;

	contender_load(c, &l);
	if (driver_open(&second, l.prog, object_dir, &size))
		die("second driver");
	samples_put(&res.pair[at][PAIR_ROOM],
		    pair_run(&l.driver, &second, 0, eighth));
	if (c->type == BPF_MAP_TYPE_LRU_HASH) {
		pair_run(&l.driver, &second, 2 * eighth, 3 * eighth);
		samples_put(&res.pair[at][PAIR_FULL],
			    pair_run(&l.driver, &second, 8 * eighth, eighth));
	}
	driver_close(&second);
	contender_unload(&l);
}

static void tokens_shuffle(struct loaded *l, __u32 n)
{
	__u8 *tokens = malloc((size_t)n * l->key_size);
	__u32 *order = shuffled(n);

	for (__u32 i = 0; i < n; i++)
		if (bpf_map_lookup_and_delete_elem(l->tokens, NULL,
						   tokens + (size_t)i * l->key_size))
			die("token");
	for (__u32 i = 0; i < n; i++)
		bpf_map_update_elem(l->tokens, NULL,
				    tokens + (size_t)order[i] * l->key_size, 0);
	free(order);
	free(tokens);
}

static double collect_run(struct loaded *l, const char *name, __u32 tokens)
{
	int fd = bpf_program__fd(bpf_object__find_program_by_name(l->obj, name));
	bool xdp = !strcmp(name, "collect");
	__u8 frame[BENCH_FRAME] = { 0 };
	struct samples s = { 0 };
	__u32 slice = tokens < SLICE ? tokens : SLICE;
	double ns;

	for (__u32 done = 0; done < tokens; done += slice) {
		LIBBPF_OPTS(bpf_test_run_opts, opts,
			.data_in = xdp ? frame : NULL,
			.data_size_in = xdp ? sizeof(frame) : 0);

		l->collect->n = slice;
		if (bpf_prog_test_run_opts(fd, &opts))
			die("collect");
		samples_put(&s, (double)l->collect->ns / slice);
	}
	ns = samples_spread(&s).median;
	samples_done(&s);
	return ns;
}

void measure_collect(const struct contender *c, size_t at, size_t n_at)
{
	__u32 conns = flow_counts[n_at] / 2;
	struct loaded l;

	contender_load(c, &l);
	steps_of_new(&l.driver, 0, conns);
	if (driver_run(&l.driver, conns, conns))
		die("fill");
	tokens_shuffle(&l, conns);

	l.collect->before = 0;
	collect_run(&l, "collect", conns);
	samples_put(&res.collect[at][n_at][COLLECT_KEEP],
		    collect_run(&l, "collect", conns));
	samples_put(&res.collect[at][n_at][COLLECT_KEEP_SYSCALL],
		    collect_run(&l, "collect_syscall", conns));
	l.collect->kept = l.collect->deleted = 0;
	l.collect->before = 0x7fffffff;
	samples_put(&res.collect[at][n_at][COLLECT_DELETE],
		    collect_run(&l, "collect", conns));
	if (l.collect->deleted != conns || l.collect->kept || l.collect->empty)
		fprintf(stderr, "collect: %u deleted of %u, %u kept, %u empty\n",
			l.collect->deleted, conns, l.collect->kept,
			l.collect->empty);
	contender_unload(&l);
}
