/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who is sent where, and under whose address: kube-proxy's TestInternalExternalMasquerade with its
 * overrides, as a table. Endpoints: one here, one on another node.
 */
#include <criterion/criterion.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#include "support/expect.h"

/* What is dialled. */
enum target {
	TO_CLUSTER_IP,
	TO_NODE_PORT,
	TO_VIP,
	TARGETS,
};

/* By whom. */
enum who {
	POD,
	NODE,
	EXTERNAL,
	OVERLAY_POD,		/* of another node, by the wire */
	WHO,
};

enum policies {
	PLAIN,
	EXT_LOCAL,
	INT_LOCAL,
	POLICIES,
};

/* The settings. */
enum rules {
	DEFAULTS,
	NO_DETECTOR,
	MASQUERADE_ALL,
	MASQUERADE_ALL_NO_DETECTOR,
	CLUSTER_CIDR,
	RULES,
};

#define BOTH	0x1	/* the endpoint on another node may be chosen, too */
#define MASKED	0x2	/* the endpoint sees an address of this node */

static bool is_pod(enum rules rules, enum who who)
{
	if (rules == NO_DETECTOR || rules == MASQUERADE_ALL_NO_DETECTOR)
		return false;
	return who == POD || (who == OVERLAY_POD && rules == CLUSTER_CIDR);
}

/* Section 2.4 and 2.5 of kube-proxy's contract, in its words. */
static unsigned wanted(enum rules rules, enum policies policies, enum target to, enum who who)
{
	bool all = rules == MASQUERADE_ALL || rules == MASQUERADE_ALL_NO_DETECTOR;
	bool detector = rules != NO_DETECTOR && rules != MASQUERADE_ALL_NO_DETECTOR;

	if (to == TO_CLUSTER_IP) {
		bool masked = all || (detector && !is_pod(rules, who));

		return (policies == INT_LOCAL ? 0 : BOTH) | (masked ? MASKED : 0);
	}
	if (policies != EXT_LOCAL)
		return BOTH | MASKED;
	if (who == NODE)
		return BOTH | MASKED;
	return is_pod(rules, who) ? BOTH : 0;
}

/* Upstream's table, row by row, so that the function above cannot be wrong in the same way. */
static const struct {
	enum rules rules;
	enum policies policies;
	enum target to;
	unsigned want[3];	/* POD, NODE, EXTERNAL */
} table[] = {
	{ DEFAULTS, PLAIN, TO_CLUSTER_IP, { BOTH, BOTH | MASKED, BOTH | MASKED } },
	{ DEFAULTS, PLAIN, TO_NODE_PORT, { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ DEFAULTS, PLAIN, TO_VIP, { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ DEFAULTS, EXT_LOCAL, TO_CLUSTER_IP, { BOTH, BOTH | MASKED, BOTH | MASKED } },
	{ DEFAULTS, EXT_LOCAL, TO_NODE_PORT, { BOTH, BOTH | MASKED, 0 } },
	{ DEFAULTS, EXT_LOCAL, TO_VIP, { BOTH, BOTH | MASKED, 0 } },
	{ DEFAULTS, INT_LOCAL, TO_CLUSTER_IP, { 0, MASKED, MASKED } },
	{ DEFAULTS, INT_LOCAL, TO_NODE_PORT, { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ DEFAULTS, INT_LOCAL, TO_VIP, { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ NO_DETECTOR, PLAIN, TO_CLUSTER_IP, { BOTH, BOTH, BOTH } },
	{ NO_DETECTOR, EXT_LOCAL, TO_NODE_PORT, { 0, BOTH | MASKED, 0 } },
	{ NO_DETECTOR, EXT_LOCAL, TO_VIP, { 0, BOTH | MASKED, 0 } },
	{ NO_DETECTOR, INT_LOCAL, TO_CLUSTER_IP, { 0, 0, 0 } },
	{ MASQUERADE_ALL, PLAIN, TO_CLUSTER_IP, { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ MASQUERADE_ALL, INT_LOCAL, TO_CLUSTER_IP, { MASKED, MASKED, MASKED } },
	{ MASQUERADE_ALL, EXT_LOCAL, TO_VIP, { BOTH, BOTH | MASKED, 0 } },
	{ MASQUERADE_ALL_NO_DETECTOR, PLAIN, TO_CLUSTER_IP,
	  { BOTH | MASKED, BOTH | MASKED, BOTH | MASKED } },
	{ MASQUERADE_ALL_NO_DETECTOR, EXT_LOCAL, TO_NODE_PORT, { 0, BOTH | MASKED, 0 } },
};

Test(masquerade, the_words_are_those_of_the_table)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (enum who who = POD; who <= EXTERNAL; who++)
			cr_expect_eq(wanted(table[i].rules, table[i].policies, table[i].to, who),
				     table[i].want[who], "row %zu, who %d", i, who);
}

/* --- packets ------------------------------------------------------------------- */

static const struct host *host_of(enum who who)
{
	static const struct host *const hosts[] = {
		[POD] = &pod_b, [NODE] = &node, [EXTERNAL] = &client_a,
		[OVERLAY_POD] = &pod_remote_4,
	};

	return hosts[who];
}

static struct end dialled(enum target to)
{
	return to == TO_CLUSTER_IP ? AT(cluster_ip, 80) : to == TO_VIP ? AT(vip, 80) :
							  AT(node, 30080);
}

/* Where this client's packet is met. False: not at this hook. */
static bool arrival_of(const struct dp *dp, enum who who, enum target to, struct arrival *ret)
{
	bool by_lo = who == NODE && to == TO_NODE_PORT;

	*ret = (struct arrival){ .hook = dp->hook, .dev = by_lo ? DEV_LO :
				 who == POD ? DEV_LXC1 : DEV_UP0 };
	switch (dp->hook) {
	case HOOK_WORKLOAD_IN:
		return who == POD;
	case HOOK_UPLINK_OUT:
		return who == NODE && !by_lo;
	case HOOK_LO_OUT:
		return by_lo;
	default:
		return who == EXTERNAL || who == OVERLAY_POD;
	}
}

/* 10.244.0.0/16 and 2001:db8:1000::/36 hold the pods of all nodes. */
static void given_rules(struct dp *dp, enum rules rules)
{
	struct sluice_settings s = dp_settings(dp);

	if (rules == NO_DETECTOR || rules == MASQUERADE_ALL_NO_DETECTOR)
		s.flags |= SLUICE_SET_NO_PODS;
	if (rules == MASQUERADE_ALL || rules == MASQUERADE_ALL_NO_DETECTOR)
		s.flags |= SLUICE_SET_MASQUERADE;
	if (rules == CLUSTER_CIDR) {
		__u8 *host = (__u8 *)s.pods6.host, *last = (__u8 *)s.pods6.last;

		s.pods4.host = __builtin_bswap32(0x0000ffff);
		s.pods4.last = pod_remote.ip[0].ip6[3] | s.pods4.host;
		memset(host, 0xff, 16);
		memset(host, 0, 4);
		host[4] = 0x0f;
		memcpy(last, &pod_remote.ip[1], 16);
		for (int i = 0; i < 16; i++)
			last[i] |= host[i];
	}
	dp_set_settings(dp, &s);
}

static void given_services(struct dp *dp, enum policies policies)
{
	static const __u32 flags[] = { 0, SLUICE_SVC_EXT_LOCAL, SLUICE_SVC_INT_LOCAL };
	struct service web = given_service(dp, .flags = flags[policies],
					   .to = { &pod_a, &pod_remote });

	given_frontend(dp, &web, &cluster_ip, 80, SLUICE_FE_CLUSTER_IP);
	given_frontend(dp, &web, &node, 30080, SLUICE_FE_NODE_PORT);
	given_frontend(dp, &web, &vip, 80, SLUICE_FE_LOAD_BALANCER);
}

static struct sluice_addr frame_addr(const struct dp *dp, const struct frame *f, bool dst)
{
	struct sluice_addr a = { { 0, 0, __builtin_bswap32(0xffff), 0 } };

	if (dp->v6)
		memcpy(&a, f->bytes + ETH_HLEN + (dst ? 24 : 8), 16);
	else
		memcpy(&a.ip6[3], f->bytes + ETH_HLEN + (dst ? 16 : 12), 4);
	return a;
}

static bool addr_is(const struct dp *dp, const struct sluice_addr *a, const struct host *h)
{
	return !memcmp(a, &h->ip[dp->v6], sizeof(*a));
}

struct outcome {
	bool here, there;
	bool masked, kept;
};

static void outcome_add(const struct dp *dp, const struct frame *f, const struct packet *p,
			struct outcome *ret)
{
	struct sluice_addr src = frame_addr(dp, f, false), dst = frame_addr(dp, f, true);

	ret->here |= addr_is(dp, &dst, &pod_a);
	ret->there |= addr_is(dp, &dst, &pod_remote);
	if (!memcmp(&src, &p->src, sizeof(src)))
		ret->kept = true;
	else if (addr_is(dp, &src, &node))
		ret->masked = true;
}

/* 24 connections: the chance that one of two endpoints gets none is one in 8 million. */
#define TRIES 24

static void expect_outcome(struct dp *dp, enum rules rules, enum policies policies,
			   enum target to, enum who who)
{
	unsigned want = wanted(rules, policies, to, who);
	struct outcome got = { 0 };
	char what[64];

	snprintf(what, sizeof(what), "rules %d policies %d to %d by %d", rules, policies, to, who);
	for (__u16 i = 0; i < TRIES; i++) {
		struct end from = { host_of(who), (__u16)(40000 + i) };
		struct packet p = talk_open(dp, from, dialled(to));
		struct arrival at;
		struct frame f;
		__u32 action;

		if (!arrival_of(dp, who, to, &at))
			return;
		f = frame_build(&p);
		cr_assert_eq(dp_try(dp, &at, &f, &action), 0, "%s: %s", dp->label, what);
		/* XDP leaves what is for a pod here: tc does it alike. */
		outcome_add(dp, &f, &p, &got);
	}
	cr_expect(got.here || dp->hook == HOOK_XDP, "%s: %s: not to the endpoint here", dp->label,
		  what);
	cr_expect_eq(got.there, !!(want & BOTH), "%s: %s: to the other node: %d", dp->label, what,
		     got.there);
	if (dp->hook == HOOK_XDP && !got.there)
		return;
	/* A process of the node has the node's address all the time. */
	cr_expect_eq(who == NODE ? got.kept : got.masked, who == NODE || want & MASKED,
		     "%s: %s: masked", dp->label, what);
	cr_expect(!(got.masked && got.kept) || dp->hook == HOOK_XDP, "%s: %s: both", dp->label, what);
}

Test(masquerade, internal_and_external, .timeout = 900)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) |
					   ON(UPLINK_OUT) | ON(LO_OUT) | ONLY_TCP, 0);) {
		enum hook hook = dp->hook;
		bool v6 = dp->v6;

		for (enum rules r = DEFAULTS; r < RULES; r++)
			for (enum policies p = PLAIN; p < POLICIES; p++) {
				dp_reset(dp);
				dp_set_case(dp, hook, v6, IPPROTO_TCP);
				given_rules(dp, r);
				given_services(dp, p);
				for (enum target to = TO_CLUSTER_IP; to < TARGETS; to++)
					for (enum who who = POD; who < WHO; who++)
						expect_outcome(dp, r, p, to, who);
			}
	}
}
