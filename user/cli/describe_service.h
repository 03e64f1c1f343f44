/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A Service as `kubectl describe` shows it, with its endpoints. */
#pragma once

#include <stdio.h>

#include "cluster/slices.h"

/* 0 or -ENOMEM. */
int describe_service(FILE *out, const struct object *service, const struct slices *slices);
