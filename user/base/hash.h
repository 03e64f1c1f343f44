/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Hashing for tables and identities:
 * FNV-1a 64 (Fowler, Noll, Vo) with a final mix (Murmur3's fmix64). Not for
 * keys that an attacker chooses against a table.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define HASH_INIT 0xcbf29ce484222325ull

/* Continues @h over @n bytes. */
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n);

/* Over the text and its terminating 0, so that fields do not run together. */
uint64_t hash_text(uint64_t h, const char *text);

/* Spreads the bits; call once at the end. */
uint64_t hash_mix(uint64_t h);
