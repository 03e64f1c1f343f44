/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once

#include "model/object.h"

/*
 * Whether two objects mean the same: `apply` says "unchanged" and writes nothing. What the
 * store gives (uid, creation time) and where the object was read do not count.
 */
bool object_equal(const struct object *a, const struct object *b);
