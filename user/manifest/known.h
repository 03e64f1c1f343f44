/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which fields Kubernetes has, those that are not read included. */
#pragma once

#include "manifest/shape.h"

/* *@ret_below: the shape of a field that is not read, if it is to be looked through; or NULL. */
bool known_has(const struct shape *s, const char *key, const struct shape **ret_below);

/* The field that was meant by @key, or NULL. */
const char *known_nearest(const struct shape *s, const char *key);
