/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/dp.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

/* Before the skeletons, which use struct sluice_dev_config. */
#include "sluice/settings.h"
#include "sluice/tails.h"

#include "tc.skel.h"
#include "xdp.skel.h"

static const char *const hook_names[] = {
	[HOOK_XDP] = "xdp",
	[HOOK_UPLINK_IN] = "uplink_in",
	[HOOK_UPLINK_OUT] = "uplink_out",
	[HOOK_WORKLOAD_IN] = "workload_in",
	[HOOK_WORKLOAD_OUT] = "workload_out",
	[HOOK_LO_OUT] = "lo_out",
	[HOOK_GC] = "gc_run",
};

static const char *const tail_names[] = { SLUICE_TAIL_NAMES };

static const struct {
	const char *map;
	__u32 entries;
} sizes[] = {
	{ "sluice_frontends4", 64 },
	{ "sluice_frontends6", 64 },
	{ "sluice_choices", DP_CHOICES / SLUICE_CHOICES_PER_ROW + 1 },
	{ "sluice_flows4", DP_FLOWS },
	{ "sluice_flows6", DP_FLOWS },
	{ "sluice_half4", DP_HALF_BUCKETS },
	{ "sluice_half6", DP_HALF_BUCKETS },
	{ "sluice_gc4", DP_FLOWS * 5 / 8 },
	{ "sluice_gc6", DP_FLOWS * 5 / 8 },
	{ "sluice_drops", 256 },
	{ "sluice_affinity", 1024 },
};

static void map_resize(struct bpf_object *obj, const char *name, __u32 entries)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);

	if (map)
		cr_assert_eq(bpf_map__set_max_entries(map, entries), 0);
}

static void maps_resize(const struct dp *dp, struct bpf_object *obj)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		map_resize(obj, sizes[i].map, sizes[i].entries);
	map_resize(obj, "sluice_services", dp->max_services);
	map_resize(obj, "sluice_service_base", dp->max_services);
	map_resize(obj, "sluice_backends", dp->max_slots);
	map_resize(obj, "sluice_slot_counts", dp->max_slots);
}

/* One set of maps for both objects: those of @from, which is loaded. */
static void maps_share(const struct bpf_object *from, struct bpf_object *to)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, to) {
		struct bpf_map *have = bpf_object__find_map_by_name(from, bpf_map__name(map));

		if (have && !bpf_map__is_internal(map))
			cr_assert_eq(bpf_map__reuse_fd(map, bpf_map__fd(have)), 0);
	}
}

/* The programs of @hooks: verifying them all would take a second for each test. */
static void programs_choose(struct bpf_object *obj, unsigned hooks)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		bpf_program__set_autoload(prog, false);
	for (int i = 0; i < HOOK_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "sluice_%s", hook_names[i]);
		prog = bpf_object__find_program_by_name(obj, name);
		if (prog && hooks & (1u << i))
			bpf_program__set_autoload(prog, true);
	}
	for (size_t i = 0; i < SLUICE_TAIL_COUNT; i++) {
		prog = bpf_object__find_program_by_name(obj, tail_names[i]);
		if (prog)
			bpf_program__set_autoload(prog, true);
	}
}

/* As the loader does: what the tc programs go on to. */
static void tails_put(struct sluice_tc *tc)
{
	for (__u32 i = 0; i < SLUICE_TAIL_COUNT; i++) {
		int fd = bpf_program__fd(bpf_object__find_program_by_name(tc->obj, tail_names[i]));

		cr_assert_eq(bpf_map_update_elem(bpf_map__fd(tc->maps.sluice_tails), &i, &fd, 0), 0);
	}
}

__u32 dp_hz(void)
{
	struct timespec res;

	clock_getres(CLOCK_MONOTONIC_COARSE, &res);
	return (__u32)((1000000000l + res.tv_nsec / 2) / res.tv_nsec);
}

/* The tc object is always loaded: it has all the maps. */
static void objects_load(struct dp *dp, unsigned hooks, bool bound)
{
	dp->tc = sluice_tc__open();
	cr_assert_not_null(dp->tc, "cannot open tc");
	maps_resize(dp, dp->tc->obj);
	programs_choose(dp->tc->obj, hooks);
	dp->tc->rodata->sluice_hz = dp_hz();
	dp->tc->rodata->sluice_half_buckets4 = DP_HALF_BUCKETS;
	dp->tc->rodata->sluice_half_buckets6 = DP_HALF_BUCKETS;
	cr_assert_eq(sluice_tc__load(dp->tc), 0, "cannot load tc: are we root?");
	tails_put(dp->tc);

	if (!(hooks & ON(XDP)))
		return;
	dp->xdp = sluice_xdp__open();
	cr_assert_not_null(dp->xdp, "cannot open xdp");
	maps_share(dp->tc->obj, dp->xdp->obj);
	programs_choose(dp->xdp->obj, hooks);
	dp->xdp->rodata->sluice_hz = dp_hz();
	dp->xdp->rodata->sluice_half_buckets4 = DP_HALF_BUCKETS;
	dp->xdp->rodata->sluice_half_buckets6 = DP_HALF_BUCKETS;
	if (bound) {
		dp->xdp->rodata->sluice_dev.ifindex = scene_ifindex(DEV_UP0);
		memcpy(dp->xdp->rodata->sluice_dev.mac, scene_mac(DEV_UP0), 6);
	}
	/* As the loader does for drivers. */
	cr_assert_eq(bpf_program__set_flags(dp->xdp->progs.sluice_xdp, BPF_F_XDP_HAS_FRAGS), 0);
	cr_assert_eq(sluice_xdp__load(dp->xdp), 0, "cannot load xdp");
}

int dp_map(const struct dp *dp, const char *name)
{
	char full[64];
	int fd;

	snprintf(full, sizeof(full), "sluice_%s", name);
	fd = bpf_object__find_map_fd_by_name(dp->tc->obj, full);
	cr_assert(fd >= 0, "%s", full);
	return fd;
}

void dp_set_device(struct dp *dp, enum device dev, const struct sluice_device *row)
{
	__u32 key = scene_ifindex(dev);

	cr_assert_eq(bpf_map_update_elem(dp_map(dp, "devices"), &key, row, 0), 0);
}

static void devices_put(struct dp *dp)
{
	struct sluice_device up0 = { .addr4 = node.ip[0], .addr6 = node.ip[1],
				     .kind = SLUICE_DEV_UPLINK, .flags = SLUICE_DEV_XDP };
	struct sluice_device up1 = { .addr4 = node_up1.ip[0], .addr6 = node_up1.ip[1],
				     .kind = SLUICE_DEV_UPLINK, .flags = SLUICE_DEV_XDP };
	struct sluice_device lxc = { .kind = SLUICE_DEV_WORKLOAD, .flags = SLUICE_DEV_PEER };

	memcpy(up0.mac, scene_mac(DEV_UP0), 6);
	dp_set_device(dp, DEV_UP0, &up0);
	memcpy(up1.mac, scene_mac(DEV_UP1), 6);
	dp_set_device(dp, DEV_UP1, &up1);
	memcpy(lxc.mac, scene_mac(DEV_LXC0), 6);
	dp_set_device(dp, DEV_LXC0, &lxc);
	memcpy(lxc.mac, scene_mac(DEV_LXC1), 6);
	dp_set_device(dp, DEV_LXC1, &lxc);
}

struct sluice_settings dp_settings(const struct dp *dp)
{
	struct sluice_settings s;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "settings"), &(__u32){ 0 }, &s), 0);
	return s;
}

void dp_set_settings(struct dp *dp, const struct sluice_settings *s)
{
	cr_assert_eq(bpf_map_update_elem(dp_map(dp, "settings"), &(__u32){ 0 }, s, 0), 0);
}

static void settings_put(struct dp *dp)
{
	dp_set_settings(dp, &(struct sluice_settings){
		.node4 = node.ip[0],
		.node6 = node.ip[1],
		.snat_min = DP_SNAT_MIN,
		.snat_max = DP_SNAT_MAX,
		.seed = 0x51u,
		.secret = 0x5eed0fa5ec4e7,
		.lo_ifindex = scene_ifindex(DEV_LO),
		.uplink_ifindex = scene_ifindex(DEV_UP0),
		.syn_sec = 30,
		.established_sec = 3600,
		.closing_sec = 10,
		.half_closed_sec = 300,
		.udp_sec = 60,
		.reject_per_sec = 1000000,
		.flags = SLUICE_SET_ECHO,
	});
}

struct dp *dp_open(unsigned hooks, bool bound)
{
	return dp_open_sized(hooks, bound, DP_SERVICES, DP_SLOTS);
}

struct dp *dp_open_sized(unsigned hooks, bool bound, __u32 services, __u32 slots)
{
	struct dp *dp = calloc(1, sizeof(*dp));

	cr_assert_not_null(dp);
	dp->max_services = services;
	dp->max_slots = slots;
	scene_enter();
	objects_load(dp, hooks, bound);
	settings_put(dp);
	devices_put(dp);
	return dp;
}

void dp_close(struct dp *dp)
{
	if (!dp)
		return;
	sluice_xdp__destroy(dp->xdp);
	sluice_tc__destroy(dp->tc);
	free(dp);
}

void dp_set_case(struct dp *dp, enum hook hook, bool v6, __u8 proto)
{
	dp->hook = hook;
	dp->v6 = v6;
	dp->proto = proto;
	snprintf(dp->label, sizeof(dp->label), "%s %s%s", hook_names[hook],
		 proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "sctp",
		 v6 ? "6" : "4");
}

/* What dp->at stands for: the protocol changes fastest. */
static const __u8 case_protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
#define CASE_PROTOS 3
#define CASES (HOOK_COUNT * 2 * CASE_PROTOS)

static enum hook case_hook(int at)
{
	return at / (2 * CASE_PROTOS);
}

static bool case_is_v6(int at)
{
	return at / CASE_PROTOS % 2;
}

static bool case_is_claimed(unsigned claims, int at)
{
	if (!(claims & (1u << case_hook(at))) || claims & (case_is_v6(at) ? ONLY_V4 : ONLY_V6))
		return false;
	switch (case_protos[at % CASE_PROTOS]) {
	case IPPROTO_TCP:
		return !(claims & ONLY_UDP);
	case IPPROTO_UDP:
		return !(claims & ONLY_TCP);
	default:
		return claims & ALSO_SCTP;
	}
}

bool dp_each(struct dp **at, unsigned claims, unsigned also)
{
	struct dp *dp = *at;

	if (!dp) {
		dp = *at = dp_open((claims & 0xff) | also, false);
		dp->claims = claims;
		dp->at = -1;
	} else {
		dp_reset(dp);
	}
	while (++dp->at < CASES) {
		if (!case_is_claimed(claims, dp->at))
			continue;
		dp_set_case(dp, case_hook(dp->at), case_is_v6(dp->at),
			    case_protos[dp->at % CASE_PROTOS]);
		return true;
	}
	dp_close(dp);
	*at = NULL;
	return false;
}

/* The next key is asked for while its predecessor is there: else the walk begins anew. */
static void hash_clear(int fd)
{
	__u8 key[64], next[64];
	int r = bpf_map_get_next_key(fd, NULL, next);

	while (!r) {
		memcpy(key, next, sizeof(key));
		r = bpf_map_get_next_key(fd, key, next);
		bpf_map_delete_elem(fd, key);
	}
}

static void array_clear(int fd, __u32 rows, size_t row_size)
{
	void *zero = calloc((size_t)libbpf_num_possible_cpus(), row_size);

	cr_assert_not_null(zero);
	for (__u32 i = 0; i < rows; i++)
		cr_assert_eq(bpf_map_update_elem(fd, &i, zero, 0), 0);
	free(zero);
}

void dp_reset(struct dp *dp)
{
	static const char *const hashes[] = { "frontends4", "frontends6", "devices", "flows4",
					      "flows6", "drops", "ranges", "affinity", "fragments" };
	__u8 token[64];

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		hash_clear(dp_map(dp, hashes[i]));
	array_clear(dp_map(dp, "services"), dp->max_services, sizeof(struct sluice_service));
	array_clear(dp_map(dp, "backends"), dp->max_slots, sizeof(struct sluice_backend));
	array_clear(dp_map(dp, "filter"), 1, sizeof(struct sluice_filter));
	array_clear(dp_map(dp, "slot_counts"), dp->max_slots, sizeof(struct sluice_slot_count));
	array_clear(dp_map(dp, "service_base"), dp->max_services, sizeof(struct sluice_slot_count));
	array_clear(dp_map(dp, "reasons"), SLUICE_R_COUNT, sizeof(struct sluice_tally));
	array_clear(dp_map(dp, "answers"), 1, 8);
	array_clear(dp_map(dp, "gc"), 1, 16);
	array_clear(dp_map(dp, "held_tags"), SLUICE_HELD_BUCKETS, sizeof(struct sluice_held_bucket));
	array_clear(dp_map(dp, "neighbours"), SLUICE_NEIGHBOURS, sizeof(struct sluice_neighbour));
	dp_halves_clear(dp);
	while (!bpf_map_lookup_and_delete_elem(dp_map(dp, "gc4"), NULL, token))
		;
	while (!bpf_map_lookup_and_delete_elem(dp_map(dp, "gc6"), NULL, token))
		;
	dp->services = dp->slots = dp->choices = 0;
	settings_put(dp);
	devices_put(dp);
}

void dp_forget_services(struct dp *dp)
{
	hash_clear(dp_map(dp, "frontends4"));
	hash_clear(dp_map(dp, "frontends6"));
	array_clear(dp_map(dp, "services"), dp->max_services, sizeof(struct sluice_service));
	array_clear(dp_map(dp, "choices"), dp->choices / SLUICE_CHOICES_PER_ROW + 1,
		    sizeof(struct sluice_choices));
}

static int hook_fd(const struct dp *dp, enum hook hook)
{
	const struct bpf_program *prog;
	char name[64];

	snprintf(name, sizeof(name), "sluice_%s", hook_names[hook]);
	cr_assert(dp->xdp || hook != HOOK_XDP, "%s: xdp is not loaded", dp->label);
	prog = bpf_object__find_program_by_name(hook == HOOK_XDP ? dp->xdp->obj : dp->tc->obj,
						name);
	cr_assert(bpf_program__fd(prog) >= 0, "%s: %s is not loaded", dp->label, name);
	return bpf_program__fd(prog);
}

/*
 * From Linux 6.15 on: the skb comes with CHECKSUM_COMPLETE, and the run fails with EBADMSG if
 * skb->csum is not right any more afterwards. Older kernels refuse the flag.
 */
#define TEST_SKB_CHECKSUM_COMPLETE (1u << 2)

static int test_run(const struct dp *dp, const struct arrival *where,
		    struct bpf_test_run_opts *opts)
{
	static bool refused;
	int fd = hook_fd(dp, where->hook);

	if (where->hook != HOOK_XDP && !where->answered && !refused) {
		opts->flags = TEST_SKB_CHECKSUM_COMPLETE;
		if (!bpf_prog_test_run_opts(fd, opts))
			return 0;
		if (errno != EINVAL)
			return -errno;
		opts->flags = 0;
		refused = true;
	}
	return bpf_prog_test_run_opts(fd, opts) ? -errno : 0;
}

int dp_try(struct dp *dp, const struct arrival *where, struct frame *frame, __u32 *ret_action)
{
	struct xdp_md md = { .data_end = frame->len, .ingress_ifindex = scene_ifindex(where->dev) };
	struct __sk_buff skb = { .ifindex = scene_ifindex(where->dev),
				 .gso_segs = where->gso_segs, .gso_size = where->gso_size };
	struct frame in = *frame;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in.bytes, .data_size_in = in.len,
		    .data_out = frame->bytes, .data_size_out = sizeof(frame->bytes), .repeat = 1);
	int r;

	if (where->forwarded_from)
		skb.ingress_ifindex = scene_ifindex(where->forwarded_from);
	if (where->hook == HOOK_XDP) {
		opts.ctx_in = &md;
		opts.ctx_size_in = sizeof(md);
	} else {
		opts.ctx_in = &skb;
		opts.ctx_size_in = sizeof(skb);
	}
	r = test_run(dp, where, &opts);
	if (r)
		return r;
	frame->len = opts.data_size_out;
	*ret_action = opts.retval;
	return 0;
}

static __u32 fate_action(enum hook hook, enum fate fate)
{
	static const __u32 actions[][2] = {
		[PASSED] = { XDP_PASS, TC_ACT_UNSPEC },
		[DROPPED] = { XDP_DROP, TC_ACT_SHOT },
		[SENT_BACK] = { XDP_TX, TC_ACT_REDIRECT },
		[SENT_AWAY] = { XDP_REDIRECT, TC_ACT_REDIRECT },
	};

	return actions[fate][hook != HOOK_XDP];
}

struct frame dp_run_at(struct dp *dp, const struct arrival *where, struct frame in,
		       enum fate want, const char *file, int line)
{
	__u32 action = 0, wanted = fate_action(where->hook, want);
	int r = dp_try(dp, where, &in, &action);

	cr_assert_eq(r, 0, "%s:%d: %s: the kernel does not run it: %s", file, line, dp->label,
		     strerror(-r));
	cr_expect_eq(action, wanted, "%s:%d: %s: action %u at %s, not %u", file, line, dp->label,
		     action, hook_names[where->hook], wanted);
	return in;
}

__u32 dp_collect(struct dp *dp)
{
	struct frame f = { .len = 64 };
	__u32 ended = 0;

	cr_assert_eq(dp_try(dp, &(struct arrival){ .hook = HOOK_GC }, &f, &ended), 0);
	return ended;
}
