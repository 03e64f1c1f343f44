/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The names in a directory, read at once: so that what is done with them may remove them.
 */
#pragma once

#include "base/own.h"
#include "base/vec.h"

typedef VEC(char *) dir_names;

void dir_names_done(dir_names *names);
DEFINE_OWN_DONE(dir_names, dir_names_done)

/* Without "." and "..", sorted. 0 or -errno. */
int dir_read(const char *path, dir_names *ret);
