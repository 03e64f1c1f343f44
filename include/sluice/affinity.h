/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Session affinity (ClientIP): the backend that a client of a service was given, for its next
 * connections. bpf/affinity.h says when it is looked up, written and believed.
 */
#pragma once

#include "sluice/types.h"

/* The service row is a service port in one family: whatever frontend of it the client dials. */
struct sluice_affinity_key {
	struct sluice_addr client;	/* as it dials us, before any SNAT of ours */
	__u32 service;			/* row of sluice_services */
};
_Static_assert(sizeof(struct sluice_affinity_key) == 20, "sluice_affinity_key is pinned ABI");

struct sluice_affinity {
	__u32 slot;		/* backend slot; */
	__u32 slot_gen;		/* another one there now: the endpoint left */
	__u64 seen;		/* jiffies of the client's last new connection */
	__u32 turn;		/* what its choice hangs on beside its address: another one each
				 * time that the timeout ran out; 0 at first */
	__u32 zero;
};
_Static_assert(sizeof(struct sluice_affinity) == 24, "sluice_affinity is pinned ABI");
