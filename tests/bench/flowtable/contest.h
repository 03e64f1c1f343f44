/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The contest that decided the flow table's ABI: key size, LRU or plain hash. A contender is an
 * object with a table of some shape; results are kept by contender and case.
 */
#pragma once

#include "bench/driver_run.h"

#define TABLE (1u << 20)
#define MAX_CONNS (TABLE / 2)
#define FLOOD_CONNS (3 * MAX_CONNS)
#define SLICE 1024

#define N_CONTENDERS 8
#define N_FLOW_COUNTS 4

struct contender {
	const char *name;
	const char *object;
	const char *prog;
	enum bpf_map_type type;
	bool tokens;
};

/* The first is the floor, the second what the others are compared with. */
extern const struct contender contenders[N_CONTENDERS];
extern const __u32 flow_counts[N_FLOW_COUNTS];

/* Must equal struct collect_ctl of flowtable.h. */
struct collect_ctl {
	__u32 before;
	__u32 now;
	__u32 n;
	__u32 kept;
	__u32 deleted;
	__u32 empty;
	__u64 ns;
};

struct stats {
	__u32 insert_failed;
	__u32 missed;
};

struct loaded {
	struct bpf_object *obj;
	struct bpf_program *prog;
	struct driver driver;
	struct collect_ctl *collect;
	size_t collect_len;
	struct stats *stats;
	size_t stats_len;
	int flows;
	int tokens;
	__u32 key_size;
};

enum insert_row {
	INSERT_EMPTY,		/* table 0-25 % full: elements in memory order */
	INSERT_HALF,		/* 25-50 % of the table's rows */
	INSERT_FULL,		/* LRU evicts; hash fails */
	INSERT_CHURN,		/* 75-100 %, into rows freed in random order */
	INSERT_RECYCLED,	/* 0-25 %, elements freed in random order */
	N_INSERTS
};

enum pair_row { PAIR_ROOM, PAIR_FULL, N_PAIRS };

enum collect_row { COLLECT_KEEP, COLLECT_KEEP_SYSCALL, COLLECT_DELETE, N_COLLECTS };

struct results {
	struct samples established[N_CONTENDERS][N_FLOW_COUNTS];
	struct samples established_ratio[N_CONTENDERS][N_FLOW_COUNTS];
	struct samples established_to16[N_CONTENDERS][N_FLOW_COUNTS];
	struct samples insert[N_CONTENDERS][N_INSERTS];
	struct samples insert_over[N_CONTENDERS][N_INSERTS];
	struct samples pair[N_CONTENDERS][N_PAIRS];
	struct samples collect[N_CONTENDERS][N_FLOW_COUNTS][N_COLLECTS];
	long memory[N_CONTENDERS];
	long memory_tokens[N_CONTENDERS];
};

extern struct results res;
extern const char *object_dir;

/* contender.c */
_Noreturn void die(const char *what);
void pin_to(int cpu);
void contender_load(const struct contender *c, struct loaded *l);
void contender_unload(struct loaded *l);
long map_memory(int fd);
__u32 *shuffled(__u32 n);
void steps_of_new(struct driver *d, __u32 first, __u32 n);
void steps_of_established(struct driver *d, __u32 n);
/* Median ns a packet. */
double run(struct driver *d, __u32 n_steps, __u32 total);

/* measure.c */
void measure_established(size_t n_at);
/* Returns the floor, which the first contender is. */
double measure_insert(const struct contender *c, size_t at, double floor);

/* measure_more.c */
void measure_pair(const struct contender *c, size_t at);
void measure_collect(const struct contender *c, size_t at, size_t n_at);

/* report.c */
void report_print(void);
