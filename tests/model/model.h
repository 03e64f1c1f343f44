/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The model: what sluice owes to each packet, worked out from rules.h, the list of connections and
 * the packet's bytes. It shares no code with plan/ and bpf/.
 *
 * It does not say which endpoint of a set is chosen, nor which source port: model_judge() gives an
 * outcome for each choice, model_settle() finds the one that happened and holds the datapath to
 * it from then on.
 *
 *	model_configure()  after the maps were written
 *	model_judge()      before a packet runs
 *	model_settle()     with what came out
 *
 * What it has counted is in model.counts.
 */
#pragma once

#include "model/conns.h"
#include "model/rules.h"
#include "sluice/count.h"
#include "support/dp.h"

#define MODEL_SLOTS 192
#define MODEL_ROWS 64
#define MODEL_MEMBERS 512
#define MODEL_DATAGRAMS 512
#define MODEL_ADDRS 32
#define MODEL_AFFINITIES 512

/* The timeouts and limits of a run, seconds. */
struct model_limits {
	__u32 syn, established, closing, half_closed, udp, sctp;
	__u16 snat_min, snat_max;
	bool answers;		/* RST and ICMP are allowed */
};

/* A port of a Service as a number that stays while the Service is changed. */
#define PORT_IDS (CONFIG_SERVICES * CONFIG_PORTS * 2 * 3)
unsigned port_id(const struct rule_port *p, __u8 proto);

/*
 * An endpoint of a port, for as long as the run goes. @gen counts how often it has left: UDP, and
 * what is half-open, does not outlive that.
 */
struct member {
	unsigned port;
	struct rule_backend backend;
	bool v6;
	bool in;
	bool resets;		/* its connections, once it has left */
	unsigned gen;
};

struct counts {
	struct sluice_slot_count slots[MODEL_SLOTS];
	struct sluice_tally reasons[SLUICE_R_COUNT];
	__u64 drops[MODEL_ROWS][SLUICE_R_COUNT];
};

/* Where the maps have what: a matter of bookkeeping, read from them. */
struct places {
	__u32 row[PORT_IDS];			/* of services; 0: none */
	unsigned n_addrs;			/* who speaks for an address, among equals */
	struct {
		struct sluice_addr addr;
		bool v6;
		__u32 row;
	} addrs[MODEL_ADDRS];
	struct {
		__u32 row;
		struct rule_backend backend;
		bool used;
		bool retired;		/* in use, but for old connections only */
		__u32 gen;
	} slot[MODEL_SLOTS];
	struct sluice_filter filter;		/* what is looked at, at all */
};

/* What became of the first fragment of a datagram. */
struct datagram {
	struct tuple key;		/* addresses; IPv4: protocol. No ports */
	__u32 id;
	enum device via;		/* of a pod or of this node; DEV_COUNT: of any uplink */
	enum sluice_reason why;		/* it did not go on; OK: it did, */
	__u32 row;
	struct tuple after;		/* with these addresses */
	struct leg leg;
	__u32 slot;
	enum direction direction;
	long at, used;
};

/* What may become of a packet. */
struct outcome {
	__u32 action;			/* the program's word */
	struct frame frame;
	bool answer;
	bool resized;			/* an answer: the kernel's own check of checksums is off */
	bool split;			/* by the stack, which takes the hop too */
	bool opens;			/* a new connection, @conn */
	bool any_port;			/* its source port is any free one of the range */
	struct conn conn;
	struct way way;			/* of a translated packet */
	bool first;			/* a first fragment went so: @datagram */
	struct datagram datagram;
	/* How it is counted: as a translated packet of a slot, or by reason. */
	__u32 slot;
	enum direction direction;
	enum sluice_reason why;		/* OK: not by reason */
	enum sluice_reason failed;	/* not OK: an answer was due and not given, */
	__u32 failed_bytes;		/* to a packet of this length */
	__u32 row;			/* whose drop it is; 0: nobody's */
	__u32 packets;
	__u32 bytes;
};

/* Where a client's last connection to a service port went. */
struct affinity {
	unsigned port;
	struct sluice_addr client;
	unsigned member;
	unsigned gen;
	long seen;
};

struct model {
	struct model_limits limits;
	struct config config;
	struct rule_fronts fronts;
	struct places places;
	struct member members[MODEL_MEMBERS];
	unsigned n_members;
	struct conns conns;
	unsigned n_affinities;
	struct affinity affinities[MODEL_AFFINITIES];
	unsigned n_datagrams;
	struct datagram datagrams[MODEL_DATAGRAMS];
	long clock;
	struct counts counts;
	bool changed;			/* the last packet has changed what is known */
	unsigned n_outcomes;
	struct outcome outcomes[2 * CONFIG_ENDPOINTS];	/* each endpoint, and no port there */
};

void model_configure(struct model *m, const struct config *c, const struct places *places);

/* Fills m->outcomes. Connections may change already, as they do before the choice. */
void model_judge(struct model *m, const struct arrival *at, const struct frame *in);

/* Which outcome it was, or -1: none of them. @now: see below, else NULL. */
int model_settle(struct model *m, __u32 action, const struct frame *in, const struct frame *out,
		 const struct counts *now);

/* Whether the counters must tell which outcome it was. */
bool model_needs_counts(const struct model *m);

/* A collector's round; returns how many connections it ends. */
unsigned model_collect(struct model *m);

/* Whether a packet with this tuple is looked up at all; @lo: at lo. */
bool model_looks_at(const struct model *m, const struct tuple *t, bool lo);

/* The same of what all fragments of a datagram have: no ports, and in IPv6 no protocol. */
bool model_looks_at_later(const struct model *m, const struct tuple *t);

/* Writes the first fragment of a datagram down; an older one with the same key goes. */
void model_note_datagram(struct model *m, const struct datagram *d);

/* A lasting connection is over: it is counted so, and both of its directions go. */
void conn_end(struct model *m, struct conn *c);

/* Whether a new connection @c may have this source port, and whether it may find none. */
bool port_is_legal(struct model *m, const struct conn *c, bool masquerade, __u16 port);
bool ports_may_run_out(struct model *m, const struct conn *c, bool masquerade);

/* It has the port of @c->to; a connection that had it before is over. */
void port_take(struct model *m, const struct conn *c);

/* The one of @set that a new connection of @client must have; NULL: any. */
const struct rule_backend *affinity_backend(struct model *m, const struct rule_front *front,
					    const struct sluice_addr *client,
					    const struct rule_set *set);

/* The connection counts as its client's last one. */
void affinity_note(struct model *m, const struct conn *c);

const struct member *model_member(const struct model *m, const struct conn *c);
