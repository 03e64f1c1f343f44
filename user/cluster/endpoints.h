/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What Kubernetes' EndpointSlice controller does, as a function of the snapshot alone: the
 * same objects always give the same slices, names included.
 */
#pragma once

#include "cluster/edit.h"

/* Brings the generated slices of @e's view up to date. 0 or -ENOMEM, then @e is as it was. */
int endpoints_sync(struct edit *e);
