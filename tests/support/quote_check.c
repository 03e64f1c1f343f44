/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/quote_check.h"

#include <string.h>

#include "support/frame.h"

/* A rewrite that is neither symmetric nor trivial. */
#define NEW_SRC		0x0a0b0c0du
#define NEW_DST		0x8e9faabbu
#define NEW_SPORT	0x1f90
#define NEW_DPORT	0xee17

/* The rewrite of @from to @to, as a flow entry of the family has it. */
static void rewrite(struct quote *q, const union flow_key *from, const union flow_key *to, bool v6)
{
	if (v6) {
		struct sluice_flow6 f = { .f = { .sport = to->v6.sport, .dport = to->v6.dport } };
		__u32 addrs = csum_words_not(from->v6.src, 8) + csum_words(to->v6.src, 8);

		memcpy(f.src, to->v6.src, sizeof(f.src));
		memcpy(f.dst, to->v6.dst, sizeof(f.dst));
		f.f.addr_delta = csum_fold(addrs);
		f.f.l4_delta = csum_fold(f.f.addr_delta + (__u16)~from->v6.sport +
					 (__u16)~from->v6.dport + to->v6.sport + to->v6.dport);
		quote_rewrite6(q, &f, 0);
	} else {
		struct sluice_flow4 f = { .src = to->v4.src, .dst = to->v4.dst,
					  .f = { .sport = to->v4.sport, .dport = to->v4.dport } };
		__u32 addrs = csum_words_not(&from->v4.src, 2) + csum_words(&to->v4.src, 2);

		f.f.addr_delta = csum_fold(addrs);
		f.f.l4_delta = csum_fold(f.f.addr_delta + (__u16)~from->v4.sport +
					 (__u16)~from->v4.dport + to->v4.sport + to->v4.dport);
		quote_rewrite4(q, &f);
	}
}

static union flow_key key_new(bool v6)
{
	union flow_key k = { 0 };

	if (v6) {
		for (int i = 0; i < 4; i++) {
			k.v6.src[i] = NEW_SRC + (__u32)i;
			k.v6.dst[i] = NEW_DST - (__u32)i;
		}
		k.v6.sport = NEW_SPORT;
		k.v6.dport = NEW_DPORT;
	} else {
		k.v4 = (struct sluice_flow4_key){ .src = NEW_SRC, .dst = NEW_DST,
						  .sport = NEW_SPORT, .dport = NEW_DPORT };
	}
	return k;
}

/* Of ICMP; ICMPv6's pseudo header stays the same here, so it is the same sum. */
static __u16 message_sum(const struct quote *q)
{
	return inet_csum(0, q->bytes, q->len);
}

const char *quote_check(const void *bytes, __u32 len, bool v6, bool *ret_ours)
{
	struct quote q = { .len = len }, was;
	union flow_key key = { 0 }, again = { 0 }, other = key_new(v6);
	__u32 header = v6 ? 40 : 20;

	if (len > QUOTE_MAX)
		return "too long to be asked";
	memcpy(q.bytes, bytes, len);
	memset(q.bytes + len, 0xcc, sizeof(q.bytes) - len);	/* of an earlier message */
	*ret_ours = quote_parse(&q, &key, v6);
	if (memcmp(q.bytes, bytes, len))
		return "parse wrote";
	if (!*ret_ours)
		return NULL;
	if (q.proto != IPPROTO_TCP && q.proto != IPPROTO_UDP && q.proto != IPPROTO_SCTP)
		return "neither TCP, UDP nor SCTP";
	if (q.l4_off < ICMP_HLEN + header || q.l4_off + 8 > len)
		return "ports outside the message";
	if (q.csum_off && (q.csum_off < q.l4_off || q.csum_off + 2 > len))
		return "checksum outside the message";

	was = q;
	rewrite(&q, &key, &other, v6);
	for (__u32 i = len; i < sizeof(q.bytes); i++)
		if (q.bytes[i] != 0xcc)
			return "wrote behind the message";
	if (len % 2 == 0 && message_sum(&q) % 0xffff != message_sum(&was) % 0xffff)
		return "ICMP checksum does not follow";
	if (!quote_parse(&q, &again, v6))
		return "rewritten quote is not understood";
	if (v6)
		other.v6.proto = again.v6.proto;
	else
		other.v4.proto = again.v4.proto;
	return memcmp(&again, &other, sizeof(again)) ? "another tuple" : NULL;
}
