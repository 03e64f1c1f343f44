/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The maps by number, as the user side needs them: name, shape, default size. bpf/maps.h says
 * what a row of each means.
 */
#pragma once

#include <stdint.h>

#include <bpf/libbpf.h>

#include "base/err.h"
#include "base/own.h"

enum map_id {
	MAP_FRONTENDS4,
	MAP_FRONTENDS6,
	MAP_SERVICES,
	MAP_BACKENDS,
	MAP_CHOICES,
	MAP_FILTER,
	MAP_RANGES,
	MAP_SETTINGS,
	MAP_DEVICES,
	MAP_NEIGHBOURS,
	MAP_FRAGMENTS,
	MAP_HELD_TAGS,
	MAP_HELD,
	MAP_FLOWS4,
	MAP_FLOWS6,
	MAP_HALF4,
	MAP_HALF6,
	MAP_GC,
	MAP_GC4,
	MAP_GC6,
	MAP_GC_TIMER,
	MAP_SLOT_COUNTS,
	MAP_REASONS,
	MAP_DROPS,
	MAP_SERVICE_BASE,
	MAP_TAILS,
	MAP_AFFINITY,
	MAP_COUNT,
};

struct map_spec {
	const char *name;
	uint32_t key_size;
	uint32_t value_size;	/* 0: not looked at */
	uint32_t entries;	/* 0: as the program says */
};

extern const struct map_spec map_specs[MAP_COUNT];

struct map {
	int fd;			/* -1: not pinned */
	uint32_t key_size;
	uint32_t value_size;
	uint32_t entries;
};

struct maps {
	struct map at[MAP_COUNT];
	uint32_t cpus;		/* possible CPUs: rows of a per-CPU value */
};

/* All absent; never fails. */
void maps_init(struct maps *m);
void maps_close(struct maps *m);
DEFINE_OWN_DONE(struct maps, maps_close)

/* Gives the maps of @obj their sizes, before load. */
int maps_size(struct bpf_object *obj, struct err *reterr);

/* Pins every map of a loaded object below @dir. */
int maps_pin(struct bpf_object *obj, const char *dir, struct err *reterr);

/*
 * Makes an opened object use the maps pinned below @dir. -EPROTO if one of them has another
 * shape than the program expects.
 */
int maps_reuse(struct bpf_object *obj, const char *dir, struct err *reterr);

/* Opens what is pinned below @dir; absent ones stay -1, see maps_need(). */
int maps_open(struct maps *m, const char *dir, struct err *reterr);

/* -ENOENT with a hint if a map is absent. */
int maps_need(const struct maps *m, struct err *reterr);
