/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once

#include "datapath/handle.h"

/*
 * Where our program is on lo, node ports at 127.0.0.1 need a setting of lo (sysctl.h): set, or put
 * back if @wanted is false.
 */
int loopback_renew(struct datapath *dp, bool wanted, struct err *reterr);
