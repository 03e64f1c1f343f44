/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Decides the flow table's ABI: key size, LRU or plain hash. Every contender
 * is loaded anew in every round, the rounds are interleaved, and the ratios
 * are taken within a round. Usage: flowtable OBJECT_DIR [ROUNDS [established|insert]]
 */
#include "bench/flowtable/contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct results res;
const char *object_dir;

static void measure_all_established(void)
{
	for (size_t n = 0; n < N_FLOW_COUNTS; n++)
		measure_established(n);
}

static void measure_all_inserts(void)
{
	double floor = 0;

	for (size_t i = 0; i < N_CONTENDERS; i++)
		floor = measure_insert(&contenders[i], i, floor);
}

static void measure_all_others(void)
{
	for (size_t i = 0; i < N_CONTENDERS; i++)
		measure_pair(&contenders[i], i);
	for (size_t n = 1; n < N_FLOW_COUNTS; n++)
		for (size_t i = 0; i < N_CONTENDERS; i++)
			if (contenders[i].tokens)
				measure_collect(&contenders[i], i, n);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 7;
	const char *only = argc > 3 ? argv[3] : "all";

	if (argc < 2) {
		fprintf(stderr, "usage: flowtable OBJECT_DIR [ROUNDS [established|insert]]\n");
		return 2;
	}
	object_dir = argv[1];
	pin_to(1);
	for (int round = 0; round < rounds; round++) {
		if (strcmp(only, "insert"))
			measure_all_established();
		if (strcmp(only, "established"))
			measure_all_inserts();
		if (!strcmp(only, "all"))
			measure_all_others();
		fprintf(stderr, "round %d of %d\n", round + 1, rounds);
	}
	report_print();
	return 0;
}
