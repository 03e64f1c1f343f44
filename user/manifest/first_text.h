/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A pair of fields like podIP and podIPs: one list in the model, whose first element is
 * what the singular field says.
 */
#pragma once

#include "manifest/decode.h"

/* Comes after the list: moves the text of @n to its front, or puts it there. */
int first_text_decode(struct decoder *d, const struct doc_node *n, text_vec *list);
