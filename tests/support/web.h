/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The Service of most tests: a node port, its only endpoint on another node, and a client on the
 * wire, so that XDP and tc can do all of it.
 */
#pragma once

#include "support/given.h"
#include "support/talk.h"

#define WEB_DIALLED AT(node, 30080)

struct service given_web(struct dp *dp);

/* The client at this port of its own talks to it. */
struct talk web_talk(__u16 port);

/* The request @p from the wire goes to @backend now; returns the source port that it has there. */
__u16 expect_goes_to(struct dp *dp, struct packet p, const struct host *backend);
