/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The first fragment and a later one on two CPUs at once: they never miss each other. */
#include <linux/pkt_cls.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"

#define RUNS 20000u

struct runner {
	struct dp *dp;
	struct runner *other;
	_Atomic __u32 at;	/* the run that it is ready for */
	struct frame frame;
	__u32 id_off;		/* where the identification is, 2 bytes of it */
	__u8 stopped[RUNS];	/* by run, which is also the identification */
	unsigned failed;
};

/* A barrier's sleep would be longer than the moment in question. */
static void meet(struct runner *r, __u32 at)
{
	r->at = at;
	while (r->other->at < at)
		sched_yield();
}

static void *run(void *arg)
{
	const struct arrival at = { .hook = HOOK_UPLINK_IN, .dev = DEV_UP0, .answered = true };
	struct runner *r = arg;

	for (__u32 i = 0; i < RUNS; i++) {
		struct frame f = r->frame;
		__be16 id = __builtin_bswap16((__u16)(i + 1));
		__u32 action = 0;

		frame_poke(&f, r->id_off, &id, sizeof(id));
		if (!r->dp->v6)
			frame_fix_ip4(&f);
		meet(r, i + 1);
		if (dp_try(r->dp, &at, &f, &action))
			r->failed++;
		r->stopped[i] = action == TC_ACT_SHOT;
	}
	return NULL;
}

/* A fragment of nothing but zeros: a first one with ports, or another. */
static struct frame part(const struct dp *dp, bool first)
{
	struct packet p = talk_open(dp, AT(client_a, 40000), AT(node, 30080));
	const __u8 header[8] = { p.proto, 0, 0, first ? 1 : 9 };

	p.payload = 24;
	p.fragment = first ? 0x2000 : 0x2001;
	if (dp->v6) {
		p.ext = header;
		p.ext_len = sizeof(header);
		p.ext_first = 44;
	}
	return frame_build(&p);
}

Test(fragment_race, who_comes_at_once_is_not_lost)
{
	static struct runner first, later;

	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP, 0);) {
		__u32 id_off = dp->v6 ? FRAME_L3 + 46 : FRAME_L3 + 4;
		pthread_t thread;
		unsigned lost = 0;

		given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_remote });
		first = (struct runner){ .dp = dp, .other = &later, .frame = part(dp, true),
					 .id_off = id_off };
		later = (struct runner){ .dp = dp, .other = &first, .frame = part(dp, false),
					 .id_off = id_off };
		cr_assert_eq(pthread_create(&thread, NULL, run, &later), 0);
		run(&first);
		pthread_join(thread, NULL);
		cr_expect_eq(first.failed + later.failed, 0, "%s", dp->label);
		/* Who waits is let go by a first one that is put in again, and so stopped. */
		for (__u32 i = 0; i < RUNS; i++)
			lost += later.stopped[i] && !first.stopped[i];
		cr_expect_eq(lost, 0, "%s: %u of %u", dp->label, lost, RUNS);
	}
}
