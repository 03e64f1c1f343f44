/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>

#define QUOTE_L4 8
#define SCTP_HEADER 12
#define SCTP_CHECKSUM 8

/* Words as they lie in memory; an odd byte is padded with zero (RFC 1071). */
static __u32 sum_bytes(__u32 sum, const void *bytes, size_t len)
{
	const __u8 *at = bytes;

	for (size_t i = 0; i < len; i += 2) {
		__u8 pair[2] = { at[i], i + 1 < len ? at[i + 1] : 0 };
		__u16 word;

		memcpy(&word, pair, sizeof(word));
		sum += word;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

__u16 inet_csum(__u32 sum, const void *bytes, size_t len)
{
	return (__u16)~sum_bytes(sum, bytes, len);
}

static __u32 l4_header_len(const struct packet *p)
{
	if (p->proto == IPPROTO_TCP)
		return sizeof(struct tcphdr) + p->tcp_nops;
	if (p->proto == IPPROTO_SCTP)
		return SCTP_HEADER;
	return sizeof(struct udphdr);
}

static __u32 l3_header_len(const struct packet *p)
{
	return (p->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + p->ext_len;
}

__u32 packet_ip_len(const struct packet *p)
{
	return l3_header_len(p) + l4_header_len(p) + p->payload;
}

__u32 packet_l4_off(const struct packet *p)
{
	return FRAME_L3 + l3_header_len(p);
}

/* RFC 9293 section 3.1, RFC 8200 section 8.1: addresses, length and protocol of what follows. */
static __u32 pseudo_sum(const struct packet *p, __u8 proto, __u32 len)
{
	__u32 sum = htons(proto);

	sum = sum_bytes(sum, &(__be32){ htonl(len) }, 4);
	if (p->v6) {
		sum = sum_bytes(sum, &p->src, 16);
		return sum_bytes(sum, &p->dst, 16);
	}
	sum = sum_bytes(sum, &p->src.ip6[3], 4);
	return sum_bytes(sum, &p->dst.ip6[3], 4);
}

static void put_csum(__u8 *header, size_t off, __u16 check)
{
	memcpy(header + off, &check, sizeof(check));
}

static void put_tcp(const struct packet *p, __u8 *at, __u32 len)
{
	struct tcphdr tcp = {
		.source = htons(p->sport),
		.dest = htons(p->dport),
		.seq = htonl(p->seq),
		.ack_seq = htonl(p->ack),
		.doff = (__u16)(l4_header_len(p) / 4 & 0xf),
		.window = htons(p->window),
	};

	memcpy(at, &tcp, sizeof(tcp));
	at[13] = p->flags;
	memset(at + sizeof(tcp), 1, p->tcp_nops);
	put_csum(at, offsetof(struct tcphdr, check),
		 inet_csum(pseudo_sum(p, IPPROTO_TCP, len), at, len));
}

static void put_udp(const struct packet *p, __u8 *at, __u32 len)
{
	struct udphdr udp = {
		.source = htons(p->sport),
		.dest = htons(p->dport),
		.len = htons((__u16)len),
	};

	memcpy(at, &udp, sizeof(udp));
	if (p->udp_no_csum)
		return;
	put_csum(at, offsetof(struct udphdr, check),
		 inet_csum(pseudo_sum(p, IPPROTO_UDP, len), at, len) ?: 0xffff);
}

__u32 crc32c(const void *bytes, size_t len)
{
	const __u8 *at = bytes;
	__u32 crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* Source, destination, verification tag, checksum. */
static void put_sctp(const struct packet *p, __u8 *at, __u32 len)
{
	__be32 words[SCTP_HEADER / 4] = { htonl((__u32)p->sport << 16 | p->dport),
					  htonl(0x5c7b0001) };
	__u32 check;

	memcpy(at, words, sizeof(words));
	if (p->sctp_no_csum)
		return;
	check = htole32(crc32c(at, len));
	memcpy(at + SCTP_CHECKSUM, &check, sizeof(check));
}

static void put_l4(const struct packet *p, __u8 *at)
{
	__u32 header = l4_header_len(p);
	__u32 len = header + p->payload;

	for (__u32 i = 0; p->fill && i < p->payload; i++)
		at[header + i] = (__u8)(p->fill + i * 7);
	if (p->salt)
		memcpy(at + header, &p->salt, sizeof(p->salt));
	if (p->proto == IPPROTO_TCP)
		put_tcp(p, at, len);
	else if (p->proto == IPPROTO_SCTP)
		put_sctp(p, at, len);
	else
		put_udp(p, at, len);
}

static void put_ip4(const struct packet *p, __u8 *at, __u8 proto, __u32 len)
{
	struct iphdr ip = {
		.version = 4,
		.ihl = (__u8)((sizeof(ip) + p->ext_len) / 4 & 0xf),
		.tos = p->tos,
		.tot_len = htons((__u16)len),
		.id = htons(p->ip_id),
		.frag_off = htons(p->fragment),
		.ttl = p->ttl,
		.protocol = proto,
		.saddr = p->src.ip6[3],
		.daddr = p->dst.ip6[3],
	};

	memcpy(at, &ip, sizeof(ip));
	if (p->ext_len)
		memcpy(at + sizeof(ip), p->ext, p->ext_len);
	put_csum(at, offsetof(struct iphdr, check), inet_csum(0, at, sizeof(ip) + p->ext_len));
}

static void put_ip6(const struct packet *p, __u8 *at, __u8 proto, __u32 len)
{
	struct ipv6hdr ip = {
		.version = 6,
		.priority = p->tos >> 4,
		.flow_lbl = { (__u8)(p->tos << 4) },
		.payload_len = htons((__u16)(len - sizeof(ip))),
		.nexthdr = p->ext_len ? p->ext_first : proto,
		.hop_limit = p->ttl,
	};

	memcpy(&ip.saddr, &p->src, 16);
	memcpy(&ip.daddr, &p->dst, 16);
	memcpy(at, &ip, sizeof(ip));
	if (p->ext_len)
		memcpy(at + sizeof(ip), p->ext, p->ext_len);
}

static void put_eth(const struct packet *p, __u8 *at)
{
	__be16 type = htons(p->v6 ? ETH_P_IPV6 : ETH_P_IP);

	memcpy(at, p->dmac, ETH_ALEN);
	memcpy(at + ETH_ALEN, p->smac, ETH_ALEN);
	memcpy(at + 2 * ETH_ALEN, &type, sizeof(type));
}

struct frame frame_build(const struct packet *p)
{
	__u32 len = packet_ip_len(p);
	struct frame f = { .len = FRAME_L3 + len + p->padding };

	assert(f.len <= FRAME_MAX);
	put_eth(p, f.bytes);
	if (p->v6)
		put_ip6(p, f.bytes + FRAME_L3, p->proto, len);
	else
		put_ip4(p, f.bytes + FRAME_L3, p->proto, len);
	put_l4(p, f.bytes + packet_l4_off(p));
	memset(f.bytes + FRAME_L3 + len, 0xaa, p->padding);
	return f;
}

/* The answer's own IP header: from the dialled address to the client, nothing inherited. */
static struct packet answer_to(const struct packet *p)
{
	struct packet a = { .v6 = p->v6, .ttl = 64, .src = p->dst, .dst = p->src };

	memcpy(a.smac, p->dmac, sizeof(a.smac));
	memcpy(a.dmac, p->smac, sizeof(a.dmac));
	return a;
}

static struct frame frame_icmp4(const struct packet *p, const struct frame *about,
				const struct icmp_error *e)
{
	const __u32 quote = sizeof(struct iphdr) + QUOTE_L4;
	const __u32 len = sizeof(struct icmphdr) + quote;
	struct packet a = answer_to(p);
	struct frame f = { .len = FRAME_L3 + sizeof(struct iphdr) + len };
	__u8 *at = f.bytes + FRAME_L3 + sizeof(struct iphdr);
	struct icmphdr icmp = { .type = e->type, .code = e->code };

	put_eth(&a, f.bytes);
	put_ip4(&a, f.bytes + FRAME_L3, IPPROTO_ICMP, f.len - FRAME_L3);
	icmp.un.frag.mtu = htons((__u16)e->mtu);
	memcpy(at, &icmp, sizeof(icmp));
	memcpy(at + sizeof(icmp), about->bytes + FRAME_L3, sizeof(struct iphdr));
	at[sizeof(icmp)] = 0x45;	/* no options any more */
	memcpy(at + len - QUOTE_L4, about->bytes + packet_l4_off(p), QUOTE_L4);
	put_csum(at, offsetof(struct icmphdr, checksum), inet_csum(0, at, len));
	return f;
}

static struct frame frame_icmp6(const struct packet *p, const struct frame *about,
				const struct icmp_error *e)
{
	const __u32 quote = sizeof(struct ipv6hdr) + QUOTE_L4;
	const __u32 len = sizeof(struct icmp6hdr) + quote;
	struct packet a = answer_to(p);
	struct frame f = { .len = FRAME_L3 + sizeof(struct ipv6hdr) + len };
	__u8 *at = f.bytes + FRAME_L3 + sizeof(struct ipv6hdr);
	struct icmp6hdr icmp = { .icmp6_type = e->type, .icmp6_code = e->code };

	put_eth(&a, f.bytes);
	put_ip6(&a, f.bytes + FRAME_L3, IPPROTO_ICMPV6, f.len - FRAME_L3);
	icmp.icmp6_mtu = htonl(e->mtu);
	memcpy(at, &icmp, sizeof(icmp));
	memcpy(at + sizeof(icmp), about->bytes + FRAME_L3, sizeof(struct ipv6hdr));
	at[sizeof(icmp) + offsetof(struct ipv6hdr, nexthdr)] = p->proto;
	memcpy(at + len - QUOTE_L4, about->bytes + packet_l4_off(p), QUOTE_L4);
	put_csum(at, offsetof(struct icmp6hdr, icmp6_cksum),
		 inet_csum(pseudo_sum(&a, IPPROTO_ICMPV6, len), at, len));
	return f;
}

struct frame frame_icmp(const struct packet *p, const struct frame *about,
			const struct icmp_error *e)
{
	return p->v6 ? frame_icmp6(p, about, e) : frame_icmp4(p, about, e);
}

struct frame frame_icmp_error(const struct packet *outer, const struct icmp_error *e,
			      const struct packet *about, __u32 quoted)
{
	const __u32 off = packet_l4_off(outer);
	const __u32 len = sizeof(struct icmphdr) + (quoted ?: packet_ip_len(about));
	struct frame f = { .len = off + len + outer->padding }, inner = frame_build(about);
	struct icmp6hdr icmp = { .icmp6_type = e->type, .icmp6_code = e->code };
	__u8 *at = f.bytes + off;

	assert(f.len <= FRAME_MAX);
	put_eth(outer, f.bytes);
	if (outer->v6)
		put_ip6(outer, f.bytes + FRAME_L3, IPPROTO_ICMPV6, off - FRAME_L3 + len);
	else
		put_ip4(outer, f.bytes + FRAME_L3, IPPROTO_ICMP, off - FRAME_L3 + len);
	/* All of the word, or the second half of it: the same for what fits 16 bits. */
	icmp.icmp6_mtu = htonl(e->mtu);
	memcpy(at, &icmp, sizeof(icmp));
	memcpy(at + sizeof(icmp), inner.bytes + FRAME_L3, len - sizeof(icmp));
	put_csum(at, offsetof(struct icmphdr, checksum),
		 inet_csum(outer->v6 ? pseudo_sum(outer, IPPROTO_ICMPV6, len) : 0, at, len));
	memset(f.bytes + off + len, 0xaa, outer->padding);
	return f;
}

struct frame frame_echo(const struct packet *p, bool reply)
{
	const __u32 off = packet_l4_off(p), len = sizeof(struct icmphdr) + p->payload;
	struct icmphdr icmp = { .un.echo = { htons(p->sport), htons((__u16)p->seq) } };
	struct frame f = { .len = off + len + p->padding };
	__u8 *at = f.bytes + off;

	assert(f.len <= FRAME_MAX);
	icmp.type = p->v6 ? (reply ? ICMPV6_ECHO_REPLY : ICMPV6_ECHO_REQUEST) :
			    (reply ? ICMP_ECHOREPLY : ICMP_ECHO);
	put_eth(p, f.bytes);
	if (p->v6)
		put_ip6(p, f.bytes + FRAME_L3, IPPROTO_ICMPV6, off - FRAME_L3 + len);
	else
		put_ip4(p, f.bytes + FRAME_L3, IPPROTO_ICMP, off - FRAME_L3 + len);
	memcpy(at, &icmp, sizeof(icmp));
	for (__u32 i = 0; i < p->payload; i++)
		at[sizeof(icmp) + i] = (__u8)(p->fill + i);
	put_csum(at, offsetof(struct icmphdr, checksum),
		 inet_csum(p->v6 ? pseudo_sum(p, IPPROTO_ICMPV6, len) : 0, at, len));
	memset(at + len, 0xaa, p->padding);
	return f;
}

void frame_poke(struct frame *f, __u32 off, const void *bytes, __u32 len)
{
	assert(off + len <= FRAME_MAX);
	memcpy(f->bytes + off, bytes, len);
}

__u16 frame_u16(const struct frame *f, __u32 off)
{
	__be16 v;

	memcpy(&v, f->bytes + off, sizeof(v));
	return ntohs(v);
}

__u32 frame_u32(const struct frame *f, __u32 off)
{
	__be32 v;

	memcpy(&v, f->bytes + off, sizeof(v));
	return ntohl(v);
}

void frame_fix_ip4(struct frame *f)
{
	__u8 *ip = f->bytes + FRAME_L3;

	put_csum(ip, offsetof(struct iphdr, check), 0);
	put_csum(ip, offsetof(struct iphdr, check), inet_csum(0, ip, (ip[0] & 0xfu) * 4));
}
