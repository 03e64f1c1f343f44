/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Makes a case that fails smaller: fewer events, fewer Services, plainer packets. */
#pragma once

#include "model/play.h"

/* @c still fails afterwards. */
void case_shrink(struct play *p, struct model_case *c);
