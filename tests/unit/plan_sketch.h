/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Images drawn by hand: services, frontends and backends by number. */
#pragma once

#include "plan/image.h"

#define SKETCH_CLUSTER	0x1
#define SKETCH_LOCAL	0x2
#define SKETCH_HOST	0x4

/* Service "svc-<nth>", nth < 64. Valid until the next one is added. */
struct image_service *sketch_service(struct image *img, unsigned int nth);
/* 10.1.0.<nth>:8080, or an IPv6 address if the service is. */
void sketch_backend(struct image_service *s, unsigned int nth, unsigned int sketch_flags);
/* 10.96.0.<nth>:80. */
void sketch_frontend(struct image_service *s, unsigned int nth, enum sluice_frontend_kind kind);
/* 10.96.0.<nth> itself, which the service speaks for. */
void sketch_address(struct image_service *s, unsigned int nth, enum sluice_frontend_kind kind);
/* Source range 10.<nth>.0.0/16, or fd00:<nth>::/32. */
void sketch_range(struct image_service *s, unsigned int nth);
/* Session affinity for so long. */
void sketch_affinity(struct image_service *s, uint32_t sec);
/* Last: everything in the order that image.h promises. */
void sketch_sort(struct image *img);

struct addr sketch_backend_addr(const struct image_service *s, unsigned int nth);
