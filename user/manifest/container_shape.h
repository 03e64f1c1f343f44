/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The containers of a Pod, which stand in four lists of it: containers and initContainers, of
 * which only sidecars are kept, and the statuses of either. @at is a struct pod; containers come
 * before sidecars, and both before statuses.
 */
#pragma once

#include "manifest/decode.h"
#include "manifest/json_out.h"

int containers_decode(struct decoder *d, const struct doc_node *n, void *at);
void containers_encode(const void *at, struct json_out *j);
int sidecars_decode(struct decoder *d, const struct doc_node *n, void *at);
void sidecars_encode(const void *at, struct json_out *j);
int container_statuses_decode(struct decoder *d, const struct doc_node *n, void *at);
void container_statuses_encode(const void *at, struct json_out *j);
int sidecar_statuses_decode(struct decoder *d, const struct doc_node *n, void *at);
void sidecar_statuses_encode(const void *at, struct json_out *j);
