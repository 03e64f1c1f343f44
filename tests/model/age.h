/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Moves the times in the tables, instead of waiting. */
#pragma once

#include "support/dp.h"

/* All that is known of connections was seen @sec earlier. */
void age_all(const struct dp *dp, __u32 sec);

/* As if the last @ms milliseconds had not passed. */
void age_hold(const struct dp *dp, __u32 ms);
