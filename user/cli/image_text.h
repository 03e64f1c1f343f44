/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the maps of this node hold, one line for each frontend and backend. */
#pragma once

#include <stdio.h>

#include "plan/image.h"

/*
 *	frontend default/web:http TCP 10.96.0.80:80 cluster-ip Cluster
 *	backend default/web:http TCP 10.244.1.10:8080 cluster,local node n1
 * sorted by namespace, name, port and family, so that two such texts can be compared.
 * 0 or -ENOMEM.
 */
int image_text_print(FILE *out, const struct image *image);
