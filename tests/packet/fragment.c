/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Datagrams in fragments: the first is translated like any packet, later ones change addresses
 * only; those that come before the first wait for it.
 *
 * Fragments are cut from whole frames, and so is what is expected.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/pieces.h"

#define WIRE (ON(XDP) | ON(UPLINK_IN))
#define CLIENT AT(client_a, 40000)
#define NODE_PORT AT(node, 30080)
#define REMOTE AT(pod_remote, 8080)

static struct service given_node_port(struct dp *dp, const struct host *to)
{
	return given_service(dp, .at = &node, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			     .to = { to });
}

static __u32 whole_len(const struct packet *p)
{
	const struct frame whole = frame_build(p);

	return pieces_len(&whole);
}

static struct frame cut(const struct packet *p, __u32 from, __u32 to)
{
	const struct frame whole = frame_build(p);

	return pieces_cut(&whole, p->ip_id, from, to);
}

static struct frame piece(const struct packet *p, __u32 n)
{
	const struct frame whole = frame_build(p);

	return pieces_take(&whole, p->ip_id, n);
}

static struct packet large(struct packet p)
{
	p.payload = 390;
	p.flags &= (__u8)~PSH;
	return p;
}

/* The source port of a first fragment. */
static __u16 first_sport(const struct dp *dp, const struct frame *f)
{
	return frame_u16(f, FRAME_L3 + (dp->v6 ? 48 : 20));
}

static const __u32 after_first[] = { 3, 1, 2, 1 };
#define N_AFTER (sizeof(after_first) / sizeof(after_first[0]))

/* All that go, and come out as those of @want: the first, then the others in some order. */
static void expect_pieces(struct dp *dp, const struct arrival *at, enum fate fate,
			  const struct packet *p, const struct packet *want)
{
	expect_frame(dp, dp_run(dp, at, piece(p, 0), fate), piece(want, 0));
	for (size_t i = 0; i < N_AFTER; i++)
		expect_frame(dp, dp_run(dp, at, piece(p, after_first[i]), fate),
			     piece(want, after_first[i]));
}

/* What these are for the counters. */
static __u64 pieces_bytes(const struct packet *p)
{
	__u64 bytes = piece(p, 0).len - FRAME_L3;

	for (size_t i = 0; i < N_AFTER; i++)
		bytes += piece(p, after_first[i]).len - FRAME_L3;
	return bytes;
}

Test(fragment, both_ways_over_the_wire)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
		struct talk t = { CLIENT, NODE_PORT, AT(node, 0), REMOTE };
		struct service web = given_node_port(dp, &pod_remote);
		struct sluice_slot_count before, after;
		struct packet p, want;

		talk_establish(dp, &t);
		before = dp_slot(dp, web.slot);
		p = large(talk_data(dp, t.client, t.dialled, 0));
		want = talk_routed(talk_between(p, t.masked, t.backend), &pod_remote);
		expect_pieces(dp, &at, SENT_BACK, &p, &want);
		after = dp_slot(dp, web.slot);
		cr_expect_eq(after.packets_in - before.packets_in, 1 + N_AFTER, "%s", dp->label);
		cr_expect_eq(after.bytes_in - before.bytes_in, pieces_bytes(&p), "%s", dp->label);

		p = large(talk_data(dp, t.backend, t.masked, 0));
		want = talk_routed(talk_between(p, t.dialled, t.client), &client_a);
		expect_pieces(dp, &at, SENT_BACK, &p, &want);
		after = dp_slot(dp, web.slot);
		cr_expect_eq(after.packets_out - before.packets_out, 1 + N_AFTER, "%s", dp->label);
		expect_no_reason(dp);
	}
}

/* The first fragment makes the flow, with or without a checksum. */
Test(fragment, of_a_new_flow)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE, 0);) {
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };

		for (int no_csum = 0; no_csum < 2; no_csum++) {
			struct packet want, p = large(talk_open(dp, AT(client_a, 40000 + no_csum),
								NODE_PORT));
			struct frame out;

			if (no_csum)
				p.udp_no_csum = dp->proto == IPPROTO_UDP && !dp->v6;
			else
				given_node_port(dp, &pod_remote);
			p.ip_id = (__u16)(0x77 + no_csum);
			out = dp_wire(dp, piece(&p, 0), SENT_BACK);
			want = talk_routed(talk_between(p, AT(node, first_sport(dp, &out)), REMOTE),
					   &pod_remote);
			expect_pieces(dp, &at, SENT_BACK, &p, &want);
			expect_no_reason(dp);
		}
	}
}

/* IPv6: the later ones say that they are of options, which only the first one has. */
Test(fragment, with_options_behind_the_fragment_header)
{
	static const __u8 chain[2][16] = {
		{ IPPROTO_DSTOPTS, 0, 1, 4, [8] = IPPROTO_TCP, 0, 1, 4 },
		{ IPPROTO_DSTOPTS, 0, 1, 4, [8] = IPPROTO_UDP, 0, 1, 4 },
	};

	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_V6, 0);) {
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
		struct packet want, p = large(talk_open(dp, CLIENT, NODE_PORT));
		struct frame out;

		given_node_port(dp, &pod_remote);
		p.ext = chain[dp->proto == IPPROTO_UDP];
		p.ext_first = IPPROTO_DSTOPTS;
		p.ext_len = sizeof(chain[0]);
		out = dp_wire(dp, piece(&p, 0), SENT_BACK);
		want = talk_routed(talk_between(p, AT(node, frame_u16(&out, FRAME_L3 + 64)), REMOTE),
				   &pod_remote);
		expect_pieces(dp, &at, SENT_BACK, &p, &want);
		expect_no_reason(dp);
	}
}

Test(fragment, into_a_pod_and_back)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(WORKLOAD_IN));) {
		const struct arrival wire = { .hook = HOOK_UPLINK_IN, .dev = DEV_UP0 };
		const struct arrival pod = { .hook = HOOK_WORKLOAD_IN, .dev = DEV_LXC0 };
		struct packet want, p = large(talk_open(dp, CLIENT, NODE_PORT));
		struct end masked;
		struct frame out;

		given_node_port(dp, &pod_a);
		out = dp_wire(dp, piece(&p, 0), SENT_BACK);
		masked = AT(node, first_sport(dp, &out));
		want = talk_routed(talk_between(p, masked, AT(pod_a, 8080)), &pod_a);
		expect_pieces(dp, &wire, SENT_BACK, &p, &want);

		p = large(talk_answer(dp, AT(pod_a, 8080), masked));
		want = talk_routed(talk_between(p, NODE_PORT, CLIENT), &client_a);
		expect_pieces(dp, &pod, SENT_BACK, &p, &want);
		expect_no_reason(dp);
	}
}

/* Of this host's processes: in order, so that none has to wait. */
Test(fragment, from_a_process_of_the_node)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_OUT), 0);) {
		const struct arrival at = { .hook = HOOK_UPLINK_OUT, .dev = DEV_UP0 };
		struct end client = AT(node, 40000), dialled = AT(cluster_ip, 80);
		struct packet want, p = large(talk_leaving(talk_open(dp, client, dialled),
							   &client_a));
		struct frame out;

		given_service(dp, .at = &cluster_ip, .port = 80, .kind = SLUICE_FE_CLUSTER_IP,
			      .to = { &pod_remote });
		out = dp_run(dp, &at, piece(&p, 1), PASSED);
		expect_frame(dp, out, piece(&p, 1));
		expect_reason(dp, SLUICE_R_NOT_OURS, 1, out.len - FRAME_L3);
		out = dp_run(dp, &at, piece(&p, 0), PASSED);
		want = talk_leaving(talk_between(p, AT(node, first_sport(dp, &out)), REMOTE),
				    &pod_remote);
		expect_pieces(dp, &at, PASSED, &p, &want);
	}
}

/* --- before the first -------------------------------------------------------------------- */

/* What comes in by @dev of the case's family. */
static int listen_at(const struct dp *dp, enum device dev)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(dp->v6 ? ETH_P_IPV6 : ETH_P_IP),
				  .sll_ifindex = (int)scene_ifindex(dev) };
	struct timeval wait = { .tv_sec = 1 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static struct frame hear(const struct dp *dp, int fd)
{
	struct sockaddr_ll from = { .sll_pkttype = PACKET_OUTGOING };
	socklen_t len = sizeof(from);
	struct frame f;
	ssize_t n = 0;

	while (n >= 0 && from.sll_pkttype == PACKET_OUTGOING)
		n = recvfrom(fd, f.bytes, sizeof(f.bytes), 0, (struct sockaddr *)&from, &len);
	cr_assert(n > 0, "%s: nothing was put in again", dp->label);
	f.len = (__u32)n;
	return f;
}

/* The packet is used up; it becomes others, of other lengths. */
static void release(struct dp *dp, const struct frame *first)
{
	const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0, .answered = true };

	dp_run(dp, &at, *first, DROPPED);
}

/* The last of them first; XDP leaves all to tc, the first one too. */
static void hold_all(struct dp *dp, const struct packet *p)
{
	__u64 bytes = 0;

	for (__u32 n = PIECES - 1; n; n--) {
		struct frame f = piece(p, n);

		expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
		dp_wire(dp, f, DROPPED);
		bytes += f.len - FRAME_L3;
	}
	expect_reason(dp, SLUICE_R_HELD, PIECES - 1, bytes);
	expect_frame(dp, dp_on(dp, XDP, UP0, piece(p, 0), PASSED), piece(p, 0));
}

Test(fragment, later_ones_wait_for_the_first)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct packet want, p = large(talk_open(dp, CLIENT, NODE_PORT));
		struct frame out, first = piece(&p, 0);
		int fd = listen_at(dp, DEV_UP0);

		given_node_port(dp, &pod_remote);
		hold_all(dp, &p);
		release(dp, &first);
		for (__u32 n = 0; n < PIECES; n++) {
			struct frame f = hear(dp, fd);
			__u32 was = n ? PIECES - n : 0;	/* it ahead, then as they came */

			expect_frame(dp, f, piece(&p, was));
			out = dp_wire(dp, f, SENT_BACK);
			if (!n)
				want = talk_routed(talk_between(p, AT(node, first_sport(dp, &out)),
								REMOTE), &pod_remote);
			expect_frame(dp, out, piece(&want, was));
		}
		/* None of them waits any more. */
		dp_wire(dp, first, SENT_BACK);
		close(fd);
	}
}

/*
 * By two uplinks: each is put in again where it came in, for its MAC is the node's there. By the
 * other one it would be a frame for somebody else.
 */
Test(fragment, waits_at_another_uplink_than_the_first)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP, 0);) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT)), other = p;
		struct frame waits, first = piece(&p, 0);
		int fd = listen_at(dp, DEV_UP1);

		given_node_port(dp, &pod_remote);
		memcpy(other.dmac, scene_mac(DEV_UP1), sizeof(other.dmac));
		waits = piece(&other, 1);
		dp_on(dp, UPLINK_IN, UP1, waits, DROPPED);
		release(dp, &first);
		expect_frame(dp, hear(dp, fd), waits);
		dp_on(dp, UPLINK_IN, UP0, first, SENT_BACK);
		dp_on(dp, UPLINK_IN, UP1, waits, SENT_AWAY);
		close(fd);
	}
}

/* It is of no service: the node's own, or one that only shares its address. */
Test(fragment, of_others_wait_and_go_on)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct packet p = large(talk_open(dp, CLIENT, AT(node, 53)));
		struct frame first = piece(&p, 0);
		int fd = listen_at(dp, DEV_UP0);

		given_node_port(dp, &pod_remote);
		hold_all(dp, &p);
		release(dp, &first);
		for (__u32 n = 0; n < PIECES; n++) {
			struct frame f = hear(dp, fd);

			expect_frame(dp, dp_wire(dp, f, PASSED), piece(&p, n ? PIECES - n : 0));
		}
		cr_expect_eq(dp_reason(dp, SLUICE_R_NOT_OURS).packets, PIECES, "%s", dp->label);
		/* And behind it. */
		expect_frame(dp, dp_wire(dp, piece(&p, 1), PASSED), piece(&p, 1));
		close(fd);
	}
}

Test(fragment, to_nobody_here_do_not_wait)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct packet p = large(talk_open(dp, CLIENT, AT(stranger, 30080)));
		struct frame f = piece(&p, 2);

		given_node_port(dp, &pod_remote);
		expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
		expect_frame(dp, dp_wire(dp, f, PASSED), f);
		expect_reason(dp, SLUICE_R_NOT_OURS, 1, f.len - FRAME_L3);
	}
}

/* Every tag of the table as if it were @sec older. */
static void held_age(const struct dp *dp, __u32 sec)
{
	for (__u32 row = 0; row < SLUICE_HELD_BUCKETS; row++) {
		struct sluice_held_bucket b;

		cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "held_tags"), &row, &b), 0);
		for (__u32 i = 0; i < SLUICE_HELD_WAYS; i++)
			if (b.tag[i])
				b.tag[i] = b.tag[i] >> 32 << 32 |
					   (__u32)(b.tag[i] - sec * dp_hz());
		cr_assert_eq(bpf_map_update_elem(dp_map(dp, "held_tags"), &row, &b, 0), 0);
	}
}

Test(fragment, old_ones_are_not_waited_for)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP) | ON(GC));) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT));
		__u64 lost = 0;

		given_node_port(dp, &pod_remote);
		hold_all(dp, &p);
		dp_collect(dp);
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).packets, 0, "%s", dp->label);
		held_age(dp, SLUICE_HELD_SEC + 2);
		dp_on(dp, XDP, UP0, piece(&p, 0), SENT_BACK);
		/* Nobody but the collector comes by. */
		dp_collect(dp);
		for (__u32 n = 1; n < PIECES; n++)
			lost += piece(&p, n).len - FRAME_L3;
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).packets, PIECES - 1, "%s",
			     dp->label);
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).bytes, lost, "%s", dp->label);
		dp_collect(dp);
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).packets, PIECES - 1, "%s",
			     dp->label);
		dp_wire(dp, piece(&p, 0), SENT_BACK);
	}
}

/* A flood of one sender takes his own places, the oldest first, and no other's. */
Test(fragment, flood_takes_its_own_places)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP, ON(XDP));) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT)), other = p;
		struct frame first = piece(&p, 0);
		int fd = listen_at(dp, DEV_UP0);
		__u32 rows = 0;

		given_node_port(dp, &pod_remote);
		for (__u16 i = 0; i < 3 * SLUICE_HELD_WAYS; i++) {
			other.ip_id = (__u16)(0x2000 + i);
			dp_wire(dp, piece(&other, 1), DROPPED);
		}
		for (__u32 i = PIECES - 1; i; i--)
			dp_wire(dp, piece(&p, i), DROPPED);
		release(dp, &first);
		for (int i = 0; i < PIECES; i++)
			hear(dp, fd);
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).packets,
			     2 * SLUICE_HELD_WAYS + PIECES - 1, "%s", dp->label);
		for (__u32 row = 0; row < SLUICE_HELD_BUCKETS; row++) {
			struct sluice_held_bucket b;

			cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "held_tags"), &row, &b), 0);
			rows += b.next != 0;
		}
		cr_expect_eq(rows, 1, "%s: %u buckets", dp->label, rows);
		close(fd);
	}
}

/*
 * Identifications are few in IPv4 and come again. The first one of the newer datagram passes XDP:
 * its others, which may be there before tc has seen it, must not go as those of the older did.
 */
Test(fragment, of_a_newer_one_do_not_follow_the_older)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_OUT), 0);) {
		bool out = dp->hook == HOOK_UPLINK_OUT;
		const struct arrival at = { .hook = dp->hook, .dev = DEV_UP0 };
		const struct end client = out ? AT(node, 40000) : CLIENT;
		const struct host *to = out ? &cluster_ip : &node;
		struct packet old = large(talk_open(dp, client, (struct end){ to, 30080 }));
		struct packet newer = large(talk_open(dp, client, (struct end){ to, 53 }));
		struct frame f;

		if (out) {
			old = talk_leaving(old, &client_a);
			newer = talk_leaving(newer, &client_a);
		}
		given_service(dp, .at = to, .port = 30080, .kind = SLUICE_FE_NODE_PORT,
			      .to = { &pod_remote });
		dp_run(dp, &at, piece(&old, 0), out ? PASSED : SENT_BACK);
		f = dp_run(dp, &at, piece(&newer, 0), PASSED);
		expect_frame(dp, f, piece(&newer, 0));
		f = dp_run(dp, &at, piece(&newer, 1), PASSED);
		expect_frame(dp, f, piece(&newer, 1));
	}
}

Test(fragment, too_large_to_wait)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), 0);) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT));
		struct frame f;

		given_node_port(dp, &pod_remote);
		p.payload = 1960;
		f = cut(&p, 8, whole_len(&p));
		cr_assert_gt(f.len, SLUICE_HELD_FRAME);
		expect_frame(dp, dp_wire(dp, f, PASSED), f);
		expect_reason(dp, SLUICE_R_FRAGMENT, 1, f.len - FRAME_L3);
	}
}

/* --- what must not be ---------------------------------------------------------------------- */

/* A pod says it is the client: what it sends belongs to no datagram of the client's. */
Test(fragment, from_elsewhere_is_of_another_datagram)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(WORKLOAD_IN));) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT));

		given_node_port(dp, &pod_remote);
		dp_wire(dp, piece(&p, 0), SENT_BACK);
		dp_on(dp, WORKLOAD_IN, LXC0, piece(&p, 1), DROPPED);
		expect_reason(dp, SLUICE_R_HELD, 1, piece(&p, 1).len - FRAME_L3);
		dp_wire(dp, piece(&p, 1), SENT_BACK);
	}
}

/* RFC 1858, RFC 7112: the first one has all of the header, or there is none. */
Test(fragment, first_without_all_of_the_header)
{
	for (struct dp *dp = NULL; dp_each(&dp, WIRE | ONLY_TCP, 0);) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT));
		__u64 bytes = 0;

		given_node_port(dp, &pod_remote);
		for (__u32 len = 8; len < 24; len += 8) {
			struct frame f = cut(&p, 0, len);

			dp_wire(dp, f, DROPPED);
			bytes += f.len - FRAME_L3;
		}
		expect_reason(dp, SLUICE_R_TRUNCATED, 2, bytes);
		cr_expect_eq(dp_flow_count(dp, IN_HALF), 0, "%s", dp->label);
	}
}

/* Only the first one can be answered: RFC 1122 section 3.2.2. */
Test(fragment, larger_than_the_way_out_allows)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN), ON(XDP));) {
		struct packet p = large(talk_open(dp, CLIENT, NODE_PORT));
		struct frame f;

		given_node_port(dp, &pod_narrow);
		p.payload = 1900;
		f = cut(&p, PIECE, PIECE + 1400);
		dp_wire(dp, cut(&p, 0, PIECE), SENT_BACK);
		expect_frame(dp, dp_on(dp, XDP, UP0, f, PASSED), f);
		dp_wire(dp, f, DROPPED);
		expect_reason(dp, SLUICE_R_TOO_BIG, 1, f.len - FRAME_L3);
		dp_wire(dp, cut(&p, PIECE, PIECE + 1200), SENT_BACK);
	}
}
