/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Who wants which frontend. Services do not know each other, so two of them may want the same
 * address, port and protocol; one gets it.
 */
#pragma once

#include "plan/image.h"

struct claim {
	struct image_frontend frontend;
	enum protocol protocol;
	const struct meta *owner;	/* the Service */
	size_t service;			/* index into image->services */
};

typedef VEC(struct claim) claim_vec;

/*
 * Gives each frontend to one of those that claim it: the oldest Service (created, then
 * namespace/name); within a Service the cluster address before the external one before the
 * node port, as kube-proxy matches them. Sorts @claims. 0 or -ENOMEM.
 */
int claims_settle(claim_vec *claims, struct image *img, image_warn_fn *warn, void *warn_arg);
