/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The server: one process, one epoll. It says "ready" on standard output when it listens, and ends
 * with a signal or with who started it.
 */
#pragma once

#include <stdint.h>

/* At all addresses of both families. Does not return. */
void serve(uint16_t port) __attribute__((noreturn));
