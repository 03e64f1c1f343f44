/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libFuzzer: any bytes as an ICMP or ICMPv6 message, through bpf/quote.h.
 *
 *	make fuzz-quote FUZZ_SECONDS=60
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/quote_check.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

/* The first byte says which family. */
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	const char *wrong;
	bool ours;

	if (size < 1 || size - 1 > QUOTE_MAX)
		return 0;
	wrong = quote_check(data + 1, (__u32)size - 1, data[0] & 1, &ours);
	if (wrong) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	return 0;
}
