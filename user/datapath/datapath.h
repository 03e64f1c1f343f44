/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The kernel's side of an instance: maps and programs, pinned below
 * BPFFS/sluice/INSTANCE/v<SLUICE_ABI>/. Nothing here needs a process to stay: links, maps and
 * the collector's timer live as long as the pins.
 *
 * One writer at a time: who changes anything holds the store's transaction or the
 * instance lock that datapath_open() takes.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/own.h"
#include "cluster/cluster.h"
#include "plan/image.h"
#include "sluice/count.h"
#include "sluice/reason.h"
#include "sluice/settings.h"

struct datapath;

/*
 * Opens the pinned maps of @instance. If there are none: -ENOENT, or with @create makes and
 * pins them and starts the collector. @create also locks the instance against other writers
 * until datapath_close(). Inside `ip netns exec`, where /sys is a fresh mount, the bpffs of
 * pid 1 is used; where there is none either, the error names nsenter. -EPROTO if another version
 * of sluice is attached: it serves on, untouched.
 */
int datapath_open(const char *instance, bool create, struct datapath **ret, struct err *reterr);

/*
 * Opens what is there, whatever version of sluice pinned it, for datapath_attachments() and
 * datapath_detach_all() and nothing else: its maps are not looked at. -ENOENT if there is nothing.
 */
int datapath_open_to_detach(const char *instance, struct datapath **ret, struct err *reterr);
void datapath_close(struct datapath *dp);
DEFINE_OWN(struct datapath, datapath_close)

/* --- devices ------------------------------------------------------------------ */

enum xdp_mode {
	XDP_MODE_AUTO,		/* native, else off; the choice is reported */
	XDP_MODE_NATIVE,
	XDP_MODE_GENERIC,
	XDP_MODE_OFF,
};

const char *xdp_mode_name(enum xdp_mode m);

enum tc_mode {
	TC_MODE_OFF,		/* somebody took our programs away */
	TC_MODE_TCX,
	TC_MODE_CLSACT,
};

/* What is attached to one device, as found in the kernel. */
struct attachment {
	char name[IF_NAMESIZE];
	uint32_t ifindex;
	enum sluice_device_kind kind;
	bool gone;		/* not in this network namespace: only pins are to be seen */
	/* Not known if it is gone: */
	enum xdp_mode xdp;	/* never AUTO */
	enum tc_mode tc;
};

typedef VEC(struct attachment) attachment_vec;

/*
 * Attaches to a device of this network namespace; an uplink brings lo along. Again on the same
 * device: replaces the programs without a gap. @why: what was tried and why it did not work,
 * a line for each, "" if nothing failed. *@ret tells what was done.
 */
int datapath_attach(struct datapath *dp, const char *ifname, enum sluice_device_kind kind,
		    enum xdp_mode mode, struct attachment *ret, struct err *why,
		    struct err *reterr);

/* Takes links, filters and pins of the device away. -ENOENT if none. */
int datapath_detach(struct datapath *dp, const char *ifname, struct err *reterr);

/* Everything: all devices, all maps, all pins. */
int datapath_detach_all(struct datapath *dp, struct err *reterr);

int datapath_attachments(struct datapath *dp, attachment_vec *ret, struct err *reterr);

/* --- content ------------------------------------------------------------------ */

/*
 * What an image was made from, as numbers that change with it: the store's generation, and a
 * hash of the host's facts. The maps keep that of what they hold; all 0: not known, which is
 * so while a write goes on.
 */
struct datapath_stamp {
	uint64_t objects;
	uint64_t host;
};

struct datapath_target {
	const struct image *image;
	struct sluice_settings settings;
	struct datapath_stamp stamp;
};

/*
 * Makes the maps hold @to, with the fewest writes. *@ret_writes: how many, 0 if they did
 * already; without those that only tidy up what is out of use.
 */
int datapath_write(struct datapath *dp, const struct datapath_target *to, size_t *ret_writes,
		   struct err *reterr);

/* How many writes that would take. Writes nothing, so it may be wrong while somebody else does. */
int datapath_writes_due(struct datapath *dp, const struct datapath_target *to, size_t *ret,
			struct err *reterr);

/* Services before a change of them, whose target has the same ones after it, and no others. */
struct datapath_change {
	const struct image *before;
	struct datapath_stamp was;	/* what the maps must hold */
};

/*
 * The same for a change of few services, at a cost that grows with those. -ESTALE if the maps
 * are not known to hold what was before; -ENOSPC also where tidying up would make room. After
 * each of them datapath_write() does the rest.
 */
int datapath_write_change(struct datapath *dp, const struct datapath_change *c,
			  const struct datapath_target *to, size_t *ret_writes,
			  struct err *reterr);

/*
 * This host: addresses, routes' source, port ranges, as @cfg wants them used. Fills of @facts what
 * is not of objects (name and pod_cidrs stay the caller's), and all of *@settings. @dp (may be
 * NULL: nothing is attached) says which device is the uplink, whose address is the node's. Depends
 * on what is attached: after attach and detach, ask again and write again.
 */
int datapath_host_facts(struct datapath *dp, const struct cluster_config *cfg,
			struct node_facts *facts, struct sluice_settings *settings,
			struct err *reterr);

/* --- counters ----------------------------------------------------------------- */

struct backend_stats {
	struct addr addr;
	uint16_t port;
	bool retired;			/* only old flows use it */
	struct sluice_slot_count count;	/* sum over CPUs */
};

struct service_stats {
	uint64_t id[2];			/* as in struct image_service */
	struct sluice_slot_count count;	/* its backends, and those it once had */
	uint64_t drops[SLUICE_R_COUNT];
	VEC(struct backend_stats) backends;
};

struct stats {
	VEC(struct service_stats) services;	/* sorted by id */
	struct sluice_tally reasons[SLUICE_R_COUNT];
};

void stats_done(struct stats *s);
DEFINE_OWN_DONE(struct stats, stats_done)

int datapath_stats(struct datapath *dp, struct stats *ret, struct err *reterr);

/* How full the tables are, for status. */
struct table_usage {
	const char *name;
	uint64_t used;
	uint64_t size;
};

int datapath_usage(struct datapath *dp, struct table_usage *ret, size_t max, size_t *ret_n,
		   struct err *reterr);
