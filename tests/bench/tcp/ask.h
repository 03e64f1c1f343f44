/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The client that asks and waits: @concurrency of them side by side in one epoll, each with one
 * request under way at a time.
 */
#pragma once

#include "bench/tcp/load.h"

/*
 * @close: each request has a connection of its own, which counts when the server has closed it;
 * else connections last. Latency is from connect() or the request to the answer's last byte.
 * NULL if there is no memory.
 */
json_t *ask(const struct load *l, bool close);
