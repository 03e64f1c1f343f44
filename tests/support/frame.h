/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets as values, and the frames they are on the wire. The builder computes every length and
 * every checksum from scratch: what a test expects is built by it too, never pasted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sluice/types.h"

#define FRAME_MAX 9216	/* a jumbo frame */
#define FRAME_L3 14

struct frame {
	__u32 len;
	__u8 bytes[FRAME_MAX];
};

enum tcp_flag {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
};

/* Addresses as in the maps, everything else in host order. What is 0 or NULL is absent. */
struct packet {
	__u8 smac[6];
	__u8 dmac[6];
	bool v6;
	__u8 proto;		/* IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP */
	__u8 ttl;
	__u8 tos;
	__u16 ip_id;		/* IPv4 */
	__u16 fragment;		/* IPv4: flags and offset, as in the header */
	struct sluice_addr src;
	struct sluice_addr dst;
	const __u8 *ext;	/* IPv4 options, or IPv6 extension headers, as they are */
	__u8 ext_first;		/* IPv6: what the first of them is */
	__u16 ext_len;
	__u16 sport;
	__u16 dport;
	__u8 flags;		/* enum tcp_flag */
	__u32 seq;
	__u32 ack;
	__u16 window;
	__u8 tcp_nops;		/* TCP options: so many NOPs, a multiple of 4 */
	bool udp_no_csum;
	bool sctp_no_csum;	/* 0: for the device to make */
	__u16 payload;		/* bytes, */
	__u8 fill;		/* of a pattern that begins here; 0: all zero */
	__u16 salt;		/* first two bytes of the payload, as in memory; 0: the pattern's */
	__u16 padding;		/* bytes behind the IP packet */
};

struct frame frame_build(const struct packet *p);

/* Length of the IP packet of @p: what counters count. */
__u32 packet_ip_len(const struct packet *p);

/* Where @p's L4 header starts in its frame. */
__u32 packet_l4_off(const struct packet *p);

/* What we would say about a packet that ends here. */
struct icmp_error {
	__u8 type;
	__u8 code;
	__u32 mtu;
};

/*
 * The ICMP or ICMPv6 error about the packet in @about, of which @p is the description: from the
 * address that was dialled, back where the frame came from. IP header without options and 8
 * bytes are quoted.
 */
struct frame frame_icmp(const struct packet *p, const struct frame *about,
			const struct icmp_error *e);

/*
 * The ICMP or ICMPv6 error @e that quotes the first @quoted bytes of the IP packet @about, or all
 * of it if they are 0. Of @outer the frame's and IP's part is used.
 */
struct frame frame_icmp_error(const struct packet *outer, const struct icmp_error *e,
			      const struct packet *about, __u32 quoted);

/*
 * An ICMP or ICMPv6 echo: of @p the frame's and IP's part, its payload, and sport and seq as
 * identifier and number.
 */
struct frame frame_echo(const struct packet *p, bool reply);

/* @bytes of @f at @off: to make it wrong, or to look. */
void frame_poke(struct frame *f, __u32 off, const void *bytes, __u32 len);
__u16 frame_u16(const struct frame *f, __u32 off);
__u32 frame_u32(const struct frame *f, __u32 off);

/* Makes the IPv4 header's checksum right again, after a poke. */
void frame_fix_ip4(struct frame *f);

/* CRC-32C as SCTP has it (RFC 9260 appendix A), bit by bit; little-endian goes on the wire. */
__u32 crc32c(const void *bytes, size_t len);

/* The Internet checksum of @len bytes, added to the folded @sum, complemented: as stored. */
__u16 inet_csum(__u32 sum, const void *bytes, size_t len);
