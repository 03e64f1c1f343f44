/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A case: a configuration, what becomes of it, and packets. All of it plain values, so that
 * it can be made smaller (shrink.h) and printed (print.h).
 */
#pragma once

#include "model/config.h"
#include "model/conns.h"
#include "support/dp.h"

#define CASE_CONFIGS 6
#define CASE_EVENTS 512
#define SHOT_POKES 2

/* How right an ACK's number is. */
enum ack_number {
	ACK_RIGHT,
	ACK_EDGE,		/* as far as it may be, */
	ACK_BEYOND,		/* and one further */
	ACK_ZERO,
};

/* IPv4 options or IPv6 extension headers. */
enum ext {
	EXT_NONE,
	EXT_SHORT,
	EXT_LONG,
	EXT_ATOMIC,		/* IPv6: a fragment that is the whole packet */
	EXT_MANY,		/* IPv6: more than are stepped over */
	EXT_FRAGMENT,		/* IPv6: a fragment, the first one unless shot.fragment says more */
	EXT_FRAGMENT_OPTIONS,	/* the same of a datagram that begins with destination options */
	EXT_COUNT,
};

struct shot_poke {
	__u16 off;		/* 0: none */
	__u8 len;
	__u8 bytes[2];
};

/*
 * A packet, by what it is of a talk: the client's tuple says which. What depends on what the
 * datapath chose (the endpoint's answer, its number) is filled in when it is sent.
 */
struct shot {
	enum hook hook;
	enum device dev;
	bool forwarded;			/* at an egress hook: not of a process of this node */
	bool again;			/* XDP took it: tc gets it too, as if XDP were off */
	struct tuple ask;
	enum direction direction;
	__u8 smac[6], dmac[6];
	__u8 flags;
	__u32 seq;
	enum ack_number ack;
	__u16 payload;
	__u8 ttl;
	__u16 fragment;			/* flags and offset, in both families as IPv4 has them */
	__u16 id;			/* of the datagram: only its fragments share it */
	bool no_csum;
	__u8 nops;
	__u8 segs;			/* tc: so many packets in one (GSO); 0: one */
	__u16 padding;
	enum ext ext;
	bool echo;			/* an echo request, or in REPLY direction the answer */
	/* An ICMP error about the packet described by the rest. */
	bool error;
	struct icmp_error icmp;
	struct sluice_addr router;	/* who says so, to the quoted packet's source */
	__u16 quoted;			/* bytes of it; 0: all */
	bool translated;		/* the quoted packet is as the endpoint's side knows it */
	/* Damage. */
	struct shot_poke poke[SHOT_POKES];
	__u16 cut;			/* bytes taken off the end */
};

enum event_kind {
	EVENT_SHOT,
	EVENT_CONFIG,
	EVENT_TIME,
	EVENT_COLLECT,
};

struct event {
	enum event_kind kind;
	union {
		struct shot shot;
		unsigned config;	/* which of the case */
		__u32 sec;
	};
};

struct model_case {
	__u64 seed;
	bool answers;			/* RST and ICMP are allowed */
	unsigned n_configs;
	struct config configs[CASE_CONFIGS];
	unsigned n_events;
	struct event events[CASE_EVENTS];
};

/* The case of a seed, always the same; @packets of its events are packets. */
void case_make(struct model_case *c, __u64 seed, unsigned packets);

/* The frame of @s, given the connection of its talk or NULL. */
struct frame shot_frame(const struct shot *s, const struct conn *c);

/* The packet in it, without damage; of an error what it quotes. */
struct packet shot_packet(const struct shot *s, const struct conn *c);
