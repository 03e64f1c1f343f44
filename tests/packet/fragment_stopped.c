/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Datagrams in fragments that are not sent on: the first one is rejected, dropped or answered like
 * a whole packet, and the later ones are of the same kind. Cut as in fragment.c.
 */
#include <linux/in.h>
#include <string.h>

#include <criterion/criterion.h>

#include "support/expect.h"
#include "support/pieces.h"

#define DOORS (ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) | ON(UPLINK_OUT))

/* Where somebody's packet to a Service is met. */
static struct arrival door_of(const struct dp *dp)
{
	return (struct arrival){ .hook = dp->hook,
				 .dev = dp->hook == HOOK_WORKLOAD_IN ? DEV_LXC0 : DEV_UP0 };
}

static struct packet dial(const struct dp *dp, const struct host *to, __u16 port)
{
	const struct host *who = dp->hook == HOOK_WORKLOAD_IN ? &pod_a :
				 dp->hook == HOOK_UPLINK_OUT ? &node : &client_a;
	struct packet p = talk_open(dp, (struct end){ who, 40000 }, (struct end){ to, port });

	p.payload = 390;
	return dp->hook == HOOK_UPLINK_OUT ? talk_leaving(p, &client_a) : p;
}

static struct service given_web(struct dp *dp, const struct host *backend)
{
	struct service s = given_service(dp, .at = &cluster_ip, .port = 80,
					 .kind = SLUICE_FE_CLUSTER_IP, .to = { backend });

	given_address(dp, &s, &cluster_ip, SLUICE_FE_CLUSTER_IP);
	return s;
}

static struct frame piece(const struct packet *p, __u32 n)
{
	const struct frame whole = frame_build(p);

	return pieces_take(&whole, p->ip_id, n);
}

/* About the first fragment; IPv6 quotes it without its extension header. */
static struct frame unreachable(const struct packet *p, const struct frame *first)
{
	const struct icmp_error e = { .type = p->v6 ? 1 : 3, .code = p->v6 ? 4 : 3 };
	const __u32 off = packet_l4_off(p);
	struct frame about = *first;

	if (p->v6) {
		about.bytes[FRAME_L3 + 6] = p->proto;
		about.len -= 8;
		memmove(about.bytes + off, first->bytes + off + 8, about.len - off);
	}
	return frame_icmp(p, &about, &e);
}

/* The first one is answered, the later ones are silence; all count for @row. */
static void expect_rejected(struct dp *dp, const struct packet *p, enum sluice_reason why, __u32 row)
{
	struct arrival at = door_of(dp);
	struct frame out, first = piece(p, 0);
	__u64 bytes = first.len - FRAME_L3;

	at.answered = true;
	out = dp_run(dp, &at, first, SENT_BACK);
	if (p->proto == IPPROTO_UDP)
		expect_frame(dp, out, unreachable(p, &first));
	at.answered = false;
	for (__u32 n = PIECES - 1; n; n--) {
		struct frame f = piece(p, n);

		dp_run(dp, &at, f, DROPPED);
		bytes += f.len - FRAME_L3;
	}
	expect_reason(dp, why, PIECES, bytes);
	cr_expect_eq(dp_service_drops(dp, row, why), PIECES, "%s", dp->label);
}

Test(fragment_stopped, undefined_port_of_a_cluster_address)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &cluster_ip, 81);

		expect_rejected(dp, &p, SLUICE_R_UNDEFINED_PORT, web.row);
		expect_tables(dp, &p, 0);
	}
}

Test(fragment_stopped, without_an_endpoint)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct service web = given_web(dp, NULL);
		struct packet p = dial(dp, &cluster_ip, 80);

		expect_rejected(dp, &p, SLUICE_R_NO_BACKEND, web.row);
	}
}

/* No port has to be known to see that; and none is. */
Test(fragment_stopped, protocol_without_ports)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &cluster_ip, 80);
		struct arrival at = door_of(dp);

		p.proto = 47;	/* GRE */
		at.answered = true;
		dp_run(dp, &at, piece(&p, 0), SENT_BACK);
		at.answered = false;
		for (__u32 n = 1; n < PIECES; n++)
			dp_run(dp, &at, piece(&p, n), DROPPED);
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_UNDEFINED_PORT), PIECES, "%s",
			     dp->label);
	}
}

Test(fragment_stopped, unallocated_address)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct packet p = dial(dp, &stranger, 80);
		struct arrival at = door_of(dp);
		__u64 bytes = 0;

		scene_ip("route replace default via 192.0.2.254 dev up0\n"
			 "route replace default via 2001:db8:200::fe dev up0\n");
		given_web(dp, &pod_remote);
		given_service_range(dp, &stranger, dp->v6 ? 64 : 24);
		for (__u32 n = 0; n < PIECES; n++) {
			struct frame f = piece(&p, n);

			dp_run(dp, &at, f, DROPPED);
			bytes += f.len - FRAME_L3;
		}
		expect_reason(dp, SLUICE_R_UNALLOCATED, PIECES, bytes);
	}
}

/* They wait for the first like those of others, and are stopped with it: it lets nobody go. */
Test(fragment_stopped, those_before_the_first)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ON(WORKLOAD_IN), ON(XDP));) {
		struct packet p = dial(dp, &cluster_ip, 81);
		struct arrival at = door_of(dp);

		given_web(dp, &pod_remote);
		for (__u32 n = PIECES - 1; n; n--)
			dp_run(dp, &at, piece(&p, n), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_HELD).packets, PIECES - 1, "%s", dp->label);
		at.answered = true;
		dp_run(dp, &at, piece(&p, 0), SENT_BACK);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNDEFINED_PORT).packets, 1, "%s", dp->label);
		cr_expect_eq(dp_reason(dp, SLUICE_R_FRAGMENT_LOST).packets, 0, "%s", dp->label);
		/* XDP, which comes first, need not leave it to tc. */
		if (at.dev == DEV_UP0) {
			at.hook = HOOK_XDP;
			dp_run(dp, &at, piece(&p, 0), SENT_BACK);
			dp_run(dp, &at, piece(&p, 1), DROPPED);
		}
	}
}

/* A balancer's address may be shared with what we do not know. */
Test(fragment_stopped, other_ports_of_a_vip_pass)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &vip, 81);
		struct arrival at = door_of(dp);

		given_frontend(dp, &web, &vip, 80, SLUICE_FE_LOAD_BALANCER);
		given_address(dp, &web, &vip, SLUICE_FE_LOAD_BALANCER);
		for (__u32 n = 0; n < PIECES; n++)
			expect_frame(dp, dp_run(dp, &at, piece(&p, n), PASSED), piece(&p, n));
	}
}

/* --- echo ---------------------------------------------------------------------------------- */

static struct packet pong(const struct packet *p)
{
	struct packet r = *p;

	memcpy(r.smac, p->dmac, sizeof(r.smac));
	memcpy(r.dmac, p->smac, sizeof(r.dmac));
	r.src = p->dst;
	r.dst = p->src;
	return r;
}

static struct frame echo_piece(const struct packet *p, bool reply, __u32 n)
{
	const struct frame whole = frame_echo(p, reply);

	return pieces_take(&whole, p->ip_id, n);
}

/* A large ping: each fragment goes back by itself. */
Test(fragment_stopped, echo_is_answered_piece_by_piece)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct packet back, p = dial(dp, &cluster_ip, 0);
		struct arrival at = door_of(dp);

		given_web(dp, &pod_remote);
		back = pong(&p);
		for (__u32 i = 0; i < PIECES; i++) {
			__u32 n = i ? PIECES - i : 0;

			expect_frame(dp, dp_run(dp, &at, echo_piece(&p, false, n), SENT_BACK),
				     echo_piece(&back, true, n));
		}
		cr_expect_eq(dp_reason(dp, SLUICE_R_ECHO).packets, PIECES, "%s", dp->label);
	}
}

/*
 * Forged: from an address of ours. The answer would come back to us, and its later fragments, of
 * which none says that it is one, would go round for ever. The first one is too short to be
 * answered, or its answer would end that.
 */
Test(fragment_stopped, echo_to_ourselves_is_not_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ONLY_UDP, ON(UPLINK_IN));) {
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &cluster_ip, 0);

		given_frontend(dp, &web, &vip, 80, SLUICE_FE_LOAD_BALANCER);
		given_address(dp, &web, &vip, SLUICE_FE_LOAD_BALANCER);
		for (int own = 0; own < 2; own++) {
			struct frame whole, first;

			p.src = own ? p.dst : vip.ip[dp->v6];
			p.ip_id = (__u16)(0x60 + own);
			whole = frame_echo(&p, false);
			first = pieces_cut(&whole, p.ip_id, 0, 8);
			first.bytes[FRAME_L3 + (p.v6 ? 5 : 3)] -= 4;
			if (!p.v6)
				frame_fix_ip4(&first);
			dp_wire(dp, first, DROPPED);
			dp_on(dp, UPLINK_IN, UP0, first, DROPPED);
			dp_wire(dp, echo_piece(&p, false, 1), DROPPED);
			dp_on(dp, UPLINK_IN, UP0, echo_piece(&p, false, 0), DROPPED);
			dp_wire(dp, echo_piece(&p, false, 1), DROPPED);
		}
		cr_expect_eq(dp_reason(dp, SLUICE_R_ECHO).packets, 0, "%s", dp->label);
	}
}

/* The first one has others waiting: tc lets them go behind it. */
Test(fragment_stopped, echo_before_the_first)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(UPLINK_IN) | ONLY_UDP, ON(XDP));) {
		struct packet p = dial(dp, &cluster_ip, 0);
		struct frame first = echo_piece(&p, false, 0);

		given_web(dp, &pod_remote);
		dp_wire(dp, echo_piece(&p, false, 1), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_HELD).packets, 1, "%s", dp->label);
		expect_frame(dp, dp_on(dp, XDP, UP0, first, PASSED), first);
		dp_run(dp, (&(struct arrival){ .hook = dp->hook, .dev = DEV_UP0, .answered = true }),
		       first, DROPPED);
		dp_wire(dp, first, SENT_BACK);
		dp_wire(dp, echo_piece(&p, false, 1), SENT_BACK);
	}
}

/* --- SCTP ------------------------------------------------------------------------------------ */

/* Its checksum covers all fragments, and no addresses: it holds as long as the ports do. */
Test(fragment_stopped, sctp_goes_on_with_its_ports_only)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(WORKLOAD_IN) | ALSO_SCTP, 0);) {
		const struct arrival at = { .hook = HOOK_WORKLOAD_IN, .dev = DEV_LXC0 };
		const struct end same = AT(cluster_ip, 8080), other = AT(cluster_ip, 80);

		if (dp->proto != IPPROTO_SCTP)
			continue;
		for (int kept = 0; kept < 2; kept++) {
			struct end dialled = kept ? same : other, client = AT(pod_a, 40000 + kept);
			struct packet want, p = talk_open(dp, client, dialled);
			__u64 bytes = 0;

			given_service(dp, .at = &cluster_ip, .port = dialled.port,
				      .kind = SLUICE_FE_CLUSTER_IP, .to = { &pod_remote });
			dp_run(dp, &at, frame_build(&p), SENT_BACK);
			p.payload = 390;
			p.ip_id = (__u16)(0x50 + kept);
			want = talk_routed(talk_between(p, client, AT(pod_remote, 8080)), &pod_remote);
			for (__u32 n = 0; n < PIECES; n++) {
				struct frame f = piece(&p, n);

				bytes += f.len - FRAME_L3;
				f = dp_run(dp, &at, f, kept ? SENT_BACK : DROPPED);
				if (kept)
					expect_frame(dp, f, piece(&want, n));
			}
			if (!kept)
				expect_reason(dp, SLUICE_R_SCTP_FRAGMENT, PIECES, bytes);
		}
	}
}

/* Of no association: the source port may have to be replaced. */
Test(fragment_stopped, sctp_begins_with_a_whole_packet)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ALSO_SCTP, 0);) {
		struct packet p = dial(dp, &cluster_ip, 80);
		struct arrival at = door_of(dp);

		if (dp->proto != IPPROTO_SCTP)
			continue;
		given_web(dp, &pod_remote);
		for (__u32 n = 0; n < PIECES; n++)
			dp_run(dp, &at, piece(&p, n), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_SCTP_FRAGMENT).packets, PIECES, "%s", dp->label);
		expect_tables(dp, &p, 0);
	}
}
