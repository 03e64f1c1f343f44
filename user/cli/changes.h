/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What apply and delete say about each object, in kubectl's words.
 */
#pragma once

#include <stdio.h>

#include "cluster/cluster.h"

/* "service/web created", "endpointslice.discovery.k8s.io/web-1 unchanged (dry run)" */
void changes_print_applied(FILE *out, const cluster_change_vec *changes, bool dry_run);

/* "service/web pruned" */
void changes_print_pruned(FILE *out, const cluster_change_vec *changes, bool dry_run);

/* `service "web" deleted` */
void changes_print_deleted(FILE *out, const cluster_change_vec *changes, bool dry_run);
