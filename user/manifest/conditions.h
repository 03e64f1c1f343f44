/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* status.conditions, of which only the one called Ready matters here. */
#pragma once

#include "manifest/decode.h"
#include "manifest/json_out.h"

/* *@ret stays as it is if there is no such condition. */
int conditions_decode_ready(struct decoder *d, const struct doc_node *n, enum tristate *ret);

void conditions_encode_ready(struct json_out *j, bool ready);
