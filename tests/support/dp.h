/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The real programs over maps that the test writes, run with BPF_PROG_TEST_RUN on the devices of
 * the scene. A test walks through the cases that its row claims:
 *
 *	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), 0);) {
 *
 * is its body once for each of the hooks, both families and TCP and UDP, every time with empty
 * maps. dp->hook, dp->v6 and dp->proto say which.
 */
#pragma once

#include <linux/in.h>

#include "sluice/affinity.h"
#include "sluice/count.h"
#include "sluice/flow.h"
#include "sluice/fragment.h"
#include "sluice/reason.h"
#include "sluice/service.h"
#include "sluice/settings.h"
#include "support/scene.h"

enum hook {
	HOOK_XDP,
	HOOK_UPLINK_IN,
	HOOK_UPLINK_OUT,
	HOOK_WORKLOAD_IN,
	HOOK_WORKLOAD_OUT,
	HOOK_LO_OUT,
	HOOK_GC,
	HOOK_COUNT,
};

#define ON(name) (1u << HOOK_##name)
/* Which cases a walk leaves out, for what only one protocol or family has. */
#define ONLY_TCP 0x100u
#define ONLY_UDP 0x200u
#define ONLY_V4 0x400u
#define ONLY_V6 0x800u
/* And SCTP, which does as UDP does, but for its checksum and for leaving its endpoint. */
#define ALSO_SCTP 0x1000u

/* Sizes of the tables, small enough to make and clear quickly. */
#define DP_SERVICES 8
#define DP_SLOTS 16
#define DP_CHOICES 65536
#define DP_HALF_BUCKETS 256
#define DP_FLOWS 8192
#define DP_SNAT_MIN 61000
#define DP_SNAT_MAX 61999
#define DP_HOST_PORT 9000

struct sluice_xdp;
struct sluice_tc;

struct dp {
	enum hook hook;
	bool v6;
	__u8 proto;
	char label[32];		/* the three above, for messages */
	unsigned claims;	/* ON(...) and ONLY_...: what the walk goes through */
	int at;
	struct sluice_xdp *xdp;
	struct sluice_tc *tc;
	__u32 max_services;	/* rows of the tables */
	__u32 max_slots;
	__u32 services;		/* rows in use */
	__u32 slots;
	__u32 choices;
};

/*
 * The next case, or false and *dp closed. Enters the scene at the first. @also: ON(...) of
 * programs that the test needs beside those that it claims.
 */
bool dp_each(struct dp **dp, unsigned claims, unsigned also);

/* A single case: the caller closes it. @bound: the XDP program knows its device's MAC. */
struct dp *dp_open(unsigned hooks, bool bound);
struct dp *dp_open_sized(unsigned hooks, bool bound, __u32 services, __u32 slots);
void dp_set_case(struct dp *dp, enum hook hook, bool v6, __u8 proto);
void dp_reset(struct dp *dp);
void dp_close(struct dp *dp);

/* Frontends and services are gone; the filter's bits stay, as they do for flows' sake. */
void dp_forget_services(struct dp *dp);

/* Jiffies a second. */
__u32 dp_hz(void);

/* Maps by name, without "sluice_". */
int dp_map(const struct dp *dp, const char *name);

/* What becomes of a frame; the words of the hook are behind it. */
enum fate {
	PASSED,			/* XDP_PASS, TC_ACT_UNSPEC */
	DROPPED,		/* XDP_DROP, TC_ACT_SHOT */
	SENT_BACK,		/* XDP_TX, TC_ACT_REDIRECT */
	SENT_AWAY,		/* XDP_REDIRECT, TC_ACT_REDIRECT */
};

struct arrival {
	enum hook hook;
	enum device dev;
	enum device forwarded_from;	/* DEV_LO: from a process of the host */
	__u32 gso_segs;
	__u32 gso_size;
	bool answered;		/* by a packet of another length: that ends CHECKSUM_COMPLETE */
};

/* Runs the program of the hook over @in; fails the test if another fate than @want comes out. */
#define dp_run(dp, where, in, want) dp_run_at(dp, where, in, want, __FILE__, __LINE__)
struct frame dp_run_at(struct dp *dp, const struct arrival *where, struct frame in,
		       enum fate want, const char *file, int line);

/* The same, from the wire of up0 into the case's own hook. */
#define dp_wire(dp, in, want)                                                               \
	dp_run(dp, (&(struct arrival){ .hook = (dp)->hook, .dev = DEV_UP0 }), in, want)

/* The same, at a hook and a device. */
#define dp_on(dp, hook_, dev_, in, want)                                                    \
	dp_run(dp, (&(struct arrival){ .hook = HOOK_##hook_, .dev = DEV_##dev_ }), in, want)

/* 0 and the program's word, or -errno if the kernel would not run it on this frame. */
int dp_try(struct dp *dp, const struct arrival *where, struct frame *frame, __u32 *ret_action);

/* The collector, over all tokens: how many pairs it ended. */
__u32 dp_collect(struct dp *dp);

/* Counters, added up over the CPUs. */
struct sluice_slot_count dp_slot(const struct dp *dp, __u32 slot);
struct sluice_tally dp_reason(const struct dp *dp, enum sluice_reason why);
__u64 dp_service_drops(const struct dp *dp, __u32 service, enum sluice_reason why);

/* Which tables have an entry for @p as it is on the wire. */
#define IN_HALF 1
#define IN_FLOWS 2
int dp_flow(const struct dp *dp, const struct packet *p, struct sluice_flow *ret);

/* Writes the part that the families share back into the entries of @p in the tables @where. */
void dp_flow_set(struct dp *dp, const struct packet *p, int where, const struct sluice_flow *f);

/* The same, seen @sec ago; and not there any more. */
void dp_flow_age(struct dp *dp, const struct packet *p, int where, __u32 sec);
void dp_flow_lose(struct dp *dp, const struct packet *p, int where);

/* Pairs that the collector knows of, in the case's family. */
__u64 dp_tokens(const struct dp *dp);

/* How many entries the case's family has in all: IN_HALF or IN_FLOWS. */
unsigned dp_flow_count(const struct dp *dp, int where);
void dp_halves_clear(const struct dp *dp);

/* The row of a client and service; false if there is none. */
bool dp_affinity(const struct dp *dp, const struct host *client, __u32 service,
		 struct sluice_affinity *ret);
void dp_affinity_set(struct dp *dp, const struct host *client, __u32 service,
		     const struct sluice_affinity *row);
/* The same, its last connection @sec earlier. */
void dp_affinity_age(struct dp *dp, const struct host *client, __u32 service, __u32 sec);
/* How many rows there are. */
unsigned dp_affinities(const struct dp *dp);
/* The programs' clock, within a second. */
__u64 dp_jiffies(void);

struct sluice_settings dp_settings(const struct dp *dp);
void dp_set_settings(struct dp *dp, const struct sluice_settings *s);
void dp_set_device(struct dp *dp, enum device dev, const struct sluice_device *row);
