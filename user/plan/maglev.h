/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Maglev consistent hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network
 * Load Balancer", NSDI 2016, section 3.4): a table in which every backend has an almost equal
 * share, and a change of one backend moves few others. Nodes with the same backends make the
 * same table.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The size of the table for @n backends: 0 for none, 1 for one, else the smallest prime of a
 * fixed ladder that is at least 32 * n, so that shares differ by 3 % at most; 65521 at most.
 */
uint16_t maglev_size(size_t n);

/*
 * Fills table[0..size) with numbers 0..n-1. @ids: a hash of each backend's address and port,
 * which alone decides its places. 0 or -ENOMEM.
 */
int maglev_fill(uint32_t *table, uint16_t size, const uint64_t *ids, size_t n);
