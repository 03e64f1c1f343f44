/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which network namespace this is. The number is unique among the living and given again
 * after one has died: two that differ are two, two that are equal may be two after all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* 0 if it cannot be found out. */
uint64_t netns_self(void);

/* Whether a process or a name (ip netns) holds it. */
bool netns_is_alive(uint64_t netns);

/*
 * -EXDEV and the way out: @instance is attached in @netns, which is not ours; -ESTALE if that is
 * gone. @alive: it is known not to be; else it is looked for.
 */
int netns_refuse(uint64_t netns, bool alive, const char *instance, struct err *reterr);
