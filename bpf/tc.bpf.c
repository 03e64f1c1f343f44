/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * tc on uplinks, workload devices and lo: complete, whatever XDP does. And the collector, which
 * needs a program to arm its timer.
 */
#include "bpf/hook_tc.h"
#include "bpf/fragment_hold.h"
#include "bpf/front.h"
#include "bpf/gc.h"
#include "bpf/icmp_error.h"
#include "sluice/tails.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * sluice_service_base   counters of slots that were given away, added up by service row, so
 *   that a service's totals never shrink. Writes and reads user only: it is declared here to be
 *   made with the others.
 */
MAP(sluice_service_base, ARRAY, __u32, struct sluice_slot_count, 1024, BPF_F_MMAPABLE);

#define VLAN_ID_MASK	0x0fff

/* Enough for Ethernet, IP with options or some extension headers, and TCP's fixed part. */
#define HEADERS_MAX	192

/*
 * Most drivers put all headers in the linear part; if not, pull them in, once, and walk again:
 * nothing has happened yet. Never the whole packet, which may be 64 KB of GSO data.
 */
static __always_inline enum sluice_reason walk_pulled(struct __sk_buff *skb, struct scratch *s)
{
	enum sluice_reason why = path_walk(skb, s);
	__u32 want = skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX;
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;

	if (likely(why != SLUICE_R_TRUNCATED) || end - data >= want)
		return why;
	return bpf_skb_pull_data(skb, want) ? why : path_walk(skb, s);
}

static __always_inline enum sluice_reason walk(struct __sk_buff *skb, struct scratch *s)
{
	enum sluice_reason why = walk_pulled(skb, s);

	if (why == SLUICE_R_NOT_OURS && pkt_is_icmp(&s->p) && !s->p.fragment)
		why = s->p.v6 ? sluice_icmp_error6(skb) : sluice_icmp_error4(skb);
	return path_address(skb, s, why);
}

/* What we made of a frame leaves without the tag that it came with. The redirect is yet to come. */
static __always_inline int untagged(struct __sk_buff *skb, int action)
{
	return unlikely(skb->vlan_present) && bpf_skb_vlan_pop(skb) ? TC_ACT_SHOT : action;
}

/* The one exit: the reason is counted and becomes an action. */
static __always_inline int finish(struct __sk_buff *skb, struct walk *w, const struct pkt *p,
				  enum sluice_reason why)
{
	if (likely(why == SLUICE_R_OK))
		return untagged(skb, w->action);
	if (why == SLUICE_R_TRUNCATED && !w->maybe)
		why = SLUICE_R_NOT_OURS;	/* too short for ports: the stack's to judge */
	path_count_drop(skb, w, p, why);
	if (reason_verdict(why) == SLUICE_V_PASS)
		return HOOK_GO_ON;
	return path_answer(skb, w, p, why) ? untagged(skb, w->action) : TC_ACT_SHOT;
}

/*
 * sluice_tails   the programs that others go on to: so they are proved and loaded once, not once
 *   an entry, which was four fifths of the time to attach. The loader puts them in.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLUICE_TAIL_COUNT);
	__type(key, __u32);
	__type(value, __u32);
} sluice_tails SEC(".maps");

/* Everything that the front does not take; the scratch says where the packet was met. */
SEC("tc")
int sluice_rest(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	enum sluice_reason why;

	if (!s)
		return HOOK_GO_ON;
	why = walk(skb, s);
	if (unlikely(why == PATH_LATER))
		bpf_tail_call(skb, &sluice_tails, SLUICE_TAIL_FRAGMENT);
	if (unlikely(why == PATH_RELEASE))
		bpf_tail_call(skb, &sluice_tails, SLUICE_TAIL_RELEASE);
	return finish(skb, &s->w, &s->p, why);
}

/* Later fragments; the scratch has them parsed. */
SEC("tc")
int sluice_fragment(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();

	return s ? finish(skb, &s->w, &s->p, fragment_later(skb, s)) : HOOK_GO_ON;
}

/* A first fragment for which others wait. This packet is used up. */
SEC("tc")
int sluice_release(struct __sk_buff *skb)
{
	struct scratch *s = scratch_get();
	enum sluice_reason why;

	if (!s)
		return TC_ACT_SHOT;
	why = fragment_release(skb, s);
	if (why)
		path_count_drop(skb, &s->w, &s->p, why);
	return TC_ACT_SHOT;
}

/*
 * A frame with a VLAN tag, which lies beside it, belongs to the device of that VLAN and not to this
 * one. But VLAN 0 is none: such a tag has only a priority (IEEE 802.1Q), and the stack takes the
 * frame as one without. If there is another tag behind it, the frame's type says so.
 */
static __always_inline bool tag_is_void(const struct __sk_buff *skb, enum origin from)
{
	return from != FROM_HOST && !(skb->vlan_tci & VLAN_ID_MASK);
}

static __always_inline int handle(struct __sk_buff *skb, enum origin from, bool lo)
{
	struct scratch *s;
	int action;

	if (unlikely(skb->vlan_present)) {
		/* The front would send it with its tag; and a frame that is not ours keeps it. */
		if (!tag_is_void(skb, from))
			return HOOK_GO_ON;
	} else {
		action = front(skb, from, lo);
		if (likely(action != FRONT_REST))
			return action;
	}
	s = scratch_get();
	if (!s)
		return HOOK_GO_ON;
	s->w = (struct walk){ .ifindex = hook_ifindex(skb), .from = from, .lo = lo };
	bpf_tail_call(skb, &sluice_tails, SLUICE_TAIL_REST);
	/* Not there: somebody removed the pin. What is not ours must not suffer for it. */
	return HOOK_GO_ON;
}

/* From the wire. Frames for others, which only a promiscuous device shows, are not ours. */
SEC("tc")
int sluice_uplink_in(struct __sk_buff *skb)
{
	if (skb->pkt_type != PACKET_HOST)
		return HOOK_GO_ON;
	return handle(skb, FROM_WIRE, false);
}

/*
 * To the wire: requests and answers of this host's processes. What was forwarded has an input
 * device; it was seen, and translated if need be, when it came in by that.
 */
SEC("tc")
int sluice_uplink_out(struct __sk_buff *skb)
{
	if (skb->ingress_ifindex)
		return HOOK_GO_ON;
	return handle(skb, FROM_HOST, false);
}

/*
 * From a pod: requests and answers. Whose MAC the frame is for does not matter, if it is one: on a
 * bridge port it is for the bridge's, or straight for the pod next door.
 */
SEC("tc")
int sluice_workload_in(struct __sk_buff *skb)
{
	__u32 type = skb->pkt_type;

	if (type - PACKET_BROADCAST <= PACKET_MULTICAST - PACKET_BROADCAST)
		return HOOK_GO_ON;
	return handle(skb, FROM_POD, false);
}

/* To a pod: answers of this host's sockets. */
SEC("tc")
int sluice_workload_out(struct __sk_buff *skb)
{
	if (skb->ingress_ifindex)
		return HOOK_GO_ON;
	return handle(skb, FROM_HOST, false);
}

/* This host to itself: its own node ports, and sockets that are backends. */
SEC("tc")
int sluice_lo_out(struct __sk_buff *skb)
{
	return handle(skb, FROM_HOST, true);
}

/* Run by the loader, once: arms the collector. */
SEC("tc")
int sluice_gc_start(struct __sk_buff *skb)
{
	return gc_start();
}

/* A whole cycle now, for tests and for who cannot wait; returns how many pairs it ended. */
SEC("tc")
int sluice_gc_run(struct __sk_buff *skb)
{
	const struct sluice_gc *gc = gc_get();

	held_sweep();
	return gc ? gc_run(gc->tokens4, gc->tokens6) : 0;
}
