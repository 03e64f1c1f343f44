/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Numbers and times as a person reads them. Each returns @buf.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define FORMAT_MAX 32

/* "9999", "12.3k", "1.2M": powers of 1000, one decimal, rounded. */
const char *format_count(uint64_t n, char buf[static FORMAT_MAX]);

/* "512 B", "1.5 KiB", "12.3 MiB": powers of 1024, one decimal, rounded. */
const char *format_bytes(uint64_t n, char buf[static FORMAT_MAX]);

/* "45s", "5m3s", "3h", "2d4h", "400d": as kubectl's AGE. */
const char *format_duration(int64_t sec, char buf[static FORMAT_MAX]);

/* The age now of something made at @created; "<unknown>" for 0. */
const char *format_age(int64_t created, char buf[static FORMAT_MAX]);
