/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* bpf/quote.h on the host, for unit tests and fuzzers. */
#pragma once

#include "bpf/quote.h"

/*
 * Parses the ICMP message @bytes of @len (at most QUOTE_MAX) and, if it quotes a packet, rewrites it
 * by an arbitrary flow and by that flow's inverse. NULL, or what does not hold: only bytes of the
 * message change, all of them are as before at the end, and a valid checksum stays valid.
 * @ret_ours: whether quote_parse() took it.
 */
const char *quote_check(const void *bytes, __u32 len, bool v6, bool *ret_ours);
