/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Comparing whole frames and whole counters. Each macro says in its message which case of the
 * walk failed, and where in the test.
 */
#pragma once

#include "support/given.h"
#include "support/talk.h"

/* The frame is exactly the struct packet @want on the wire. */
#define expect_packet(dp, got, want)                                                        \
	do {                                                                                \
		struct packet want_ = (want);                                               \
											    \
		expect_frame(dp, got, frame_build(&want_));                                 \
	} while (0)
#define expect_frame(dp, got, want) expect_frame_at(dp, got, want, __FILE__, __LINE__)
void expect_frame_at(const struct dp *dp, struct frame got, struct frame want,
		     const char *file, int line);

/* A slot's counters, all of them: expect_slot(dp, slot, .packets_in = 1, ...). */
#define expect_slot(dp, slot, ...)                                                          \
	expect_slot_at(dp, slot, (struct sluice_slot_count){ __VA_ARGS__ }, __FILE__, __LINE__)
void expect_slot_at(const struct dp *dp, __u32 slot, struct sluice_slot_count want,
		    const char *file, int line);

/* This reason was counted so often, with so many bytes, and no other at all. */
#define expect_reason(dp, why, packets, bytes)                                              \
	expect_reason_at(dp, why, packets, bytes, __FILE__, __LINE__)
void expect_reason_at(const struct dp *dp, enum sluice_reason why, __u64 packets, __u64 bytes,
		      const char *file, int line);
#define expect_no_reason(dp) expect_reason_at(dp, SLUICE_R_OK, 0, 0, __FILE__, __LINE__)

/* The flow of @p, as it is on the wire, is in the tables @where and goes to @dev by @send. */
#define expect_hop(dp, p, where, send, dev)                                                 \
	expect_hop_at(dp, p, where, send, dev, __FILE__, __LINE__)
void expect_hop_at(const struct dp *dp, const struct packet *p, int where,
		   enum sluice_send send, enum device dev, const char *file, int line);

#define expect_tables(dp, p, where) expect_tables_at(dp, p, where, __FILE__, __LINE__)
void expect_tables_at(const struct dp *dp, const struct packet *p, int where,
		      const char *file, int line);
