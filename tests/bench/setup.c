/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "bench/setup.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>

#include "bench/driver_run.h"
#include "bench/objects.h"
#include "sluice/count.h"
#include "sluice/service.h"
#include "sluice/tails.h"

#define SERVICE_FULL 1
#define SERVICE_EMPTY 2
#define CHOICES_BASE 128
#define MAX_CPUS 1024

const struct setup_spec setup_specs[N_SETUPS] = {
	[SETUP_NODE_PORT] = {
		.frontend = SLUICE_FE_NODE_PORT, .vip = LAB_NODE, .port = 30080,
		.clients = LAB_CLIENTS, .backends = LAB_REMOTE,
		.fwd = { "sluice_xdp", LAB_UP0 }, .rev = { "sluice_xdp", LAB_UP0 },
		.out = LAB_UP0, .via = 253,
	},
	[SETUP_REMOTE] = {
		.tc = true, .frontend = SLUICE_FE_CLUSTER_IP, .vip = 0x0a60000a, .port = 80,
		.clients = LAB_PODS0, .backends = LAB_REMOTE,
		.fwd = { "sluice_workload_in", LAB_POD0 }, .rev = { "sluice_uplink_in", LAB_UP0 },
		.out = LAB_UP0, .via = 253,
	},
	[SETUP_LOCAL] = {
		.tc = true, .frontend = SLUICE_FE_CLUSTER_IP, .vip = 0x0a60000a, .port = 80,
		.clients = LAB_PODS0, .backends = LAB_PODS1,
		.fwd = { "sluice_workload_in", LAB_POD0 },
		.rev = { "sluice_workload_in", LAB_POD1 },
		.out = LAB_POD1,
	},
};

static __u8 proto_of(const struct kind *k)
{
	return k->udp ? IPPROTO_UDP : IPPROTO_TCP;
}

struct sluice_addr setup_addr(__u32 low, bool v6)
{
	struct sluice_addr a = { .ip6 = { 0, 0, v6 ? 0 : htonl(0xffff), htonl(low) } };

	if (v6)
		memcpy(a.ip6, lab_net6, sizeof(lab_net6));
	return a;
}

int setup_map(const struct setup *s, const char *noun)
{
	char name[64];

	snprintf(name, sizeof(name), "sluice_%s%c", noun, s->kind->v6 ? '6' : '4');
	return bpf_object__find_map_fd_by_name(s->obj, name);
}

struct bpf_program *setup_program(const struct setup *s, const char *name)
{
	bool floor = !strncmp(name, "floor_", 6);

	return bpf_object__find_program_by_name(floor ? s->floor : s->obj, name);
}

static int put(const struct setup *s, const char *map, const void *key, const void *value)
{
	int fd = bpf_object__find_map_fd_by_name(s->obj, map);

	return bpf_map_update_elem(fd, key, value, BPF_ANY) ? -errno : 0;
}

/* ---- loading --------------------------------------------------------- */

/* Tables of the family under test large, the other one small. A pair has two rows. */
static void object_size(struct bpf_object *obj, const char *prefix, __u32 pairs, bool v6)
{
	const struct {
		const char *noun;
		__u32 n;
	} tables[] = { { "flows", 2 * pairs }, { "gc", 2 * pairs } };
	struct bpf_map *map;
	char name[64];

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (int family = 0; family < 2; family++) {
			snprintf(name, sizeof(name), "%s_%s%c", prefix, tables[i].noun,
				 family ? '6' : '4');
			map = bpf_object__find_map_by_name(obj, name);
			if (map)
				bpf_map__set_max_entries(map, family == v6 ? tables[i].n : 1024);
		}
	}
}

static __u32 jiffies_per_sec(void)
{
	struct timespec res;

	clock_getres(CLOCK_MONOTONIC_COARSE, &res);
	return (__u32)((1000000000l + res.tv_nsec / 2) / res.tv_nsec);
}

static int xdp_open(struct setup *s)
{
	struct sluice_xdp *skel = sluice_xdp__open();

	if (!skel)
		return -errno;
	skel->rodata->sluice_hz = jiffies_per_sec();
	/* As the loader binds a copy to its uplink. */
	skel->rodata->sluice_dev.ifindex = s->lab->ifindex[LAB_UP0];
	memcpy(skel->rodata->sluice_dev.mac, lab_mac[LAB_UP0], sizeof(lab_mac[LAB_UP0]));
	s->obj = skel->obj;
	s->skel = skel;
	return 0;
}

static int tc_open(struct setup *s)
{
	struct sluice_tc *skel = sluice_tc__open();
	struct bpf_program *prog;

	if (!skel)
		return -errno;
	skel->rodata->sluice_hz = jiffies_per_sec();
	s->obj = skel->obj;
	s->skel = skel;
	bpf_object__for_each_program(prog, s->obj) {
		const char *name = bpf_program__name(prog);

		bpf_program__set_autoload(prog, !strcmp(name, s->spec->fwd.prog) ||
						!strcmp(name, s->spec->rev.prog) ||
						!strcmp(name, "sluice_rest"));
	}
	return 0;
}

/* As the loader does: what the programs of tc go on to. */
static int tails_put(struct bpf_object *obj)
{
	const struct bpf_program *rest = bpf_object__find_program_by_name(obj, "sluice_rest");
	int tails = bpf_object__find_map_fd_by_name(obj, "sluice_tails");
	int fd = rest ? bpf_program__fd(rest) : -1;
	__u32 at = SLUICE_TAIL_REST;

	return tails < 0 ? 0 : bpf_map_update_elem(tails, &at, &fd, BPF_ANY);
}

static int objects_load(struct setup *s, __u32 pairs, const char *dir)
{
	char path[256];
	int r = s->spec->tc ? tc_open(s) : xdp_open(s);

	if (r)
		return r;
	object_size(s->obj, "sluice", pairs, s->kind->v6);
	if (bpf_object__load(s->obj) || tails_put(s->obj))
		return -errno;

	snprintf(path, sizeof(path), "%s/floor_%s.bpf.o", dir, s->spec->tc ? "tc" : "xdp");
	s->floor = bpf_object__open_file(path, NULL);
	if (!s->floor)
		return -errno;
	object_size(s->floor, "floor", pairs, s->kind->v6);
	if (bpf_object__load(s->floor))
		return -errno;
	s->floor_astray = bench_mmap(s->floor, ".data.astray", &s->floor_astray_len);
	return s->floor_astray ? 0 : -ENOMEM;
}

/* ---- maps ------------------------------------------------------------ */

static int fill_devices(struct setup *s)
{
	int r = 0;

	for (int i = 0; i < LAB_N_DEVS && !r; i++) {
		struct sluice_device dev = {
			.kind = i == LAB_UP0 ? SLUICE_DEV_UPLINK : SLUICE_DEV_WORKLOAD,
			.flags = i == LAB_UP0 ? SLUICE_DEV_XDP : SLUICE_DEV_PEER,
		};

		memcpy(dev.mac, lab_mac[i], sizeof(dev.mac));
		if (i == LAB_UP0) {
			dev.addr4 = setup_addr(LAB_NODE, false);
			dev.addr6 = setup_addr(LAB_NODE, true);
		}
		r = put(s, "sluice_devices", &s->lab->ifindex[i], &dev);
	}
	return r;
}

static int fill_settings(struct setup *s)
{
	__u32 zero = 0;

	s->settings = (struct sluice_settings){
		.node4 = setup_addr(LAB_NODE, false),
		.node6 = setup_addr(LAB_NODE, true),
		.snat_min = 1024,
		.snat_max = 65535,
		.seed = 0x5117ce,
		.secret = 0x5eed0fa5ec4e7,
		.lo_ifindex = s->lab->lo_ifindex,
		.uplink_ifindex = s->lab->ifindex[LAB_UP0],
		.syn_sec = 60,
		.established_sec = 86400,
		.closing_sec = 10,
		.half_closed_sec = 60,
		.udp_sec = 3600,
		.reject_per_sec = 1000,
	};
	return put(s, "sluice_settings", &zero, &s->settings);
}

int setup_set_rejects(struct setup *s, __u32 per_sec)
{
	__u32 zero = 0;

	s->settings.reject_per_sec = per_sec;
	return put(s, "sluice_settings", &zero, &s->settings);
}

static int fill_frontend(struct setup *s, __u16 port, __u32 service)
{
	const struct setup_spec *spec = s->spec;
	struct sluice_frontend fe = { .service = service, .kind = spec->frontend };
	struct sluice_addr vip = setup_addr(spec->vip, s->kind->v6);
	struct sluice_frontend4_key k4 = {
		.addr = vip.ip6[3], .port = htons(port), .proto = proto_of(s->kind),
	};
	struct sluice_frontend6_key k6 = { .port = htons(port), .proto = proto_of(s->kind) };

	memcpy(k6.addr, vip.ip6, sizeof(k6.addr));
	if (s->kind->v6)
		return put(s, "sluice_frontends6", &k6, &fe);
	return put(s, "sluice_frontends4", &k4, &fe);
}

static int fill_services(struct setup *s)
{
	struct sluice_service svc = {
		.id = { 1 },
		.cluster = { { .base = CHOICES_BASE, .size = SETUP_BACKENDS, .gen = 1 } },
		.flags = SLUICE_SVC_USED | SLUICE_SVC_HAS_ANY | (s->kind->v6 ? SLUICE_SVC_IPV6 : 0),
	};
	__u32 full = SERVICE_FULL, empty = SERVICE_EMPTY;
	int r = put(s, "sluice_services", &full, &svc);

	svc.id[0] = 2;
	svc.cluster = (union sluice_set){ { .gen = 1 } };
	svc.flags &= ~SLUICE_SVC_HAS_ANY;
	r = r ? r : put(s, "sluice_services", &empty, &svc);
	r = r ? r : fill_frontend(s, s->spec->port, SERVICE_FULL);
	return r ? r : fill_frontend(s, SETUP_EMPTY_PORT, SERVICE_EMPTY);
}

static int fill_backends(struct setup *s)
{
	int r = 0;

	for (__u32 i = 0; i < SETUP_BACKENDS && !r; i++) {
		struct sluice_backend be = {
			.addr = setup_addr(s->spec->backends + i, s->kind->v6),
			.port = htons(8080),
			.flags = SLUICE_BE_USED,
			.gen = 1,
			.service = SERVICE_FULL,
		};
		__u32 slot = 1 + i;

		r = put(s, "sluice_backends", &slot, &be);
	}
	for (__u32 i = 0; i < SETUP_BACKENDS && !r; i += SLUICE_CHOICES_PER_ROW) {
		struct sluice_choices pair = { { 1 + i, 2 + i } };
		__u32 row = (CHOICES_BASE + i) / SLUICE_CHOICES_PER_ROW;

		r = put(s, "sluice_choices", &row, &pair);
	}
	return r;
}

static void filter_set(struct sluice_filter *f, __u32 role, __u32 addr, __u16 port, __u8 proto)
{
	__u32 bit = sluice_filter_bit(role, htonl(addr), htons(port), proto);

	f->words[bit / 64] |= 1ull << (bit % 64);
}

static struct sluice_filter filter_make(const struct setup *s)
{
	/* Cluster addresses are taken from the default ranges, as on any node. */
	struct sluice_filter f = {
		.addrs4 = { .host = htonl(0xfffff), .last = htonl(0x0a6fffff) },
		.addrs6 = { .host = { 0, htobe64(0xffff) },
			    .last = { htobe64(0xfd00001000960000), htobe64(0xffff) } },
	};
	__u8 proto = proto_of(s->kind);

	filter_set(&f, SLUICE_FILTER_FRONTEND, s->spec->vip, s->spec->port, proto);
	filter_set(&f, SLUICE_FILTER_FRONTEND, s->spec->vip, SETUP_EMPTY_PORT, proto);
	for (__u32 i = 0; i < SETUP_BACKENDS; i++)
		filter_set(&f, SLUICE_FILTER_BACKEND, s->spec->backends + i, 8080, proto);
	return f;
}

bool setup_filter_has(const struct setup *s, __u32 role, __u32 addr, __u16 port)
{
	static struct sluice_filter f;
	static const struct setup_spec *of;
	static const struct kind *kind;
	__u32 bit = sluice_filter_bit(role, htonl(addr), htons(port), proto_of(s->kind));

	if (of != s->spec || kind != s->kind)
		f = filter_make(s);
	of = s->spec;
	kind = s->kind;
	return f.words[bit / 64] >> (bit % 64) & 1;
}

static int fill_filter(struct setup *s)
{
	struct sluice_filter f = filter_make(s);
	__u32 zero = 0;

	return put(s, "sluice_filter", &zero, &f);
}

int setup_open(struct setup *s, const struct setup_want *want, const struct lab *lab,
	       const char *dir)
{
	int r;

	*s = (struct setup){ .spec = &setup_specs[want->id], .kind = want->kind, .lab = lab };
	r = objects_load(s, want->pairs, dir);
	r = r ? r : fill_devices(s);
	r = r ? r : fill_settings(s);
	r = r ? r : fill_services(s);
	r = r ? r : fill_backends(s);
	r = r ? r : fill_filter(s);
	return r ? r : setup_fill_floor(s);
}

void setup_close(struct setup *s)
{
	if (s->floor_astray)
		munmap(s->floor_astray, s->floor_astray_len);
	bpf_object__close(s->floor);
	if (s->spec->tc)
		sluice_tc__destroy(s->skel);
	else
		sluice_xdp__destroy(s->skel);
	memset(s, 0, sizeof(*s));
}

/* ---- counters -------------------------------------------------------- */

int setup_tally(const struct setup *s, struct tally *ret)
{
	int counts = bpf_object__find_map_fd_by_name(s->obj, "sluice_slot_counts");
	int reasons = bpf_object__find_map_fd_by_name(s->obj, "sluice_reasons");
	struct sluice_slot_count c[MAX_CPUS];
	struct sluice_tally t[MAX_CPUS];
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 1 || cpus > MAX_CPUS)
		return -E2BIG;
	memset(ret, 0, sizeof(*ret));
	for (__u32 slot = 0; slot <= SETUP_BACKENDS; slot++) {
		if (bpf_map_lookup_elem(counts, &slot, c))
			return -errno;
		for (int i = 0; i < cpus; i++) {
			ret->in += c[i].packets_in;
			ret->out += c[i].packets_out;
			ret->opened += c[i].opened;
		}
	}
	for (__u32 why = 0; why < SLUICE_R_COUNT; why++) {
		if (bpf_map_lookup_elem(reasons, &why, t))
			return -errno;
		for (int i = 0; i < cpus; i++)
			ret->reasons[why] += t[i].packets;
	}
	return 0;
}
