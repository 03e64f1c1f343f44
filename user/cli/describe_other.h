/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * EndpointSlices, Endpoints, Pods and Nodes as `kubectl describe` shows them, with the fields that
 * are known here. 0 or -ENOMEM.
 */
#pragma once

#include <stdio.h>

#include "model/snapshot.h"

int describe_slice(FILE *out, const struct object *slice);
int describe_endpoints(FILE *out, const struct object *endpoints);
int describe_pod(FILE *out, const struct object *pod);
/* With the Pods that are on it. */
int describe_node(FILE *out, const struct object *node, const struct snapshot *snap);
