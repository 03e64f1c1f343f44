/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* One connection, as much as goes through. Bytes are what TCP says was acknowledged or received. */
#pragma once

#include "bench/tcp/load.h"

json_t *bulk(const struct load *l, bool upload);
