/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Random configurations and packets: the programs against the model.
 *
 *	SLUICE_MODEL_SEED=N	only the case of this seed, which a failure names
 *	SLUICE_MODEL_SECONDS=N	new cases for so long, from a seed of this moment on
 *
 * A failure prints what the two do not agree about, and then, made as small as possible, a test
 * that plays it again. It goes into found.c, once it is understood which of the two is wrong.
 */
#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>

#include "model/shrink.h"

#define PACKETS 420
#define PARTS 4			/* tests, to be run side by side */
#define CASES_A_PART 125

/* True if the case passes. */
static bool case_check(struct play *p, struct model_case *c, __u64 seed, struct play_total *total)
{
	unsigned event;
	const char *wrong;

	case_make(c, seed, PACKETS);
	wrong = play_case(p, c, total, &event);
	if (!wrong)
		return true;
	fprintf(stderr, "model: seed %llu, event %u:\n%s", (unsigned long long)seed, event, wrong);
	case_shrink(p, c);
	fprintf(stderr, "\nThe same, smaller, to be pasted into tests/model/found.c:\n\n");
	play_print(p, c, stderr);
	cr_expect(0, "SLUICE_MODEL_SEED=%llu", (unsigned long long)seed);
	return false;
}

static void total_print(const struct play_total *t, const char *seconds)
{
	fprintf(stderr, "model: %lu packets over %lu configurations (%lu cases, %lu runs: "
		"%lu translated, %lu connections, %lu dropped, %lu answered; "
		"XDP and tc compared on %lu)\n", t->packets, t->configs, t->cases, t->runs, t->sent,
		t->opened, t->dropped, t->answered, t->again);
	if (seconds)		/* as libFuzzer says it */
		fprintf(stderr, "Done %lu runs in %s second(s)\n", t->runs, seconds);
}

static void part_check(unsigned part)
{
	const char *one = getenv("SLUICE_MODEL_SEED"), *seconds = getenv("SLUICE_MODEL_SECONDS");
	time_t end = seconds ? time(NULL) + atol(seconds) : 0;
	__u64 seed = one ? strtoull(one, NULL, 0) : seconds ? (__u64)time(NULL) * 1000003 : 1;
	struct model_case *c = malloc(sizeof(*c));
	struct play_total total = { 0 };
	struct play *p;

	if (one && part)
		return;
	cr_assert_not_null(c);
	p = play_open();
	for (unsigned i = 0; seconds ? time(NULL) < end : i < (one ? 1 : CASES_A_PART); i++)
		if (!case_check(p, c, seed + i * PARTS + part, &total))
			break;
	total_print(&total, seconds);
	play_close(p);
	free(c);
}

Test(model, part_0)
{
	part_check(0);
}

Test(model, part_1)
{
	part_check(1);
}

Test(model, part_2)
{
	part_check(2);
}

Test(model, part_3)
{
	part_check(3);
}
