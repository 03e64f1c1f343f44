/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * One writer an instance: flock(2) on /run/sluice/INSTANCE.lock. The kernel releases it when
 * the holder dies.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

#define RUN_DIR "/run/sluice"

/* Waits up to @wait_ms for it: -EBUSY. The caller closes *@ret_fd to release it. */
int lock_take(const char *instance, unsigned int wait_ms, int *ret_fd, struct err *reterr);

/* Whether there is a lock file, taken or not. */
bool lock_exists(const char *instance);

/* Removes the file; only the holder may. Who waits for it takes the next one of the name. */
void lock_forget(const char *instance);
