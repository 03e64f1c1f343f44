/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What hosts of the scene say to each other, as the node sees it come in; and what the node is
 * expected to make of it.
 */
#pragma once

#include "support/dp.h"

/* "Who, at which port". */
struct end {
	const struct host *host;
	__u16 port;
};

#define AT(host_, port_) ((struct end){ &(host_), (port_) })

/* TCP's sequence numbers of both sides' first packets. */
#define SEQ_CLIENT 1000u
#define SEQ_SERVER 500000u

/* SYN, or the first datagram. Arrives by the device of @from's host. */
struct packet talk_open(const struct dp *dp, struct end from, struct end to);

/* SYN+ACK, or the datagram that answers. */
struct packet talk_answer(const struct dp *dp, struct end from, struct end to);

/* The ACK that ends the handshake, or the second datagram. */
struct packet talk_ack(const struct dp *dp, struct end from, struct end to);

/* Data after that, of either side: with @flags beside ACK. */
struct packet talk_data(const struct dp *dp, struct end from, struct end to, __u8 flags);

/* What the address that @p is for says to it where there is nobody: RFC 9293 section 3.10.7.1. */
struct packet talk_rst(const struct packet *p);

/* @p with other ends, all else the same. */
struct packet talk_between(struct packet p, struct end from, struct end to);

/* @p as a router passes it on towards @to: its MACs, TTL less one. */
struct packet talk_routed(struct packet p, const struct host *to);

/* @p, sent by a process of the node, on its way out to @to's device. */
struct packet talk_leaving(struct packet p, const struct host *to);

/*
 * A connection of a client on the wire to a backend on the wire: what each side calls the other.
 * The client talks client → dialled, the backend backend → masked.
 */
struct talk {
	struct end client;
	struct end dialled;
	struct end masked;	/* the client as the backend sees it; the port is found out */
	struct end backend;
};

/* The first packet through the case's hook, by up0; fills in masked.port. */
void talk_start(struct dp *dp, struct talk *t);

/* And the answer, and what proves the client real: an established flow afterwards. */
void talk_establish(struct dp *dp, struct talk *t);
/* The same, if the first packet is not dropped. */
bool talk_try(struct dp *dp, struct talk *t);

/* Who sent the frame @f of @dp's family, as a port: that is how a SNAT port is learnt. */
__u16 frame_sport(const struct dp *dp, const struct frame *f);
__u16 frame_dport(const struct dp *dp, const struct frame *f);
