/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is for an address of ours and for none of its frontends: other ports and protocols of a
 * cluster address, addresses of the service range that nobody has, echo requests.
 */
#include <arpa/inet.h>
#include <string.h>

#include <criterion/criterion.h>
#include <netinet/in.h>

#include "support/expect.h"

#define DOORS (ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) | ON(UPLINK_OUT))

/* Where somebody's packet is met. */
struct door {
	struct arrival at;
	const struct host *who;
};

static struct door door_of(const struct dp *dp)
{
	switch (dp->hook) {
	case HOOK_WORKLOAD_IN:
		return (struct door){ { .hook = dp->hook, .dev = DEV_LXC0 }, &pod_a };
	case HOOK_UPLINK_OUT:
		return (struct door){ { .hook = dp->hook, .dev = DEV_UP0 }, &node };
	default:
		return (struct door){ { .hook = dp->hook, .dev = DEV_UP0 }, &client_a };
	}
}

static struct packet through(struct packet p, const struct door *d)
{
	return d->at.hook == HOOK_UPLINK_OUT ? talk_leaving(p, &client_a) : p;
}

static struct packet dial(const struct dp *dp, const struct door *d, const struct host *to, __u16 port)
{
	return through(talk_open(dp, (struct end){ d->who, 40000 }, (struct end){ to, port }), d);
}

/* Without one the kernel knows no way to anybody's unallocated addresses. */
static void given_default_route(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	scene_ip("route add default via 192.0.2.254 dev up0\n"
		 "route add default via 2001:db8:200::fe dev up0\n");
}

static struct service given_web(struct dp *dp, const struct host *backend)
{
	struct service s = given_service(dp, .at = &cluster_ip, .port = 80,
					 .kind = SLUICE_FE_CLUSTER_IP, .to = { backend });

	given_address(dp, &s, &cluster_ip, SLUICE_FE_CLUSTER_IP);
	return s;
}

static struct packet back_from(const struct packet *p)
{
	struct packet r = { .v6 = p->v6, .proto = p->proto, .ttl = 64, .src = p->dst,
			    .dst = p->src, .sport = p->dport, .dport = p->sport };

	memcpy(r.smac, p->dmac, sizeof(r.smac));
	memcpy(r.dmac, p->smac, sizeof(r.dmac));
	return r;
}

/* RST to TCP, port unreachable to others. */
static struct frame refusal_of(const struct packet *p)
{
	const struct icmp_error port4 = { .type = 3, .code = 3 };
	const struct icmp_error port6 = { .type = 1, .code = 4 };
	struct packet rst = back_from(p);
	struct frame about;

	if (p->proto == IPPROTO_TCP) {
		rst.flags = RST | ACK;
		rst.ack = p->seq + 1;
		return frame_build(&rst);
	}
	about = frame_build(p);
	return frame_icmp(p, &about, p->v6 ? &port6 : &port4);
}

Test(address, undefined_port_of_a_cluster_address_is_rejected)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct door d = door_of(dp);
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &d, &cluster_ip, 81);

		d.at.answered = true;
		expect_frame(dp, dp_run(dp, &d.at, frame_build(&p), SENT_BACK), refusal_of(&p));
		expect_reason(dp, SLUICE_R_UNDEFINED_PORT, 1, packet_ip_len(&p));
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_UNDEFINED_PORT), 1, "%s",
			     dp->label);
		expect_tables(dp, &p, 0);
	}
}

/* The frontend is of the case's protocol; the same port of the other one is undefined. */
Test(address, other_protocol_of_a_frontend_is_rejected)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct door d = door_of(dp);
		struct packet p;

		given_web(dp, &pod_remote);
		p = dial(dp, &d, &cluster_ip, 80);
		p.proto = p.proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP;
		p.flags = p.proto == IPPROTO_TCP ? SYN : 0;
		p.payload = p.tcp_nops = 0;
		d.at.answered = true;
		expect_frame(dp, dp_run(dp, &d.at, frame_build(&p), SENT_BACK), refusal_of(&p));
		expect_reason(dp, SLUICE_R_UNDEFINED_PORT, 1, packet_ip_len(&p));
	}
}

/* A VIP may be shared with what we do not know; and no address of nobody concerns us. */
Test(address, other_ports_of_a_vip_and_other_addresses_pass)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct door d = door_of(dp);
		struct service web = given_web(dp, &pod_remote);
		struct packet p = dial(dp, &d, &vip, 81);
		struct frame f;

		given_frontend(dp, &web, &vip, 80, SLUICE_FE_LOAD_BALANCER);
		given_address(dp, &web, &vip, SLUICE_FE_LOAD_BALANCER);
		f = dp_run(dp, &d.at, frame_build(&p), PASSED);
		expect_packet(dp, f, p);
		p = dial(dp, &d, &stranger, 80);
		f = dp_run(dp, &d.at, frame_build(&p), PASSED);
		expect_packet(dp, f, p);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNDEFINED_PORT).packets, 0, "%s", dp->label);
	}
}

Test(address, unallocated_address_of_the_range_is_dropped)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS, 0);) {
		struct door d = door_of(dp);
		struct packet p = dial(dp, &d, &stranger, 80);

		given_default_route();
		given_web(dp, &pod_remote);
		dp_run(dp, &d.at, frame_build(&p), PASSED);
		given_service_range(dp, &stranger, dp->v6 ? 64 : 24);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNALLOCATED).packets, 0, "%s", dp->label);
		dp_run(dp, &d.at, frame_build(&p), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNALLOCATED).packets, 1, "%s", dp->label);
	}
}

/* Somebody gave Services a range that this host lives in. It must stay reachable. */
Test(address, addresses_of_the_host_in_the_range_are_its_own)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN), 0);) {
		struct door d = door_of(dp);
		struct packet p = dial(dp, &d, &node, 22);
		struct frame f;

		given_service_range(dp, &node, dp->v6 ? 64 : 24);
		f = dp_run(dp, &d.at, frame_build(&p), PASSED);
		expect_packet(dp, f, p);
	}
}

/* Who names his own network must not lose it: neither what others there say, nor what he says. */
Test(address, neighbours_in_the_range_stay_reachable)
{
	const unsigned doors = ON(XDP) | ON(UPLINK_IN) | ON(WORKLOAD_IN) | ON(UPLINK_OUT);

	for (struct dp *dp = NULL; dp_each(&dp, doors, 0);) {
		struct host neighbour = node;
		struct door d = door_of(dp);
		char text[INET6_ADDRSTRLEN];
		struct packet p;
		struct frame f;

		neighbour.ip[dp->v6].ip6[3] ^= htonl(0x55);
		inet_ntop(dp->v6 ? AF_INET6 : AF_INET, &neighbour.ip[dp->v6].ip6[dp->v6 ? 0 : 3],
			  text, sizeof(text));
		scene_ip("neigh replace %s lladdr 02:00:00:00:00:55 dev up0 nud permanent\n", text);
		p = dial(dp, &d, &neighbour, 80);
		given_default_route();
		given_web(dp, &pod_remote);
		given_service_range(dp, &node, dp->v6 ? 64 : 24);
		f = dp_run(dp, &d.at, frame_build(&p), PASSED);
		expect_packet(dp, f, p);
		p.payload = 1600;	/* the kernel's to refuse */
		dp_run(dp, &d.at, frame_build(&p), PASSED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNALLOCATED).packets, 0, "%s", dp->label);
	}
}

/* Its frontend is gone, and so is the address's row: it is only one of the range now. */
Test(address, flow_outlives_its_address)
{
	for (struct dp *dp = NULL; dp_each(&dp, ON(XDP) | ON(UPLINK_IN), ON(XDP));) {
		struct talk t = { AT(client_a, 40000), AT(cluster_ip, 80), AT(node, 0),
				  AT(pod_remote, 8080) };
		struct packet p;

		given_default_route();
		given_web(dp, &pod_remote);
		talk_establish(dp, &t);
		dp_forget_services(dp);
		given_service_range(dp, &cluster_ip, dp->v6 ? 64 : 24);
		p = talk_data(dp, t.client, t.dialled, PSH);
		expect_packet(dp, dp_wire(dp, frame_build(&p), SENT_BACK),
			      talk_routed(talk_between(p, t.masked, t.backend), &pod_remote));
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNALLOCATED).packets, 0, "%s", dp->label);
	}
}

/* --- echo --------------------------------------------------------------------- */

static struct packet ping(const struct dp *dp, const struct door *d, const struct host *to)
{
	struct packet p = dial(dp, d, to, 0);

	p.sport = 0x4711;
	p.seq = 9;
	p.payload = 57;
	p.fill = 3;
	p.tos = 0x20;
	p.ip_id = 0x1234;
	return p;
}

static struct frame pong(const struct packet *p)
{
	struct packet r = back_from(p);

	r.sport = p->sport;
	r.seq = p->seq;
	r.payload = p->payload;
	r.fill = p->fill;
	r.tos = p->tos;
	r.ip_id = p->ip_id;
	r.fragment = p->fragment;
	r.ext = p->ext;
	r.ext_len = p->ext_len;
	r.ext_first = p->ext_first;
	r.padding = p->padding;
	return frame_echo(&r, true);
}

Test(address, echo_request_is_answered)
{
	static const __u8 nops[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	static const __u8 options6[8] = { IPPROTO_ICMPV6, 0, 1, 4 };

	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct door d = door_of(dp);
		struct service web = given_web(dp, &pod_remote);
		struct packet p = ping(dp, &d, &cluster_ip);

		given_frontend(dp, &web, &vip, 80, SLUICE_FE_LOAD_BALANCER);
		given_address(dp, &web, &vip, SLUICE_FE_LOAD_BALANCER);
		expect_frame(dp, dp_run(dp, &d.at, frame_echo(&p, false), SENT_BACK), pong(&p));
		p.ext = dp->v6 ? options6 : nops;
		p.ext_first = 60;	/* destination options */
		p.ext_len = 8;
		p.padding = 4;
		expect_frame(dp, dp_run(dp, &d.at, frame_echo(&p, false), SENT_BACK), pong(&p));
		p = ping(dp, &d, &vip);
		p.payload = 0;
		expect_frame(dp, dp_run(dp, &d.at, frame_echo(&p, false), SENT_BACK), pong(&p));
		cr_expect_eq(dp_reason(dp, SLUICE_R_ECHO).packets, 3, "%s", dp->label);
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_ECHO), 0, "%s", dp->label);
	}
}

/* An answer is no reason for another one, whoever's address it comes from. */
Test(address, echo_reply_is_not_answered)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct door d = door_of(dp);
		struct packet p = ping(dp, &d, &cluster_ip);
		struct frame f = frame_echo(&p, true);

		given_web(dp, &pod_remote);
		if (dp->hook == HOOK_XDP) {	/* tc may know a flow it is about */
			expect_frame(dp, dp_run(dp, &d.at, f, PASSED), f);
			continue;
		}
		dp_run(dp, &d.at, f, DROPPED);
		expect_reason(dp, SLUICE_R_UNDEFINED_PORT, 1, packet_ip_len(&p));
	}
}

Test(address, echo_without_a_backend_is_unreachable)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		const struct icmp_error port4 = { .type = 3, .code = 3 };
		const struct icmp_error port6 = { .type = 1, .code = 4 };
		struct door d = door_of(dp);
		struct service web = given_web(dp, NULL);
		struct packet p = ping(dp, &d, &cluster_ip);
		struct frame about = frame_echo(&p, false);

		d.at.answered = true;
		p.proto = dp->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		expect_frame(dp, dp_run(dp, &d.at, about, SENT_BACK),
			     frame_icmp(&p, &about, dp->v6 ? &port6 : &port4));
		cr_expect_eq(dp_service_drops(dp, web.row, SLUICE_R_NO_BACKEND), 1, "%s", dp->label);
	}
}

/* Off: a cluster address refuses it like any other port, a VIP is left alone. */
Test(address, echo_can_be_switched_off)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct sluice_settings s = dp_settings(dp);
		struct door d = door_of(dp);
		struct service web = given_web(dp, &pod_remote);
		struct packet p = ping(dp, &d, &vip);
		struct frame f = frame_echo(&p, false);

		s.flags &= ~SLUICE_SET_ECHO;
		dp_set_settings(dp, &s);
		given_address(dp, &web, &vip, SLUICE_FE_LOAD_BALANCER);
		given_address(dp, &web, &cluster_ip, SLUICE_FE_CLUSTER_IP);
		expect_frame(dp, dp_run(dp, &d.at, f, PASSED), f);
		p = ping(dp, &d, &cluster_ip);
		d.at.answered = true;
		dp_run(dp, &d.at, frame_echo(&p, false), SENT_BACK);
		cr_expect_eq(dp_reason(dp, SLUICE_R_ECHO).packets, 0, "%s", dp->label);
		cr_expect_eq(dp_reason(dp, SLUICE_R_UNDEFINED_PORT).packets, 1, "%s", dp->label);
	}
}

Test(address, echo_is_rate_limited)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct sluice_settings s = dp_settings(dp);
		struct door d = door_of(dp);
		struct packet p = ping(dp, &d, &cluster_ip);

		s.reject_per_sec = 0;
		dp_set_settings(dp, &s);
		given_web(dp, &pod_remote);
		dp_run(dp, &d.at, frame_echo(&p, false), DROPPED);
		cr_expect_eq(dp_reason(dp, SLUICE_R_REJECT_LIMIT).packets, 1, "%s", dp->label);
	}
}

/* Who pings must not take the answers away that connections wait for. */
Test(address, echo_does_not_use_up_other_answers)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		struct sluice_settings s = dp_settings(dp);
		struct door d = door_of(dp);
		struct packet p = ping(dp, &d, &cluster_ip);
		struct packet in = dial(dp, &d, &cluster_ip, 81);
		struct frame f = frame_echo(&p, false);
		__u32 action;

		s.reject_per_sec = 3;
		dp_set_settings(dp, &s);
		given_web(dp, &pod_remote);
		/* However many seconds and CPUs they are spread over. */
		for (int i = 0; i < 10000 && !dp_reason(dp, SLUICE_R_REJECT_LIMIT).packets; i++) {
			struct frame out = f;

			cr_assert_eq(dp_try(dp, &d.at, &out, &action), 0);
		}
		cr_expect_gt(dp_reason(dp, SLUICE_R_REJECT_LIMIT).packets, 0, "%s", dp->label);
		d.at.answered = true;
		dp_run(dp, &d.at, frame_build(&in), SENT_BACK);
	}
}

/* Neighbours speak ICMPv6 too, and nobody answers an address that is nobody's. */
Test(address, neighbour_discovery_and_odd_sources_pass)
{
	for (struct dp *dp = NULL; dp_each(&dp, DOORS | ONLY_UDP, 0);) {
		const __u8 solicitation = 135;
		struct door d = door_of(dp);
		struct packet p = ping(dp, &d, &cluster_ip);
		struct frame f;

		given_web(dp, &pod_remote);
		if (dp->v6) {
			f = frame_echo(&p, false);
			frame_poke(&f, packet_l4_off(&p), &solicitation, 1);
			dp_run(dp, &d.at, f, PASSED);
			p.src = (struct sluice_addr){ { __builtin_bswap32(0xff020000) } };
		} else {
			static const __u32 odd[] = { 0x7f000001, 0xe0000001, 0x00000001 };

			for (int i = 0; i < 3; i++) {
				p.src.ip6[3] = htonl(odd[i]);
				f = frame_echo(&p, false);
				expect_frame(dp, dp_run(dp, &d.at, f, PASSED), f);
			}
			p.src.ip6[3] = htonl(0xffffffff);
		}
		f = frame_echo(&p, false);
		expect_frame(dp, dp_run(dp, &d.at, f, PASSED), f);
	}
}
