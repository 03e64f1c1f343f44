/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the rest of cluster/ needs of struct cluster_config. */
#pragma once

#include "cluster/cluster.h"

/* Refuses ranges that cannot work. */
int cluster_config_check(const struct cluster_config *cfg, struct err *reterr);

/* 64 random bits. */
uint64_t cluster_random(const struct cluster_config *cfg);
