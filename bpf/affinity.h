/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Session affinity: the new flows of a client go to the backend that its last ones went to. For
 * new flows only, and only at services with SLUICE_SVC_AFFINITY.
 *
 * Who has no row, or one that holds no more, is given a backend by a hash of its address, the
 * service's id and a turn, not of its ports. So nothing hangs on the row being there already: the
 * first connections of a client agree although they race each other on two CPUs, and so do nodes
 * that have the same endpoints; and a client whose row had to make room finds its backend again, as
 * long as the set is the same. A row that has expired begins another turn, named after the moment
 * at which it was last used: that is as good as random, and the same on every CPU. A row whose
 * endpoint is gone, or not in the set for this packet's policy, keeps its turn, so that a client
 * which dials by two policies in turn has one backend for each.
 *
 * TCP clients are recorded when their handshake proves that they exist: a flood of SYNs from made-up
 * addresses writes nothing here, and pushes nobody out. Until then the hash alone holds a client's
 * connections together. UDP has no proof to wait for (who only sends is to stick too), and is
 * recorded with the flow, as is SCTP; a flood of that may push rows out, which costs those clients their
 * backend only if the set changed since they came, or they were in a later turn.
 *
 * A row is believed as far as the backend's own flags go, which say what the published sets hold
 * (user/plan/layout.c has the order): never a slot that is in no set. (slot, gen) is never another
 * endpoint's, so a service row that was given away inherits nothing.
 */
#pragma once

#include "bpf/flow.h"
#include "bpf/service.h"
#include "sluice/affinity.h"

/*
 * sluice_affinity   see sluice/affinity.h
 *   writes  programs; rows are replaced whole, but for `seen`. Two CPUs: the later connection holds
 *   reads   programs; user counts them, for status
 *   lives   pinned; LRU: the client that was silent longest makes room
 */
MAP(sluice_affinity, LRU_HASH, struct sluice_affinity_key, struct sluice_affinity, 65536, 0);

/* The hooks' clocks are the same jiffies, but another CPU may have written a later one just now. */
static __always_inline bool affinity_is_over(const struct sluice_affinity *a,
					     const struct sluice_service *svc)
{
	__u64 seen = a->seen;

	return (__s64)(bpf_jiffies64() - seen) > (__s64)svc->affinity_sec * sluice_hz;
}

static __always_inline bool affinity_holds(const struct sluice_affinity *a, __u32 service,
					   bool local)
{
	const struct sluice_backend *b = bpf_map_lookup_elem(&sluice_backends, &a->slot);

	return b && b->gen == a->slot_gen && b->service == service &&
	       b->flags & (local ? SLUICE_BE_IN_LOCAL : SLUICE_BE_IN_CLUSTER);
}

static __always_inline __u32 affinity_hash(const struct sluice_addr *client,
					   const struct sluice_service *svc, __u32 turn)
{
	const struct sluice_settings *cfg = settings_get();
	__u32 h = hash3(client->ip6[0], client->ip6[1], cfg ? cfg->seed : 0);

	h = hash3(h ^ client->ip6[2], client->ip6[3], (__u32)svc->id[0]);
	return hash3(h, turn, (__u32)svc->id[1]);
}

/* The key of the client whose packet is in the scratch. */
static __always_inline void affinity_key(const struct scratch *s, __u32 service,
					 struct sluice_affinity_key *ret)
{
	pkt_source(&s->p, &ret->client);
	ret->service = service;
}

/*
 * The slot for a new flow of the packet in the scratch, or SLUICE_NONE if the set is empty. @local:
 * which set it uses.
 */
__noinline __u32 sluice_affinity_choose(__u32 service, __u32 local)
{
	const struct sluice_service *svc = bpf_map_lookup_elem(&sluice_services, &service);
	const struct scratch *s = scratch_get();
	const struct sluice_affinity *a;
	struct sluice_affinity_key k;
	__u32 turn = 0;

	if (!svc || !s)
		return SLUICE_NONE;
	affinity_key(s, service, &k);
	a = bpf_map_lookup_elem(&sluice_affinity, &k);
	if (a && affinity_is_over(a, svc)) {
		turn = a->seen;
	} else if (a) {
		if (affinity_holds(a, service, local))
			return a->slot;
		turn = a->turn;
	}
	return choose(service_set(svc, local), affinity_hash(&k.client, svc, turn));
}

/*
 * Records the flow in the scratch, whose packet is the client's, as the client's last connection.
 * Without success if the table cannot take it: then the hash must do.
 */
__noinline int sluice_affinity_note(void)
{
	const struct scratch *s = scratch_get();
	const struct sluice_backend *b;
	const struct sluice_service *svc;
	struct sluice_affinity now = {};
	struct sluice_affinity_key k;
	struct sluice_affinity *a;

	if (!s)
		return 0;
	now.slot = s->x.fwd.f.slot;
	now.slot_gen = s->x.fwd.f.slot_gen;
	b = bpf_map_lookup_elem(&sluice_backends, &now.slot);
	if (!b || b->gen != now.slot_gen)
		return 0;	/* left during the handshake: the row may be another service's */
	affinity_key(s, b->service, &k);
	svc = bpf_map_lookup_elem(&sluice_services, &k.service);
	if (!svc || !(svc->flags & SLUICE_SVC_AFFINITY))
		return 0;
	a = bpf_map_lookup_elem(&sluice_affinity, &k);
	if (a && affinity_is_over(a, svc)) {
		now.turn = a->seen;
	} else if (a) {
		now.turn = a->turn;
		if (a->slot == now.slot && a->slot_gen == now.slot_gen) {
			a->seen = bpf_jiffies64();
			count_service(k.service, SLUICE_R_AFFINITY, 1);
			return 0;
		}
	}
	now.seen = bpf_jiffies64();
	return bpf_map_update_elem(&sluice_affinity, &k, &now, BPF_ANY);
}
