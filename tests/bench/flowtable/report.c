/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/flowtable/contest.h"

#include <stdio.h>

static const char *const insert_names[N_INSERTS] = {
	"new, 0-25 % full", "new, 25-50 % full", "new, table full",
	"recycled, 75-100 %", "recycled, 0-25 %",
};

static const char *const pair_names[N_PAIRS] = { "table has room", "table full" };

static const char *const collect_names[N_COLLECTS] = {
	"keep (xdp)", "keep (syscall)", "delete both (xdp)",
};

static void print_cell(struct samples *s)
{
	struct spread v = samples_spread(s);

	if (v.n)
		printf(" %6.0f (%4.0f-%4.0f)", v.median, v.p10, v.p90);
	else
		printf(" %6s %11s", "-", "");
}

static void print_ratio(struct samples *s)
{
	struct spread v = samples_spread(s);

	if (v.n)
		printf("  %5.2f (%5.2f-%5.2f)", v.median, v.p10, v.p90);
	else
		printf("  %5s %13s", "-", "");
}

static void print_established(void)
{
	printf("\nEstablished packet, both directions (p10-p90)\n%-20s %-14s", "flows", "");
	for (size_t n = 0; n < N_FLOW_COUNTS; n++)
		printf(" %20u", flow_counts[n]);
	putchar('\n');
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		if (!res.established[i][0].n)
			continue;
		printf("%-20s %-14s", contenders[i].name, "ns");
		for (size_t n = 0; n < N_FLOW_COUNTS; n++) {
			printf("  ");
			print_cell(&res.established[i][n]);
		}
		printf("\n%-20s %-14s", "", "/ floor");
		for (size_t n = 0; n < N_FLOW_COUNTS; n++)
			print_ratio(&res.established_ratio[i][n]);
		printf("\n%-20s %-14s", "", "/ key16 hash");
		for (size_t n = 0; n < N_FLOW_COUNTS; n++)
			print_ratio(&res.established_to16[i][n]);
		putchar('\n');
	}
}

static void print_inserts(void)
{
	printf("\nNew connection (miss, 2 inserts, rewrite), ns (p10-p90)\n%-20s", "");
	for (size_t n = 0; n < N_INSERTS; n++)
		printf(" %18s", insert_names[n]);
	printf("\n");
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		printf("%-20s", contenders[i].name);
		for (size_t n = 0; n < N_INSERTS; n++)
			print_cell(&res.insert[i][n]);
		printf("\n%-20s", "  over the floor");
		for (size_t n = 0; n < N_INSERTS; n++)
			print_cell(&res.insert_over[i][n]);
		putchar('\n');
	}
}

static void print_pairs(void)
{
	printf("\nNew connection on both CPUs at once, ns of each CPU (p10-p90)\n%-20s", "");
	for (size_t n = 0; n < N_PAIRS; n++)
		printf(" %18s", pair_names[n]);
	putchar('\n');
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		printf("%-20s", contenders[i].name);
		for (size_t n = 0; n < N_PAIRS; n++)
			print_cell(&res.pair[i][n]);
		putchar('\n');
	}
}

static void print_collect(void)
{
	printf("\nCollector, ns a token (a connection: pop, 2 lookups, push or 2 deletes), slices of %u, shuffled tokens\n%-20s %-18s",
	       SLICE, "flows", "");
	for (size_t n = 1; n < N_FLOW_COUNTS; n++)
		printf(" %18u", flow_counts[n]);
	putchar('\n');
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		if (!contenders[i].tokens)
			continue;
		for (size_t row = 0; row < N_COLLECTS; row++) {
			printf("%-20s %-18s", contenders[i].name, collect_names[row]);
			for (size_t n = 1; n < N_FLOW_COUNTS; n++)
				print_cell(&res.collect[i][n][row]);
			putchar('\n');
		}
	}
}

static void print_memory(void)
{
	printf("\nMemory at %u rows (fdinfo memlock), MiB: flows, token queue of %u\n",
	       TABLE, MAX_CONNS);
	for (size_t i = 1; i < N_CONTENDERS; i++)
		printf("%-20s %8.1f %8.1f\n", contenders[i].name,
		       (double)res.memory[i] / (1 << 20),
		       contenders[i].tokens ? (double)res.memory_tokens[i] / (1 << 20) : 0);
}

void report_print(void)
{
	print_established();
	print_inserts();
	print_pairs();
	print_collect();
	print_memory();
}
