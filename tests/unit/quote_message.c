/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bpf/quote.h on the host: good, cut and random ICMP messages under ASan. */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/frame.h"
#include "support/quote_check.h"

static unsigned seed = 20261122;

static __u32 any(__u32 n)
{
	return (__u32)rand_r(&seed) % n;
}

struct message {
	struct packet about;
	__u8 bytes[QUOTE_MAX];
	__u32 len;
	__u32 needs;		/* so much must be there */
};

/* An error about a random packet, with NOPs for options or destination options for extensions. */
static struct message message(void)
{
	static __u8 ext[40];
	struct packet p = {
		.v6 = any(2), .proto = any(2) ? IPPROTO_TCP : IPPROTO_UDP, .ttl = 1,
		.sport = (__u16)any(65536), .dport = (__u16)any(65536), .flags = 0x10,
		.payload = (__u16)(any(100) * 2), .fill = 9, .ext = ext,
	};
	const struct icmp_error e = { .type = p.v6 ? 1 : 3 };
	struct packet outer = { .v6 = p.v6, .ttl = 9 };
	struct message m = { 0 };
	struct frame f;

	for (int i = 0; i < 4; i++) {
		p.src.ip6[i] = (__be32)rand_r(&seed);
		p.dst.ip6[i] = (__be32)rand_r(&seed);
	}
	if (any(3) == 0) {
		p.ext_len = p.v6 ? 16 : (__u16)(4 + any(10) * 4);
		p.ext_first = IPPROTO_DSTOPTS;
		memset(ext, 1, sizeof(ext));
		if (p.v6) {
			ext[0] = p.proto;
			ext[1] = 1;	/* 16 bytes */
		}
	}
	f = frame_icmp_error(&outer, &e, &p, 0);
	m.about = p;
	m.len = f.len - packet_l4_off(&outer);
	memcpy(m.bytes, f.bytes + packet_l4_off(&outer), m.len);
	m.needs = ICMP_HLEN + packet_l4_off(&p) - FRAME_L3 + 8;
	return m;
}

Test(quote_message, good_messages_are_understood_and_rewritten)
{
	for (int i = 0; i < 50000; i++) {
		struct message m = message();
		bool ours;
		const char *wrong = quote_check(m.bytes, m.len, m.about.v6, &ours);

		cr_assert_null(wrong, "%d: %s", i, wrong);
		cr_assert(ours, "%d", i);
	}
}

Test(quote_message, eight_bytes_of_l4_are_enough_and_no_less)
{
	for (int i = 0; i < 2000; i++) {
		struct message m = message();

		for (__u32 len = 0; len < m.len; len++) {
			bool ours;
			const char *wrong = quote_check(m.bytes, len, m.about.v6, &ours);

			cr_assert_null(wrong, "%d at %u: %s", i, len, wrong);
			cr_assert_eq(ours, len >= m.needs, "%d: %u of %u", i, len, m.needs);
		}
	}
}

Test(quote_message, flipped_bytes_never_mislead)
{
	for (int i = 0; i < 200000; i++) {
		struct message m = message();
		const char *wrong;
		bool ours;

		for (__u32 j = 1 + any(4); j; j--)
			m.bytes[any(m.len < 90 ? m.len : 90)] = (__u8)any(256);
		wrong = quote_check(m.bytes, m.len, m.about.v6, &ours);
		cr_assert_null(wrong, "%d: %s", i, wrong);
	}
}
