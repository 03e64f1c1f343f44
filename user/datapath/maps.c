/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "datapath/maps.h"

#include <string.h>

#include <bpf/bpf.h>

#include "datapath/pins.h"
#include "sluice/affinity.h"
#include "sluice/count.h"
#include "sluice/flow.h"
#include "sluice/fragment.h"
#include "sluice/half.h"
#include "sluice/service.h"
#include "sluice/settings.h"

/*
 * Default sizes: 100,000 endpoints, as many services, and room to replace some. Arrays and
 * preallocated hashes take their memory at once, so this is what an instance costs, 182 MB on
 * two CPUs, 8.4 MB more with each further CPU (the kernel's hash
 * element is 48 bytes + key + value, its bucket 16):
 *	flows4		262,144 × (64 + 64) + buckets	37.7 MB
 *	flows6		 65,536 × (88 + 88) + buckets	12.6 MB
 *	half4, half6	131,072 × 88, 32,768 × 136	16.0 MB
 *	gc4, gc6	163,840 × 16, 40,960 × 40	 4.3 MB
 *	frontends4/6	131,072 × 80, 65,536 × 96	16.8 MB
 *	services, base	131,072 × 64, twice		16.8 MB
 *	backends	131,072 × 32			 4.2 MB
 *	choices		10 M words of 4			41.9 MB
 *	affinity	 65,536 × (72 + 24) + buckets	 7.3 MB
 *	fragments, held	 16,384 × 200, 2,048 × 2,048	 7.5 MB
 *	slot counts	131,072 × 64 × CPUs		 8.4 MB a CPU
 * The counters of slots are what grows with the machine: hence 131,072 slots and no more. A slot
 * takes 32 to 63 words of choices (maglev_size()), 5.1 M for 10,000 services of 10 endpoints;
 * the rest is for local sets and for blocks that are being replaced.
 */
#define FLOWS4 262144u
#define FLOWS6 65536u
#define SERVICES 131072u
#define SLOTS 131072u
#define FRAGMENTS 16384u
#define CHOICE_WORDS (10u << 20)
#define CLIENTS 65536u	/* of services with session affinity, a row for each they use */
#define RANGES 65536u	/* takes memory as it fills: 64 bytes a range, and a fork */

#define SPEC(map, key, value, n)                                                           \
	{                                                                                  \
		.name = "sluice_" map, .key_size = (key), .value_size = (value),           \
		.entries = (n),                                                            \
	}

const struct map_spec map_specs[MAP_COUNT] = {
	[MAP_FRONTENDS4] = SPEC("frontends4", sizeof(struct sluice_frontend4_key),
				sizeof(struct sluice_frontend), 131072),
	[MAP_FRONTENDS6] = SPEC("frontends6", sizeof(struct sluice_frontend6_key),
				sizeof(struct sluice_frontend), 65536),
	[MAP_SERVICES] = SPEC("services", 4, sizeof(struct sluice_service), SERVICES),
	[MAP_BACKENDS] = SPEC("backends", 4, sizeof(struct sluice_backend), SLOTS),
	[MAP_CHOICES] = SPEC("choices", 4, sizeof(struct sluice_choices),
			     CHOICE_WORDS / SLUICE_CHOICES_PER_ROW),
	[MAP_FILTER] = SPEC("filter", 4, sizeof(struct sluice_filter), 1),
	[MAP_RANGES] = SPEC("ranges", sizeof(struct sluice_range_key),
			    sizeof(struct sluice_range), RANGES),
	[MAP_SETTINGS] = SPEC("settings", 4, sizeof(struct sluice_settings), 1),
	[MAP_DEVICES] = SPEC("devices", 4, sizeof(struct sluice_device), 4096),
	[MAP_NEIGHBOURS] = SPEC("neighbours", 4, sizeof(struct sluice_neighbour), 0),
	[MAP_FRAGMENTS] = SPEC("fragments", sizeof(struct sluice_fragment_key),
			       sizeof(struct sluice_fragment), FRAGMENTS),
	[MAP_HELD_TAGS] = SPEC("held_tags", 4, sizeof(struct sluice_held_bucket), 0),
	[MAP_HELD] = SPEC("held", 4, sizeof(struct sluice_held), 0),
	[MAP_FLOWS4] = SPEC("flows4", sizeof(struct sluice_flow4_key),
			    sizeof(struct sluice_flow4), FLOWS4),
	[MAP_FLOWS6] = SPEC("flows6", sizeof(struct sluice_flow6_key),
			    sizeof(struct sluice_flow6), FLOWS6),
	[MAP_HALF4] = SPEC("half4", 4, sizeof(struct sluice_half_bucket4), SLUICE_HALF_BUCKETS4),
	[MAP_HALF6] = SPEC("half6", 4, sizeof(struct sluice_half_bucket6), SLUICE_HALF_BUCKETS6),
	/* One token for two flow entries, and room for another quarter: see bpf/maps.h. */
	[MAP_GC] = SPEC("gc", 4, sizeof(struct sluice_gc), 1),
	[MAP_GC4] = SPEC("gc4", 0, sizeof(struct sluice_flow4_key), FLOWS4 / 8 * 5),
	[MAP_GC6] = SPEC("gc6", 0, sizeof(struct sluice_flow6_key), FLOWS6 / 8 * 5),
	[MAP_GC_TIMER] = SPEC("gc_timer", 4, 0, 0),
	[MAP_SLOT_COUNTS] = SPEC("slot_counts", 4, sizeof(struct sluice_slot_count), SLOTS),
	[MAP_REASONS] = SPEC("reasons", 4, sizeof(struct sluice_tally), 0),
	[MAP_DROPS] = SPEC("drops", sizeof(struct sluice_drop_key), sizeof(uint64_t), 16384),
	[MAP_SERVICE_BASE] = SPEC("service_base", 4, sizeof(struct sluice_slot_count), SERVICES),
	[MAP_TAILS] = SPEC("tails", 4, 4, 0),
	[MAP_AFFINITY] = SPEC("affinity", sizeof(struct sluice_affinity_key),
			      sizeof(struct sluice_affinity), CLIENTS),
};

void maps_init(struct maps *m)
{
	memset(m, 0, sizeof(*m));
	for (int i = 0; i < MAP_COUNT; i++)
		m->at[i].fd = -1;
}

void maps_close(struct maps *m)
{
	for (int i = 0; i < MAP_COUNT; i++)
		fd_close_at(&m->at[i].fd);
	maps_init(m);
}

static const struct map_spec *spec_find(const char *name)
{
	for (int i = 0; i < MAP_COUNT; i++)
		if (strcmp(map_specs[i].name, name) == 0)
			return &map_specs[i];
	return NULL;
}

int maps_size(struct bpf_object *obj, struct err *reterr)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const struct map_spec *spec = spec_find(bpf_map__name(map));
		int r;

		if (!spec || !spec->entries)
			continue;
		r = bpf_map__set_max_entries(map, spec->entries);
		if (r < 0)
			return err_sys(reterr, -r, "cannot size map %s", spec->name);
	}
	return 0;
}

int maps_pin(struct bpf_object *obj, const char *dir, struct err *reterr)
{
	char path[PIN_PATH_MAX];
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const char *name = bpf_map__name(map);

		/* Constants belong to one load of the program. */
		if (bpf_map__is_internal(map))
			continue;
		if (pin_path(path, dir, name) < 0)
			return err_set(reterr, ENAMETOOLONG, "path too long below %s", dir);
		if (bpf_obj_pin(bpf_map__fd(map), path) < 0)
			return err_sys(reterr, errno, "cannot pin %s", path);
	}
	return 0;
}

static int map_info(int fd, struct bpf_map_info *info)
{
	uint32_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &len) < 0 ? -errno : 0;
}

static int other_shape(const char *name, struct err *reterr)
{
	return err_set(reterr, EPROTO,
		       "pinned map %s has another shape than this version of sluice expects: "
		       "run sluice detach --all, then attach again", name);
}

static int map_reuse(struct bpf_map *map, const char *path, struct err *reterr)
{
	own(fd_close) int fd = bpf_obj_get(path);
	const char *name = bpf_map__name(map);
	struct bpf_map_info info;
	int r;

	if (fd < 0 && errno == ENOENT && !spec_find(name))
		return 0;	/* a program's own: nobody else looks at it */
	if (fd < 0)
		return err_sys(reterr, errno, "cannot open pinned map %s", path);
	r = map_info(fd, &info);
	if (r < 0)
		return err_sys(reterr, -r, "cannot look at pinned map %s", path);
	if (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	    info.value_size != bpf_map__value_size(map) ||
	    /* The programs know how many buckets there are. */
	    ((!strcmp(name, "sluice_half4") || !strcmp(name, "sluice_half6")) &&
	     info.max_entries != bpf_map__max_entries(map)))
		return other_shape(name, reterr);
	r = bpf_map__reuse_fd(map, fd);
	return r < 0 ? err_sys(reterr, -r, "cannot use pinned map %s", path) : 0;
}

int maps_reuse(struct bpf_object *obj, const char *dir, struct err *reterr)
{
	char path[PIN_PATH_MAX];
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		int r;

		if (bpf_map__is_internal(map))
			continue;
		if (pin_path(path, dir, bpf_map__name(map)) < 0)
			return err_set(reterr, ENAMETOOLONG, "path too long below %s", dir);
		r = map_reuse(map, path, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

static int map_open(struct map *m, const struct map_spec *spec, const char *path,
		    struct err *reterr)
{
	own(fd_close) int fd = bpf_obj_get(path);
	struct bpf_map_info info;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(reterr, errno, "cannot open %s", path);
	r = map_info(fd, &info);
	if (r < 0)
		return err_sys(reterr, -r, "cannot look at %s", path);
	if (info.key_size != spec->key_size ||
	    (spec->value_size && info.value_size != spec->value_size))
		return other_shape(spec->name, reterr);
	m->key_size = info.key_size;
	m->value_size = info.value_size;
	m->entries = info.max_entries;
	m->fd = fd;
	fd = -1;
	return 0;
}

int maps_open(struct maps *m, const char *dir, struct err *reterr)
{
	int cpus = libbpf_num_possible_cpus();
	char path[PIN_PATH_MAX];

	if (cpus <= 0)
		return err_sys(reterr, cpus ? -cpus : EINVAL, "cannot count CPUs");
	m->cpus = (uint32_t)cpus;
	for (int i = 0; i < MAP_COUNT; i++) {
		int r;

		if (pin_path(path, dir, map_specs[i].name) < 0)
			return err_set(reterr, ENAMETOOLONG, "path too long below %s", dir);
		r = map_open(&m->at[i], &map_specs[i], path, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

int maps_need(const struct maps *m, struct err *reterr)
{
	for (int i = 0; i < MAP_COUNT; i++)
		if (m->at[i].fd < 0)
			return err_set(reterr, ENOENT,
				       "pinned map %s is missing: run sluice detach --all, then "
				       "attach again", map_specs[i].name);
	return 0;
}
