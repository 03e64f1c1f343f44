/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* EndpointSlices found by their Service, those of headless Services too. */
#pragma once

#include "model/snapshot.h"

struct slices {
	object_vec sorted;	/* borrowed; by namespace, Service, name */
};

/* 0 or -ENOMEM. */
int slices_init(struct slices *s, const struct snapshot *snap);
void slices_done(struct slices *s);
DEFINE_OWN_DONE(struct slices, slices_done)

/* The run of slices of one Service: *ret_n of them, from the returned address. */
struct object **slices_find(const struct slices *s, const struct object *service, size_t *ret_n);
