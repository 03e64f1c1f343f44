/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* status.conditions, of which only the one called Ready matters here. */
#pragma once

#include <jansson.h>

#include "manifest/decode.h"

/* *@ret stays as it is if there is no such condition. */
int conditions_decode_ready(struct decoder *d, const struct doc_node *n, enum tristate *ret);

/* 0 or -ENOMEM. */
int conditions_encode_ready(json_t *map, bool ready);
