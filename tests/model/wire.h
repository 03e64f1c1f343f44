/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Frames as bytes: what is in them, and what they look like after a change. Checksums are summed
 * over the whole packet, never patched by differences (but in quotes, which are cut off); one that
 * was wrong before stays wrong by the same amount.
 */
#pragma once

#include "sluice/reason.h"
#include "support/frame.h"

struct tuple {
	bool v6;
	__u8 proto;
	struct sluice_addr src, dst;
	__u16 sport, dport;
};

bool tuple_same(const struct tuple *a, const struct tuple *b);
struct tuple tuple_swap(const struct tuple *t);

/* What a frame is. */
enum wire_kind {
	WIRE_OTHER,		/* not IP, or too short for an IP header: nobody looks further */
	WIRE_BROKEN,		/* the IP header contradicts itself or the frame */
	WIRE_FRAGMENT,		/* not the first: no ports */
	WIRE_NO_PORTS,		/* IP, but of no protocol that has; or cut off before them */
	WIRE_ICMP,
	WIRE_PORTS,		/* TCP, UDP, SCTP */
};

struct wire {
	enum wire_kind kind;
	struct tuple t;		/* addresses from WIRE_FRAGMENT on, ports only for WIRE_PORTS */
	__u8 ttl;
	__u32 ip_len;		/* as the header says; 0: it was not read so far */
	bool fragment;		/* part of a datagram; unless WIRE_FRAGMENT the first */
	__u32 id;		/* of the datagram */
	bool splits;		/* IPv4, and routers may fragment it */
	bool cut;		/* the frame ends before all headers, or the ports */
	bool reached;		/* what the IP headers carry begins at */
	__u32 l4;		/* offset in the frame */
	__u32 l4_header;	/* length */
	enum sluice_reason bad;	/* the L4 header is no good */
	__u8 flags;		/* enum tcp_flag */
	__u32 seq, ack;
};

struct wire wire_read(const struct frame *f);

bool wire_has_ports(__u8 proto);

/* @f with the tuple @to, and TTL less 1 if @routed. */
void wire_translate(struct frame *f, const struct wire *w, const struct tuple *to, bool routed);

/* The same for a fragment that has no ports: addresses, TTL. */
void wire_translate_later(struct frame *f, const struct tuple *to, bool routed);

void wire_set_macs(struct frame *f, const __u8 *dmac, const __u8 *smac);

/*
 * The answer to @f: RST, or the ICMP error of @e. It takes @f's place, and is in the name of who was
 * dialled, or of @router, if that is not NULL.
 */
void wire_answer_rst(struct frame *f, const struct wire *w);
void wire_answer_icmp(struct frame *f, const struct wire *w, const struct icmp_error *e,
		      const struct sluice_addr *router);

/* Whether it is an echo request; and @f becomes the reply. False: it is too short. */
bool wire_is_echo(const struct frame *f, const struct wire *w);
bool wire_answer_echo(struct frame *f, const struct wire *w);

/* What an ICMP error quotes. False: it is none, or about nothing with ports. */
struct wire_quote {
	struct tuple t;		/* of the quoted packet */
	__u32 l3, l4;		/* offsets in the frame */
	__u32 check;		/* of the L4 checksum; 0: cut off */
};
bool wire_read_quote(const struct frame *f, const struct wire *w, struct wire_quote *ret);

/* The error's own addresses become @src and @dst, the quoted packet's tuple @quoted. */
void wire_translate_error(struct frame *f, const struct wire *w, const struct wire_quote *q,
			  const struct tuple *quoted, const struct tuple *outer, bool routed);
