/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The endpoints that one Service has in one family, before they are put into slices: each a
 * pod, its address, and the number behind each port of the Service.
 */
#pragma once

#include "cluster/pod_index.h"

struct candidate {
	const struct pod *pod;
	struct addr addr;
	size_t ports;		/* where its numbers begin in candidates.numbers */
};

struct candidates {
	size_t n_ports;			/* of the Service */
	VEC(struct candidate) list;	/* sorted by numbers, address, pod name */
	VEC(uint16_t) numbers;		/* n_ports for each; 0: this pod has no such port */
};

void candidates_done(struct candidates *c);
DEFINE_OWN_DONE(struct candidates, candidates_done)

/* Replaces what is in *@ret. 0 or -ENOMEM. */
int candidates_find(struct candidates *ret, const struct service *s, enum family family,
		    const pod_vec *pods);

/* Its numbers, n_ports of them. */
const uint16_t *candidate_numbers(const struct candidates *c, size_t i);

/* Whether two of them go into the same slices: they have the same numbers. */
bool candidates_same(const struct candidates *c, size_t i, size_t j);
