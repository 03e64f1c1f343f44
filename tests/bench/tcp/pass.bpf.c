// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Nothing, in XDP. On a veth that has its price: a packet of a socket is copied into a frame and
 * made a packet again, and the other end cuts large ones up first. On a NIC it has none.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}
