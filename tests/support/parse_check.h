/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * bpf/parse.h and bpf/plain.h on the host, for unit tests and the fuzzer: parses bytes that end where the heap
 * block ends, so that ASan sees a read too far, and holds the facts against the bytes.
 */
#pragma once

#include "bpf/plain.h"

/*
 * Parses the first @linear bytes of a frame of @frame_len. NULL, or what is wrong with the
 * facts; they and the reason come back in @ret_pkt and @ret_why.
 */
const char *parse_check(const void *bytes, __u32 linear, __u32 frame_len, struct pkt *ret_pkt,
			enum sluice_reason *ret_why);
