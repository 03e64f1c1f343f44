/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Counting: what went through by backend slot, what did not by reason and service. */
#pragma once

#include "bpf/maps.h"

/* What one packet weighs: a GSO packet is as many packets as it will become. */
struct weight {
	__u32 packets;
	__u32 bytes;
};

static __always_inline void count_slot(__u32 slot, bool reply, struct weight w)
{
	struct sluice_slot_count *n = bpf_map_lookup_elem(&sluice_slot_counts, &slot);

	if (!n)
		return;
	if (reply) {
		n->packets_out += w.packets;
		n->bytes_out += w.bytes;
	} else {
		n->packets_in += w.packets;
		n->bytes_in += w.bytes;
	}
}

static __always_inline void count_opened(__u32 slot)
{
	struct sluice_slot_count *n = bpf_map_lookup_elem(&sluice_slot_counts, &slot);

	if (n)
		n->opened++;
}

/* The connection was closed by its ends; its entries stay a while for stray packets. */
static __always_inline void count_over(__u32 slot)
{
	struct sluice_slot_count *n = bpf_map_lookup_elem(&sluice_slot_counts, &slot);

	if (n)
		n->over++;
}

/* It was not, after all. */
static __always_inline void count_revived(__u32 slot)
{
	struct sluice_slot_count *n = bpf_map_lookup_elem(&sluice_slot_counts, &slot);

	if (n)
		n->over--;
}

static __always_inline void count_closed(__u32 slot, bool over)
{
	struct sluice_slot_count *n = bpf_map_lookup_elem(&sluice_slot_counts, &slot);

	if (n) {
		n->closed++;
		n->over -= over;
	}
}

static __always_inline void count_reason(enum sluice_reason why, struct weight w)
{
	__u32 row = why;
	struct sluice_tally *n = bpf_map_lookup_elem(&sluice_reasons, &row);

	if (n) {
		n->packets += w.packets;
		n->bytes += w.bytes;
	}
}

/* The same on the account of its service. */
static __always_inline void count_service(__u32 service, enum sluice_reason why, __u32 packets)
{
	struct sluice_drop_key key = { .service = service, .reason = why };
	__u64 *n = bpf_map_lookup_elem(&sluice_drops, &key);
	__u64 first = packets;

	if (n)
		*n += packets;
	else
		bpf_map_update_elem(&sluice_drops, &key, &first, BPF_NOEXIST);
}

/* The verdict that reason.h gives. An unknown reason passes: never lose a packet by a bug. */
static __always_inline enum sluice_verdict reason_verdict(enum sluice_reason why)
{
	static const __u8 verdicts[] = {
#define X(id, verdict, label, doc) SLUICE_V_##verdict,
		SLUICE_REASONS(X)
#undef X
	};

	return why < SLUICE_R_COUNT ? verdicts[why] : SLUICE_V_PASS;
}
