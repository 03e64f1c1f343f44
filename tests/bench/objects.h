/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The real objects, as skeletons. */
#pragma once

#include <linux/types.h>

/* Before the skeletons, which use struct sluice_dev_config. */
#include "sluice/settings.h"

#include "tc.skel.h"
#include "xdp.skel.h"
