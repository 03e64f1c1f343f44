/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What random cases have found, as they print it (record.h), with a better name: configurations
 * that go the whole way from YAML, and packets.
 */
#include <linux/in.h>
#include <string.h>

#include <criterion/criterion.h>

#include "model/age.h"
#include "model/apply.h"
#include "support/expect.h"

#define WEB                                                                                 \
	"apiVersion: v1\nkind: Service\nmetadata:\n  name: s0\nspec:\n"                     \
	"  clusterIP: 10.96.0.10\n  ports: [ { port: 80 } ]\n"                             \
	"---\n"                                                                             \
	"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: s0-v4-0\n" \
	"  labels: { kubernetes.io/service-name: s0 }\n"                                    \
	"addressType: IPv4\nports: [ { name: \"\", port: 8080 } ]\n"

/* The maps are written twice during a handshake: its endpoint leaves, its slot is given away. */
Test(found, handshake_over_two_changes)
{
	struct dp *dp = model_dp_open();
	struct apply *apply = apply_open(dp);
	struct places places;
	struct frame in, out;
	struct packet p;

	dp_set_case(dp, HOOK_UPLINK_IN, false, IPPROTO_TCP);
	apply_yaml(apply, WEB "endpoints: [ { addresses: [ 10.244.2.10 ] } ]\n", &places);
	p = talk_open(dp, AT(pod_a, 40000), AT(node, 80));
	p.dst = config_cluster_ip(0, false);
	in = frame_build(&p);
	out = dp_on(dp, WORKLOAD_IN, LXC0, in, SENT_AWAY);
	cr_expect_eq(frame_u32(&out, FRAME_L3 + 16), __builtin_bswap32(pod_remote.ip[0].ip6[3]));
	p = talk_answer(dp, AT(pod_remote, 8080), AT(pod_a, 40000));
	in = frame_build(&p);
	dp_on(dp, UPLINK_IN, UP0, in, SENT_AWAY);

	apply_yaml(apply, WEB "endpoints: [ { addresses: [ 10.244.2.11 ] } ]\n", &places);
	apply_yaml(apply, WEB "endpoints: [ { addresses: [ 10.244.2.12 ] } ]\n", &places);
	p = talk_ack(dp, AT(pod_a, 40000), AT(node, 80));
	p.dst = config_cluster_ip(0, false);
	in = frame_build(&p);
	out = dp_run(dp, (&(struct arrival){ .hook = HOOK_WORKLOAD_IN, .dev = DEV_LXC0,
					     .answered = true }), in, SENT_AWAY);
	cr_expect(out.bytes[FRAME_L3 + 20 + 13] & RST);
	expect_reason(dp, SLUICE_R_NO_FLOW, 1, packet_ip_len(&p));
	cr_expect_eq(dp_flow_count(dp, IN_FLOWS), 0);
	apply_close(apply);
	dp_close(dp);
}
