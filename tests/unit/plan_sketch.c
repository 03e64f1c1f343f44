/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "unit/plan_sketch.h"

#include <criterion/criterion.h>

#include <stdio.h>

static struct addr numbered(enum family family, unsigned int net, unsigned int nth)
{
	char text[64];
	struct addr a;

	snprintf(text, sizeof(text), family == FAMILY_V6 ? "fd00:%u::%x" : "10.%u.0.%u", net, nth);
	cr_assert_eq(addr_parse(text, &a), 0, "%s", text);
	return a;
}

struct image_service *sketch_service(struct image *img, unsigned int nth)
{
	static char names[64][8];
	struct image_service s = { .namespace = "ns", .port_name = "p", .protocol = PROTO_TCP,
				   .port = 80 };

	cr_assert_lt(nth, 64);
	snprintf(names[nth], sizeof(names[nth]), "svc-%u", nth);
	s.name = names[nth];
	s.family = nth % 4 == 3 ? FAMILY_V6 : FAMILY_V4;
	s.flags = s.family == FAMILY_V6 ? SLUICE_SVC_IPV6 : 0;
	image_service_id(&s);
	cr_assert_eq(vec_push(&img->services, s), 0);
	return &img->services.at[img->services.n - 1];
}

struct addr sketch_backend_addr(const struct image_service *s, unsigned int nth)
{
	return numbered(s->family, 1, nth);
}

void sketch_backend(struct image_service *s, unsigned int nth, unsigned int sketch_flags)
{
	struct image_backend b = {
		.addr = sketch_backend_addr(s, nth),
		.port = 8080,
		.host = sketch_flags & SKETCH_HOST,
		.in_cluster = sketch_flags & SKETCH_CLUSTER,
		.in_local = sketch_flags & SKETCH_LOCAL,
	};

	s->flags |= SLUICE_SVC_HAS_ANY;
	cr_assert_eq(vec_push(&s->backends, b), 0);
}

void sketch_frontend(struct image_service *s, unsigned int nth, enum sluice_frontend_kind kind)
{
	struct image_frontend f = { numbered(s->family, 96, nth), 80, kind };

	cr_assert_eq(vec_push(&s->frontends, f), 0);
}

void sketch_address(struct image_service *s, unsigned int nth, enum sluice_frontend_kind kind)
{
	struct image_frontend f = { numbered(s->family, 96, nth), 0, kind };

	cr_assert_eq(vec_push(&s->addrs, f), 0);
}

void sketch_range(struct image_service *s, unsigned int nth)
{
	struct cidr range = { numbered(s->family, nth, 0), s->family == FAMILY_V6 ? 32 : 16 };

	s->flags |= SLUICE_SVC_RANGES;
	cr_assert_eq(vec_push(&s->ranges, range), 0);
}

void sketch_affinity(struct image_service *s, uint32_t sec)
{
	s->flags |= SLUICE_SVC_AFFINITY;
	s->affinity_sec = sec;
}

static int service_order(const void *a, const void *b)
{
	const struct image_service *x = a, *y = b;

	if (x->id[0] != y->id[0])
		return x->id[0] < y->id[0] ? -1 : 1;
	return (x->id[1] > y->id[1]) - (x->id[1] < y->id[1]);
}

static int backend_order(const void *a, const void *b)
{
	const struct image_backend *x = a, *y = b;

	return addr_cmp(&x->addr, &y->addr);
}

static int range_order(const void *a, const void *b)
{
	const struct cidr *x = a, *y = b;

	return addr_cmp(&x->base, &y->base);
}

static int frontend_order(const void *a, const void *b)
{
	const struct image_frontend *x = a, *y = b;

	return addr_cmp(&x->addr, &y->addr);
}

void sketch_sort(struct image *img)
{
	vec_each(s, &img->services) {
		if (s->backends.n)
			qsort(s->backends.at, s->backends.n, sizeof(*s->backends.at),
			      backend_order);
		if (s->ranges.n)
			qsort(s->ranges.at, s->ranges.n, sizeof(*s->ranges.at), range_order);
		if (s->frontends.n)
			qsort(s->frontends.at, s->frontends.n, sizeof(*s->frontends.at),
			      frontend_order);
	}
	if (img->services.n)
		qsort(img->services.at, img->services.n, sizeof(*img->services.at),
		      service_order);
}
