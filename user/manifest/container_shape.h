/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The containers of a Pod, which stand in four lists of it: containers and initContainers, of
 * which only sidecars are kept, and the statuses of either. @at is a struct pod; containers come
 * before sidecars, and both before statuses.
 */
#pragma once

#include "manifest/decode.h"

int containers_decode(struct decoder *d, const struct doc_node *n, void *at);
int containers_encode(const void *at, json_t *map);
int sidecars_decode(struct decoder *d, const struct doc_node *n, void *at);
int sidecars_encode(const void *at, json_t *map);
int container_statuses_decode(struct decoder *d, const struct doc_node *n, void *at);
int container_statuses_encode(const void *at, json_t *map);
int sidecar_statuses_decode(struct decoder *d, const struct doc_node *n, void *at);
int sidecar_statuses_encode(const void *at, json_t *map);
