/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libFuzzer: any bytes as a frame, or as the linear part of a longer one, through bpf/parse.h.
 *
 *	make fuzz-parse FUZZ_SECONDS=60
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/parse_check.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

/* The first 3 bytes say how much more there is than the linear part. */
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	enum sluice_reason why;
	const char *wrong;
	__u32 more = 0;
	struct pkt p;

	if (size < 3 || size > 4096)
		return 0;
	memcpy(&more, data, 3);
	more = more & 0x800000 ? more & 0x1ffff : 0;
	wrong = parse_check(data + 3, (__u32)size - 3, (__u32)size - 3 + more, &p, &why);
	if (wrong) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	return 0;
}
