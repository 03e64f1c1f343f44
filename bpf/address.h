/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is neither of a flow nor for a frontend, but for an address of ours all the same: another
 * port or protocol of a cluster address, an address of the service range that nobody has, or an
 * echo request. None of it may go on: the default route would take it out of the node, and often
 * back again.
 *
 *	echo request		answered, if it is wanted and the service has a backend to use
 *	cluster address		rejected, whatever else it is
 *	service range		dropped
 *	VIP of a balancer	its other ports belong to others: passes
 *
 * Addresses that this host has itself are left to it: user space makes no row for them, and of the
 * range the kernel is asked. So is who asks from an address that nobody can be answered at.
 */
#pragma once

#include "bpf/icmp.h"
#include "bpf/send.h"
#include "bpf/source.h"

#define ICMP4_ECHO	8
#define ICMP4_ECHO_REPLY 0
#define ICMP6_ECHO	128
#define ICMP6_ECHO_REPLY 129
#define ICMP6_ND_FIRST	133	/* router solicitation */
#define ICMP6_ND_LAST	137	/* redirect */

static __always_inline bool address_in_range(const struct sluice_filter *f, const struct pkt *p)
{
	const __be32 *a = p->key.v6.dst;

	if (!p->v6)
		return sluice_net4_has(&f->range4, p->key.v4.dst);
	return sluice_net6_has(&f->range6, (__u64)a[1] << 32 | a[0], (__u64)a[3] << 32 | a[2]);
}

static __always_inline bool address_has_bit(const struct sluice_filter *f, const struct pkt *p)
{
	__be32 word = p->v6 ? p->key.v6.dst[3] : p->key.v4.dst;

	return filter_has(f, sluice_filter_bit(SLUICE_FILTER_ADDRESS, word, 0, 0));
}

static __always_inline bool address_may(const struct pkt *p)
{
	const struct sluice_filter *f = filter_get();

	return f && (address_has_bit(f, p) || address_in_range(f, p));
}

/* Whether sluice_address() could have an opinion; for what certainly is not ours this is all. */
static __always_inline bool address_ask(const struct pkt *p)
{
	return p->l4_off && address_may(p);
}

/* The row of the address that is dialled, or of the one that dials. */
static __always_inline const struct sluice_frontend *address_find(const struct pkt *p, bool source)
{
	if (p->v6) {
		const __be32 *a = source ? p->key.v6.src : p->key.v6.dst;
		struct sluice_frontend6_key k = { .addr = { a[0], a[1], a[2], a[3] } };

		return bpf_map_lookup_elem(&sluice_frontends6, &k);
	}
	struct sluice_frontend4_key k = { .addr = source ? p->key.v4.src : p->key.v4.dst };

	return bpf_map_lookup_elem(&sluice_frontends4, &k);
}

/* Nobody's: 0/8, 127/8, multicast and above; ::, ::1 and multicast. */
static __always_inline bool source_is_nobody(const struct pkt *p)
{
	const __be32 *a = p->key.v6.src;
	__u8 top;

	if (p->v6)
		return *(const __u8 *)a == 0xff ||
		       (!(a[0] | a[1] | a[2]) && (a[3] == 0 || a[3] == bpf_htonl(1)));
	top = bpf_ntohl(p->key.v4.src) >> 24;
	return !top || top == 127 || top >= 224;
}

/*
 * Whether the address of the service range is somebody's after all: this host's, a broadcast address,
 * or one that is reached without a gateway, on a link of the host. Who names a range that his own
 * network lies in must not cut himself off. Also where there is no way there: the kernel drops it.
 */
static __always_inline bool address_is_taken(hook_ctx *ctx, struct scratch *s)
{
	const struct pkt *p = &s->p;
	struct bpf_fib_lookup *fib = fib_begin(s, p->proto, p->v6);
	long rc;

	if (p->v6)
		fib_set_ends(fib, p->key.v6.src, p->key.v6.dst, true);
	else
		fib_set_ends(fib, &p->key.v4.src, &p->key.v4.dst, false);
	/* What the host sends is on its way out of the device of the hook. */
	rc = fib_ask(ctx, fib, s->w.from == FROM_HOST ? BPF_FIB_LOOKUP_OUTPUT : 0);
	if (!fib_has_way(rc))
		return rc < 0 || rc == BPF_FIB_LKUP_RET_NOT_FWDED ||
		       rc == BPF_FIB_LKUP_RET_FWD_DISABLED;
	/* A gateway takes the place of the destination. */
	if (!p->v6)
		return fib->ipv4_dst == p->key.v4.dst;
	return fib->ipv6_dst[0] == p->key.v6.dst[0] && fib->ipv6_dst[1] == p->key.v6.dst[1] &&
	       fib->ipv6_dst[2] == p->key.v6.dst[2] && fib->ipv6_dst[3] == p->key.v6.dst[3];
}

/* The ICMP type, or -1 where there is none. */
static __always_inline int icmp_type(hook_ctx *ctx, const struct pkt *p)
{
	__u8 type;

	if (!pkt_is_icmp(p) || p->ip_len + ETH_HLEN < p->l4_off + ICMP_HLEN ||
	    hook_load(ctx, p->l4_off, &type, sizeof(type)))
		return -1;
	return type;
}

/* Who asks whether the service lives: as a connection from there would fare. */
static __always_inline enum sluice_reason address_echo(const struct sluice_settings *cfg,
						       const struct scratch *s,
						       const struct sluice_service *svc,
						       __u32 row, __u8 kind)
{
	if (source_is_refused(svc, row, kind))
		return SLUICE_R_FILTERED;
	if (service_set(svc, service_uses_local(svc, kind, client_of(cfg, s->w.from, &s->p)))->size)
		return SLUICE_R_ECHO;
	return svc->flags & SLUICE_SVC_HAS_ANY ? SLUICE_R_NO_LOCAL : SLUICE_R_NO_BACKEND;
}

static __always_inline enum sluice_reason address_judge(hook_ctx *ctx, struct scratch *s)
{
	const struct sluice_settings *cfg = settings_get();
	const struct sluice_filter *filter = filter_get();
	const struct sluice_frontend *fe = address_find(&s->p, false);
	const struct sluice_service *svc = NULL;
	int type = icmp_type(ctx, &s->p);

	if (!cfg || !filter || s->w.lo || source_is_nobody(&s->p))
		return SLUICE_R_NOT_OURS;
	if (s->p.v6 && type >= ICMP6_ND_FIRST && type <= ICMP6_ND_LAST)
		return SLUICE_R_NOT_OURS;
	/* From an address of ours it would come back here, and of a later fragment nobody sees that
	 * it is an answer: it would go round for ever. */
	s->w.echo = type == (s->p.v6 ? ICMP6_ECHO : ICMP4_ECHO) && !address_find(&s->p, true);
	/* An error may be about a flow of ours: tc looks. */
	if (HOOK_IS_XDP && type >= 0 && !s->w.echo)
		return SLUICE_R_NOT_OURS;
	if (fe)
		svc = bpf_map_lookup_elem(&sluice_services, &fe->service);
	if (!svc || !(svc->flags & SLUICE_SVC_USED))
		return !address_in_range(filter, &s->p) || address_is_taken(ctx, s) ?
		       SLUICE_R_NOT_OURS : SLUICE_R_UNALLOCATED;
	if (s->w.echo && cfg->flags & SLUICE_SET_ECHO) {
		s->w.service = fe->service;
		return address_echo(cfg, s, svc, fe->service, fe->kind);
	}
	if (fe->kind != SLUICE_FE_CLUSTER_IP)
		return SLUICE_R_NOT_OURS;
	s->w.service = fe->service;
	return s->p.bad ?: SLUICE_R_UNDEFINED_PORT;
}

/* For a packet that is NOT_OURS so far, and address_ask() says yes. */
__noinline int sluice_address(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();

	return s ? address_judge(ctx, s) : SLUICE_R_NOT_OURS;
}

/* The four bytes before ICMP's identifier: another type, and the checksum that goes with it. */
static __always_inline long echo_turn(hook_ctx *ctx, const struct pkt *p)
{
	struct {
		__u8 type;
		__u8 code;
		__sum16 check;
	} h;
	__u16 was, is;

	if (hook_load(ctx, p->l4_off, &h, sizeof(h)))
		return -1;
	was = load16(&h);
	h.type = p->v6 ? ICMP6_ECHO_REPLY : ICMP4_ECHO_REPLY;
	is = load16(&h);
	h.check = csum_apply(h.check, (__u32)(__u16)~was + is);
	return hook_store(ctx, p->l4_off, &h, sizeof(h));
}

/*
 * Source and destination change places, which no checksum notices. A later fragment keeps its hop
 * limit: between two that turn it, it ends.
 */
static __always_inline long echo_turn4(hook_ctx *ctx, bool later)
{
	struct {
		__u8 pad[2];
		struct ethhdr eth;
		struct iphdr ip;
	} in, out;
	__u16 was, is;

	if (hook_load(ctx, 0, &in.eth, sizeof(in.eth) + sizeof(in.ip)))
		return -1;
	__builtin_memcpy(&out, &in, sizeof(out));
	answer_eth(&out.eth, &in.eth);
	out.ip.saddr = in.ip.daddr;
	out.ip.daddr = in.ip.saddr;
	was = load16(&in.ip.ttl);
	out.ip.ttl = later ? in.ip.ttl : 64;
	is = load16(&out.ip.ttl);
	out.ip.check = csum_apply(in.ip.check, (__u32)(__u16)~was + is);
	return hook_store(ctx, 0, &out.eth, sizeof(out.eth) + sizeof(out.ip));
}

static __always_inline long echo_turn6(hook_ctx *ctx, bool later)
{
	struct {
		__u8 pad[2];
		struct ethhdr eth;
		struct ipv6hdr ip;
	} in, out;

	if (hook_load(ctx, 0, &in.eth, sizeof(in.eth) + sizeof(in.ip)))
		return -1;
	__builtin_memcpy(&out, &in, sizeof(out));
	answer_eth(&out.eth, &in.eth);
	out.ip.saddr = in.ip.daddr;
	out.ip.daddr = in.ip.saddr;
	out.ip.hop_limit = later ? in.ip.hop_limit : 64;
	return hook_store(ctx, 0, &out.eth, sizeof(out.eth) + sizeof(out.ip));
}

/*
 * The echo request in the scratch becomes its reply, back where it came from. OK: it did. An
 * answer is due and allowed.
 */
__noinline int sluice_echo(hook_ctx *ctx)
{
	struct scratch *s = scratch_get();
	bool later;

	if (!s)
		return SLUICE_R_NOT_SENT;
	/* Later fragments have addresses to turn, and nothing else. */
	later = s->p.fragment == PKT_FRAGMENT_LATER;
	if (!later && echo_turn(ctx, &s->p))
		return SLUICE_R_NOT_SENT;
	if (s->p.v6 ? echo_turn6(ctx, later) : echo_turn4(ctx, later))
		return SLUICE_R_NOT_SENT;
	return hook_send_back(ctx, &s->w);
}
