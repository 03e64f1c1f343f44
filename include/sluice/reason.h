/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Why the datapath stopped with a packet, or let it go. One list makes the
 * enum, the labels of `sluice stats`, and the manual.
 */
#pragma once

#include "sluice/types.h"

/* What becomes of the packet; the entry turns it into the hook's action. */
enum sluice_verdict {
	SLUICE_V_PASS,		/* untouched, to the next hook or the stack */
	SLUICE_V_SENT,		/* rewritten and on its way */
	SLUICE_V_HOLD,		/* kept, to go on later */
	SLUICE_V_DROP,
	SLUICE_V_REJECT,	/* answered with RST or ICMP unreachable */
	SLUICE_V_ANSWER,	/* answered in the name of the service */
};

/* Append only: the position is the index of the counter. */
#define SLUICE_REASONS(X)                                                                        \
	X(OK, SENT, "ok", "translated and sent on")                                              \
	X(NOT_OURS, PASS, "notOurs", "neither a service nor a known flow; the stack's job")      \
	X(LATER, PASS, "later", "left whole to the next hook")                                   \
	X(TRUNCATED, DROP, "truncated", "a header runs past the end of the packet")              \
	X(MALFORMED, DROP, "malformed", "a header contradicts itself or the packet's length")    \
	X(NO_BACKEND, REJECT, "noBackend", "no usable endpoint anywhere")                        \
	X(NO_LOCAL, DROP, "noLocalBackend", "a Local policy and no usable endpoint on this node") \
	X(NO_FLOW, REJECT, "noFlow", "middle of a TCP connection that is not known here")        \
	X(NO_PORT, DROP, "noSnatPort", "no free source port towards this backend")               \
	X(TABLE_FULL, DROP, "flowTableFull", "no room for another flow")                         \
	X(NO_ROUTE, DROP, "noRoute",                                                             \
	  "no route to the backend or back to the client, or IP forwarding is off")              \
	X(TOO_BIG, REJECT, "tooBig", "larger than the way out allows")                           \
	X(NOT_SENT, DROP, "notSent", "the kernel refused to change or send the packet")          \
	X(REJECT_LIMIT, DROP, "rejectLimited", "an answer was due but answers are rate limited") \
	X(FRAGMENT, PASS, "fragment", "a fragment before its first that cannot be kept")         \
	X(FILTERED, DROP, "sourceRange", "client outside loadBalancerSourceRanges")              \
	X(TTL, REJECT, "ttlExpired", "hop limit used up on the way to the backend")              \
	X(GONE, REJECT, "endpointGone",                                                          \
	  "connection to an endpoint that is gone, of a Service that wants it reset")            \
	X(HELD, HOLD, "held", "a fragment before its first, kept until that comes")              \
	X(UNDEFINED_PORT, REJECT, "undefinedPort",                                               \
	  "a cluster address in use, at a port or protocol that its Service has not")            \
	X(UNALLOCATED, DROP, "unallocated", "an address of the service range that no Service has") \
	X(ECHO, ANSWER, "echo", "an echo request to an address of a Service, answered")            \
	X(SCTP_FRAGMENT, DROP, "sctpFragment",                                                   \
	  "fragments of SCTP without an association, or whose ports would have to change")       \
	X(FRAGMENT_LOST, DROP, "fragmentLost",                                                   \
	  "a fragment that was held, and its first did not go on in time, or others needed the room") \
	X(AFFINITY, SENT, "affinity",                                                            \
	  "a new connection that went where its client's last one did; counted by service only")

enum sluice_reason {
#define X(id, verdict, label, doc) SLUICE_R_##id,
	SLUICE_REASONS(X)
#undef X
	SLUICE_R_COUNT,
};
