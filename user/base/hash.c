/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "base/hash.h"

#include <string.h>

uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;
	return h;
}

uint64_t hash_text(uint64_t h, const char *text)
{
	return hash_bytes(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

uint64_t hash_mix(uint64_t h)
{
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdull;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53ull;
	return h ^ (h >> 33);
}
