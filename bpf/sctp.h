/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * SCTP (RFC 9260) differs from the others in its checksum, which covers no addresses but all of the
 * packet; and nobody expects millions of packets a second of it: the front leaves it to the slow
 * half. Its chunks are not looked at. Addresses that an endpoint lists for multihoming stay as they
 * are: a Service has one.
 */
#pragma once

#include "bpf/crc32c.h"
#include "bpf/flow.h"

/* Large for inlining, and without a branch to multiply. */
__noinline __u32 sluice_sctp_delta(__u32 diff, __u32 len)
{
	return crc32c_ports_delta(diff, len);
}

/*
 * A checksum of 0 is one that a local sender left for the device to make, over whatever is in the
 * packet then. (A real one is 0 once in 2^32, and that packet is sent again by its sender.)
 */
static __always_inline enum sluice_reason sctp_rewrite(hook_ctx *ctx, const struct pkt *p,
							const union flow_value *f, bool v6)
{
	struct sctp_header h;
	__u32 ports, diff;

	if (hook_load(ctx, p->l4_off, &h, sizeof(h)))
		return SLUICE_R_NOT_SENT;
	ports = load32(&f->f.sport);
	diff = ports ^ load32(&h.source);
	if (diff && h.checksum)
		h.checksum ^= sluice_sctp_delta(diff, p->ip_len + ETH_HLEN - p->l4_off);
	store32(&h.source, ports);
	if (hook_store(ctx, p->l4_off, &h, sizeof(h)))
		return SLUICE_R_NOT_SENT;
	return hook_rewrite_ip(ctx, p, f, v6);
}

/*
 * Whether @f changes a port of the fragment @p: then its checksum, which is in the first fragment and
 * covers all of them, changes by an amount that hangs on how many bytes are behind the ports
 * (crc32c.h), and that only the last fragment tells. Addresses it does not cover.
 */
static __always_inline bool sctp_fragment_is_lost(const struct pkt *p, const union flow_value *f,
						  bool v6)
{
	__u32 ports = v6 ? load32(&p->key.v6.sport) : load32(&p->key.v4.sport);

	return p->fragment && p->proto == IPPROTO_SCTP && ports != load32(&f->f.sport);
}

/* Any protocol's packet becomes what its flow says. */
static __always_inline enum sluice_reason packet_rewrite(hook_ctx *ctx, const struct pkt *p,
							  const union flow_value *f, bool v6)
{
	if (p->proto == IPPROTO_SCTP)
		return sctp_rewrite(ctx, p, f, v6);
	return hook_rewrite(ctx, p, f, v6);
}
