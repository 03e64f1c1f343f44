/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once

#include "cluster/cluster.h"

/* Appends one; 0 or -ENOMEM. */
int changes_add(cluster_change_vec *changes, const struct object *o, enum change change);

/* Appends all of @from to @to and empties @from. -ENOMEM: nothing changed. */
int changes_move(cluster_change_vec *to, cluster_change_vec *from);
