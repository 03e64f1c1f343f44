/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/apply.h"

#include <linux/in.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#include "cluster/cluster.h"
#include "datapath/handle.h"
#include "manifest/manifest.h"
#include "model/route.h"

struct apply {
	struct dp *test;
	struct datapath real;
	struct node_facts facts;
	struct random allocator;	/* of what manifests do not say: health check ports */
};

#define HOOKS (ON(XDP) | ON(UPLINK_IN) | ON(UPLINK_OUT) | ON(WORKLOAD_IN) | ON(WORKLOAD_OUT) |    \
	       ON(LO_OUT) | ON(GC))

struct dp *model_dp_open(void)
{
	struct dp *dp = dp_open_sized(HOOKS, true, MODEL_ROWS, MODEL_SLOTS);

	route_add();
	return dp;
}

void model_answers_off(struct dp *dp)
{
	struct sluice_settings s = dp_settings(dp);

	s.reject_per_sec = 0;
	dp_set_settings(dp, &s);
}

/* @host: what is behind the prefix; @last: its last address. */
static void prefix_bytes(const struct config_range *r, __u8 *host, __u8 *last)
{
	const __u8 *base = (const __u8 *)&r->base.ip6[r->v6 ? 0 : 3];

	for (unsigned i = 0; i < (r->v6 ? 16u : 4u); i++) {
		host[i] = (__u8)(i * 8 >= r->bits ? 0xff : (i + 1) * 8 <= r->bits ? 0 :
				 0xff >> r->bits % 8);
		last[i] = base[i] | host[i];
	}
}

static void fact_add(struct apply *a, const struct host *h)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct addr addr = addr_from_wire(&h->ip[v6]);

		cr_assert_eq(vec_push(&a->facts.addrs, addr), 0);
	}
}

struct apply *apply_open(struct dp *dp)
{
	struct apply *a = calloc(1, sizeof(*a));

	cr_assert_not_null(a);
	a->test = dp;
	a->facts.name = THIS_NODE;
	fact_add(a, &node);
	fact_add(a, &node_up1);
	for (unsigned i = 0; i < MAP_COUNT; i++) {
		const char *name = map_specs[i].name;
		struct bpf_map_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = dp_map(dp, name + strlen("sluice_"));

		cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &len), 0, "%s", name);
		a->real.maps.at[i] = (struct map){ fd, info.key_size, info.value_size,
						   info.max_entries };
	}
	a->real.maps.cpus = (uint32_t)libbpf_num_possible_cpus();
	/* An instance of our own: nobody else may write, and nobody waits for readers. */
	a->real.lock_fd = memfd_create("lock", MFD_CLOEXEC);
	cr_assert(a->real.lock_fd >= 0);
	return a;
}

void apply_close(struct apply *a)
{
	node_facts_done(&a->facts);
	close(a->real.lock_fd);
	free(a);
}

static void node_ports_set(struct apply *a, const struct config_node *n)
{
	static const struct host *const hosts[] = { &node, &node_up1 };
	const struct config c = { .node = *n };

	a->facts.node_port_addrs.n = 0;
	for (unsigned i = 0; i < 4; i++) {
		struct addr addr = addr_from_wire(&hosts[i / 2]->ip[i % 2]);

		if (rule_has_node_ports(&c, hosts[i / 2]))
			cr_assert_eq(vec_push(&a->facts.node_port_addrs, addr), 0);
	}
}

static void cidrs_set(struct apply *a, const struct config_node *n)
{
	a->facts.service_cidrs.n = 0;
	for (int v6 = 0; v6 < 2; v6++) {
		struct cidr cidr;

		if (n->cidr[v6] == CIDR_NONE)
			continue;
		cr_assert_eq(cidr_parse(config_cidrs[n->cidr[v6]][v6].text, &cidr), 0);
		cr_assert_eq(vec_push(&a->facts.service_cidrs, cidr), 0);
	}
}

void model_node_set(struct apply *a, const struct config_node *n)
{
	struct sluice_settings s = dp_settings(a->test);

	s.flags = (n->no_echo ? 0 : SLUICE_SET_ECHO) |
		  (n->masquerade_all ? SLUICE_SET_MASQUERADE : 0) |
		  (n->pods == PODS_NOBODY ? SLUICE_SET_NO_PODS : 0);
	if (n->pods == PODS_BY_CIDR) {
		prefix_bytes(&config_pod_range[0], (__u8 *)&s.pods4.host, (__u8 *)&s.pods4.last);
		prefix_bytes(&config_pod_range[1], (__u8 *)s.pods6.host, (__u8 *)s.pods6.last);
	}
	s.snat_min = n->few_ports ? CONFIG_FEW_MIN : DP_SNAT_MIN;
	s.snat_max = n->few_ports ? CONFIG_FEW_MIN + n->few_ports - 1 : DP_SNAT_MAX;
	dp_set_settings(a->test, &s);
	a->facts.localhost_node_ports = n->localhost;
	node_ports_set(a, n);
	cidrs_set(a, n);
}

static uint64_t allocator_next(void *arg)
{
	return random_u64(arg);
}

static void snapshot_make(struct apply *a, const char *yaml, struct snapshot *ret)
{
	struct cluster_config cfg = cluster_config_builtin();
	own(cluster_changes_done) cluster_change_vec changes = { 0 };
	own(objects_done) object_vec objects = { 0 };
	struct err e = { 0 };

	cfg.random = allocator_next;
	cfg.random_arg = &a->allocator;
	cr_assert_eq(manifest_parse("model", yaml, strlen(yaml), &(struct manifest_options){ 0 },
				    &objects, &e), 0, "%s\n%s", e.text, yaml);
	cr_assert_eq(cluster_apply(ret, &cfg, objects.at, objects.n, &changes, &e), 0, "%s\n%s",
		     e.text, yaml);
}

/* ---- where it went ------------------------------------------------------------------ */

static const struct image_service *image_find(const struct image *img, const __u64 id[2])
{
	vec_each(s, &img->services)
		if (s->id[0] == id[0] && s->id[1] == id[1])
			return s;
	return NULL;
}

/* The model's number for a port of Service "s3". */
static unsigned image_port_id(const struct image_service *s)
{
	struct rule_port p = { .service = (unsigned)s->name[1] - '0',
			       .v6 = s->family == FAMILY_V6 };

	cr_assert_lt(p.service, CONFIG_SERVICES);
	while (strcmp(config_port_name(p.service, p.port), s->port_name))
		cr_assert_lt(++p.port, CONFIG_PORTS);
	return port_id(&p, s->protocol);
}

/* The rows of addresses themselves: port 0. */
static void addrs_read(const struct apply *a, bool v6, struct places *ret)
{
	int fd = a->real.maps.at[v6 ? MAP_FRONTENDS6 : MAP_FRONTENDS4].fd;
	union {
		struct sluice_frontend4_key v4;
		struct sluice_frontend6_key v6;
	} key, next;

	for (int r = bpf_map_get_next_key(fd, NULL, &next); !r;
	     r = bpf_map_get_next_key(fd, &key, &next)) {
		struct sluice_frontend fe;

		key = next;
		if (v6 ? key.v6.port : key.v4.port)
			continue;
		cr_assert_lt(ret->n_addrs, MODEL_ADDRS);
		cr_assert_eq(bpf_map_lookup_elem(fd, &key, &fe), 0);
		ret->addrs[ret->n_addrs].v6 = v6;
		ret->addrs[ret->n_addrs].row = fe.service;
		if (v6)
			memcpy(&ret->addrs[ret->n_addrs].addr, key.v6.addr, 16);
		else
			ret->addrs[ret->n_addrs].addr.ip6[3] = key.v4.addr;
		ret->n_addrs++;
	}
}

static void places_read(const struct apply *a, const struct image *img, struct places *ret)
{
	const struct maps *maps = &a->real.maps;

	memset(ret, 0, sizeof(*ret));
	for (__u32 row = 1; row < a->test->max_services; row++) {
		const struct image_service *s;
		struct sluice_service have;

		cr_assert_eq(bpf_map_lookup_elem(maps->at[MAP_SERVICES].fd, &row, &have), 0);
		s = have.flags & SLUICE_SVC_USED ? image_find(img, (const __u64 *)have.id) : NULL;
		if (s)
			ret->row[image_port_id(s)] = row;
	}
	for (__u32 slot = 1; slot < a->test->max_slots; slot++) {
		struct sluice_backend have;

		cr_assert_eq(bpf_map_lookup_elem(maps->at[MAP_BACKENDS].fd, &slot, &have), 0);
		ret->slot[slot].used = have.flags & SLUICE_BE_USED;
		ret->slot[slot].retired = have.flags & SLUICE_BE_RETIRED;
		ret->slot[slot].gen = have.gen;
		ret->slot[slot].row = have.service;
		ret->slot[slot].backend.addr = have.addr;
		ret->slot[slot].backend.port = __builtin_bswap16(have.port);
	}
	addrs_read(a, false, ret);
	addrs_read(a, true, ret);
	cr_assert_eq(bpf_map_lookup_elem(maps->at[MAP_FILTER].fd, &(__u32){ 0 }, &ret->filter), 0);
}

void apply_yaml(struct apply *a, const char *yaml, struct places *ret)
{
	own(snapshot_done) struct snapshot snap = { 0 };
	own(image_done) struct image img = { 0 };
	struct datapath_target to = { .image = &img, .settings = dp_settings(a->test),
				      .stamp = { 1, 1 } };
	struct err e = { 0 };
	size_t writes;

	snapshot_make(a, yaml, &snap);
	cr_assert_eq(image_make(&snap, &a->facts, NULL, NULL, &img, &e), 0, "%s", e.text);
	/* Who waits for a grace period waits for nothing here: no program is running. */
	cr_assert_eq(ftruncate(a->real.lock_fd, 0), 0);
	cr_assert_eq(datapath_write(&a->real, &to, &writes, &e), 0, "%s\n%s", e.text, yaml);
	places_read(a, &img, ret);
}

/* ---- counters ----------------------------------------------------------------------- */

#define CPUS_MAX 256

static void slots_read(const struct apply *a, struct counts *ret)
{
	struct sluice_slot_count cpu[CPUS_MAX];

	for (__u32 slot = 0; slot < MODEL_SLOTS; slot++) {
		struct sluice_slot_count *sum = &ret->slots[slot];

		cr_assert_eq(bpf_map_lookup_elem(a->real.maps.at[MAP_SLOT_COUNTS].fd, &slot, cpu), 0);
		for (__u32 i = 0; i < a->real.maps.cpus; i++) {
			sum->packets_in += cpu[i].packets_in;
			sum->bytes_in += cpu[i].bytes_in;
			sum->packets_out += cpu[i].packets_out;
			sum->bytes_out += cpu[i].bytes_out;
			sum->opened += cpu[i].opened;
			sum->closed += cpu[i].closed;
			sum->over += cpu[i].over;
		}
	}
}

static void drops_read(const struct apply *a, struct counts *ret)
{
	int fd = a->real.maps.at[MAP_DROPS].fd;
	struct sluice_drop_key key, next;
	__u64 cpu[CPUS_MAX];

	for (int r = bpf_map_get_next_key(fd, NULL, &next); !r;
	     r = bpf_map_get_next_key(fd, &key, &next)) {
		key = next;
		cr_assert(key.service < MODEL_ROWS && key.reason < SLUICE_R_COUNT);
		cr_assert_eq(bpf_map_lookup_elem(fd, &key, cpu), 0);
		for (__u32 i = 0; i < a->real.maps.cpus; i++)
			ret->drops[key.service][key.reason] += cpu[i];
	}
}

void apply_counts(struct apply *a, struct counts *ret)
{
	memset(ret, 0, sizeof(*ret));
	cr_assert_leq(a->real.maps.cpus, CPUS_MAX);
	slots_read(a, ret);
	drops_read(a, ret);
	for (unsigned i = 0; i < SLUICE_R_COUNT; i++)
		ret->reasons[i] = dp_reason(a->test, i);
}
