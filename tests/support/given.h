/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Services, written into the maps as user space would: backends and choices first, then the
 * service row, then the frontend.
 */
#pragma once

#include "support/dp.h"

#define GIVEN_BACKENDS 8

struct given {
	const struct host *at;		/* what the client dials; NULL: no frontend yet */
	__u16 port;
	enum sluice_frontend_kind kind;
	__u32 flags;			/* SLUICE_SVC_EXT_LOCAL, SLUICE_SVC_INT_LOCAL */
	const struct host *to[GIVEN_BACKENDS];	/* backends; the node is its own socket */
	__u16 to_port;			/* 8080 unless given */
	bool reset;			/* connections to backends that are gone */
	__u16 block;			/* size of the set's block: as many as backends, or more */
};

/* What came of it. */
struct service {
	__u32 row;
	__u32 slot;			/* of the first backend; the others follow */
	__u32 n;
};

#define given_service(dp, ...) given_service_put(dp, &(struct given){ __VA_ARGS__ })
struct service given_service_put(struct dp *dp, const struct given *g);

/* One more frontend for a service. */
void given_frontend(struct dp *dp, const struct service *s, const struct host *at, __u16 port,
		    enum sluice_frontend_kind kind);

/* The row of an address that @s speaks for. */
void given_address(struct dp *dp, const struct service *s, const struct host *at,
		   enum sluice_frontend_kind kind);

/* All that share @bits with @h, of the family's own, is for Services. */
void given_service_range(struct dp *dp, const struct host *h, __u8 bits);

/* Only clients that share @bits with @h, of the family's own, may dial the service's VIPs; and
 * those of further ranges. */
void given_range(struct dp *dp, const struct service *s, const struct host *h, __u8 bits);

/* New flows of a client stay with one backend for so long after the last one; 0: they do not. */
void given_affinity(struct dp *dp, const struct service *s, __u32 sec);

/* The cluster set is the @n slots in turn. */
void given_set(struct dp *dp, const struct service *s, const __u32 *slots, __u32 n);

/* Of the service's backends those in @mask are left: the others' generation goes up, if they had
 * not left before. */
void given_left(struct dp *dp, const struct service *s, unsigned mask);

/* The only endpoint left: its slot's generation goes up, and @to, in a new slot, is the set. */
void given_moved(struct dp *dp, struct service *s, const struct host *to);

/* The only endpoint left, and its slot was given to @to since: the only one now. */
void given_slot_to(struct dp *dp, const struct service *s, const struct host *to);
