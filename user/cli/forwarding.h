/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * IP forwarding: off, it is the first thing that keeps packets from pods and other nodes.
 */
#pragma once

#include "datapath/datapath.h"

/*
 * A warning for each family that this host has addresses of and does not forward from one of
 * the devices. @dp may be NULL.
 */
void forwarding_warn(const text_vec *devices, struct datapath *dp);
