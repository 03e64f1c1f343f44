/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The cluster's settings as the store has them. */
#pragma once

#include "cluster/cluster.h"
#include "store/store.h"

/* The defaults, and over them what was set. */
int settings_load(struct store *store, struct cluster_config *ret, struct err *reterr);

/* One of them, to be loaded from now on. In a transaction. */
int settings_save(struct store *store, const struct cluster_config *cfg,
		  enum cluster_setting which, struct err *reterr);
