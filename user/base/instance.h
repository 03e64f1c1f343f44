/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names of instances. They become parts of paths, so: letters, digits, '.', '_' and '-', the
 * first a letter or digit.
 */
#pragma once

#include <stdbool.h>

#define INSTANCE_MAX 32

bool instance_is_valid(const char *name);
