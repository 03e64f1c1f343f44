/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/flowtable/contest.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const struct contender contenders[N_CONTENDERS] = {
	{ "parse+TX (floor)", "key16", "parse_tx", BPF_MAP_TYPE_HASH, false },
	{ "key16 hash", "key16", "established", BPF_MAP_TYPE_HASH, false },
	{ "key16 hash+token", "key16", "established", BPF_MAP_TYPE_HASH, true },
	{ "key16 lru", "key16", "established", BPF_MAP_TYPE_LRU_HASH, false },
	{ "key40/88 hash", "key40_88", "established", BPF_MAP_TYPE_HASH, false },
	{ "key40/88 hash+token", "key40_88", "established", BPF_MAP_TYPE_HASH, true },
	{ "key40/88 lru", "key40_88", "established", BPF_MAP_TYPE_LRU_HASH, false },
	{ "key40/104 hash", "key40_104", "established", BPF_MAP_TYPE_HASH, false },
};

const __u32 flow_counts[N_FLOW_COUNTS] = { 1, 1024, 65536, 524288 };

void die(const char *what)
{
	fprintf(stderr, "flowtable: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("affinity");
}

static struct tuple conn_forward(__u32 conn)
{
	return (struct tuple){
		.src = 0x0a400000 + (conn >> 12),
		.dst = 0x0a090001,
		.sport = 0x1000 | (conn & 0xfff),
		.dport = 30080,
	};
}

/* As flow_plan() makes it. */
static struct tuple conn_reply(__u32 conn)
{
	return (struct tuple){
		.src = 0xac100000 + (conn >> 15),
		.dst = 0x0a090001,
		.sport = 8080,
		.dport = 0x8000 | (conn & 0x7fff),
	};
}

static __u64 rng = 88172645463325252ull;

static __u32 rng_below(__u32 n)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (__u32)((rng >> 16) % n);
}

__u32 *shuffled(__u32 n)
{
	__u32 *at = malloc(n * sizeof(*at));

	if (!at)
		die("memory");
	for (__u32 i = 0; i < n; i++)
		at[i] = i;
	for (__u32 i = n; i > 1; i--) {
		__u32 j = rng_below(i), t = at[j];

		at[j] = at[i - 1];
		at[i - 1] = t;
	}
	return at;
}

void steps_of_new(struct driver *d, __u32 first, __u32 n)
{
	struct frame_kind syn = { .tcp_flags = FRAME_SYN };

	driver_set_kind(d, &syn);
	for (__u32 i = 0; i < n; i++) {
		struct tuple t = conn_forward(first + i);

		driver_set_step(d, &syn, i, &t);
	}
}

void steps_of_established(struct driver *d, __u32 n)
{
	struct frame_kind ack = { .tcp_flags = FRAME_ACK };
	__u32 *order = shuffled(n);

	driver_set_kind(d, &ack);
	for (__u32 i = 0; i < n; i++) {
		struct tuple t = order[i] & 1 ? conn_reply(order[i] >> 1)
					      : conn_forward(order[i] >> 1);

		driver_set_step(d, &ack, i, &t);
	}
	free(order);
}

void contender_load(const struct contender *c, struct loaded *l)
{
	struct driver_size size = { FLOOD_CONNS, FLOOD_CONNS + BENCH_BATCH };
	struct bpf_map *map, *tokens;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), "%s/flowtable/%s.bpf.o", object_dir, c->object);
	l->obj = bpf_object__open_file(path, NULL);
	if (!l->obj)
		die(path);
	map = bpf_object__find_map_by_name(l->obj, "flows");
	bpf_map__set_type(map, c->type);
	bpf_map__set_max_entries(map, TABLE);
	tokens = bpf_object__find_map_by_name(l->obj, "tokens");
	if (c->tokens)
		bpf_map__set_max_entries(tokens, MAX_CONNS);
	*(__u32 *)bpf_map__initial_value(
		bpf_object__find_map_by_name(l->obj, ".rodata"), &len) = c->tokens;
	if (bpf_object__load(l->obj))
		die(path);

	l->prog = bpf_object__find_program_by_name(l->obj, c->prog);
	l->collect = bench_mmap(l->obj, ".data.ctl", &l->collect_len);
	l->stats = bench_mmap(l->obj, ".data.stats", &l->stats_len);
	l->flows = bpf_map__fd(map);
	l->tokens = bpf_map__fd(tokens);
	l->key_size = bpf_map__key_size(map);
	if (driver_open(&l->driver, l->prog, object_dir, &size))
		die("driver");
}

void contender_unload(struct loaded *l)
{
	driver_close(&l->driver);
	munmap(l->collect, l->collect_len);
	munmap(l->stats, l->stats_len);
	bpf_object__close(l->obj);
}

long map_memory(int fd)
{
	char path[64], line[128];
	long bytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %ld", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

double run(struct driver *d, __u32 n_steps, __u32 total)
{
	if (driver_run(d, n_steps, total))
		die("run");
	return driver_ns(d, 0, total);
}
