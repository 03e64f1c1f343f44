/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "support/given.h"

#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <criterion/criterion.h>

#define PORT_DEFAULT 8080

#define BE_LIVE (SLUICE_BE_USED | SLUICE_BE_IN_CLUSTER)
#define BE_IN (SLUICE_BE_IN_CLUSTER | SLUICE_BE_IN_LOCAL)

static bool host_is_here(const struct host *h)
{
	return h == &node || h->dev == DEV_LXC0 || h->dev == DEV_LXC1;
}

static void row_put(const struct dp *dp, const char *map, __u32 row, const void *value)
{
	cr_assert_eq(bpf_map_update_elem(dp_map(dp, map), &row, value, 0), 0, "%s", map);
}

static struct sluice_filter *filter_read(const struct dp *dp)
{
	struct sluice_filter *f = malloc(sizeof(*f));

	cr_assert_not_null(f);
	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "filter"), &(__u32){ 0 }, f), 0);
	return f;
}

static void filter_set(struct dp *dp, __u32 role, const struct host *h, __u16 port)
{
	__u8 proto = role == SLUICE_FILTER_ADDRESS ? 0 : dp->proto;
	__u32 bit = sluice_filter_bit(role, h->ip[dp->v6].ip6[3], __builtin_bswap16(port), proto);
	struct sluice_filter *f = filter_read(dp);

	f->words[bit / 64] |= 1ull << bit % 64;
	bit = sluice_filter_addr_bit(role, h->ip[dp->v6].ip6[3]);
	f->words[bit / 64] |= 1ull << bit % 64;
	row_put(dp, "filter", 0, f);
	free(f);
}

/* The prefix of @h with so many bits of the family's own. */
static void net_put(union sluice_net4 *net4, struct sluice_net6 *net6, const struct host *h,
		    __u8 bits)
{
	__u8 host[16] = { 0 }, *last = (__u8 *)net6->last;

	for (int bit = bits; bit < 128; bit++)
		host[bit / 8] |= (__u8)(0x80 >> bit % 8);
	memcpy(&net4->host, host, 4);
	net4->last = h->ip[0].ip6[3] | net4->host;
	memcpy(net6->host, host, 16);
	memcpy(last, &h->ip[1], 16);
	for (int i = 0; i < 16; i++)
		last[i] |= host[i];
}

/* One more frontend row, and nothing else. */
static void frontend_row_put(struct dp *dp, const struct service *s, const struct host *at,
			     __u16 port, __u8 proto, enum sluice_frontend_kind kind)
{
	struct sluice_frontend4_key k4 = { .addr = at->ip[0].ip6[3],
					   .port = __builtin_bswap16(port), .proto = proto };
	struct sluice_frontend6_key k6 = { .port = k4.port, .proto = proto };
	struct sluice_frontend row = { .service = s->row, .kind = (__u8)kind };

	memcpy(k6.addr, &at->ip[1], sizeof(k6.addr));
	if (dp->v6)
		cr_assert_eq(bpf_map_update_elem(dp_map(dp, "frontends6"), &k6, &row, 0), 0);
	else
		cr_assert_eq(bpf_map_update_elem(dp_map(dp, "frontends4"), &k4, &row, 0), 0);
}

void given_address(struct dp *dp, const struct service *s, const struct host *at,
		   enum sluice_frontend_kind kind)
{
	struct sluice_filter *f = filter_read(dp);

	if (kind == SLUICE_FE_CLUSTER_IP) {
		net_put(&f->addrs4, &f->addrs6, at, dp->v6 ? 128 : 32);
		row_put(dp, "filter", 0, f);
	}
	free(f);
	filter_set(dp, SLUICE_FILTER_ADDRESS, at, 0);
	frontend_row_put(dp, s, at, 0, 0, kind);
}

void given_service_range(struct dp *dp, const struct host *h, __u8 bits)
{
	struct sluice_filter *f = filter_read(dp);

	net_put(&f->addrs4, &f->addrs6, h, bits);
	f->range4 = f->addrs4;
	f->range6 = f->addrs6;
	row_put(dp, "filter", 0, f);
	free(f);
}

static void backend_put(struct dp *dp, __u32 slot, __u32 service, const struct host *h,
			__u16 port, __u8 flags)
{
	row_put(dp, "backends", slot, &(struct sluice_backend){
		.addr = h->ip[dp->v6],
		.port = __builtin_bswap16(port),
		.flags = BE_LIVE | flags | (h == &node ? SLUICE_BE_HOST : 0) |
			 (host_is_here(h) ? SLUICE_BE_IN_LOCAL : 0),
		.gen = 1,
		.service = service,
	});
	filter_set(dp, SLUICE_FILTER_BACKEND, h, port);
}

/* Word @at of the choices; the other one of its row stays. */
static void choice_put(struct dp *dp, __u32 at, __u32 slot)
{
	__u32 row = at / SLUICE_CHOICES_PER_ROW;
	struct sluice_choices c;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "choices"), &row, &c), 0);
	c.slots[at % SLUICE_CHOICES_PER_ROW] = slot;
	row_put(dp, "choices", row, &c);
}

/* A block of @size choices, the @n slots in turn. */
static union sluice_set set_put(struct dp *dp, const __u32 *slots, __u32 n, __u32 size)
{
	union sluice_set set = { .base = dp->choices, .size = (__u16)(n ? size : 0), .gen = 1 };

	cr_assert_leq(dp->choices + size, DP_CHOICES);
	for (__u32 i = 0; i < set.size; i++)
		choice_put(dp, dp->choices++, slots[i % n]);
	return set;
}

struct service given_service_put(struct dp *dp, const struct given *g)
{
	struct service s = { .row = ++dp->services, .slot = dp->slots + 1 };
	struct sluice_service row = { .flags = SLUICE_SVC_USED | g->flags };
	__u32 all[GIVEN_BACKENDS], here[GIVEN_BACKENDS], n_here = 0;

	cr_assert_lt(s.row, DP_SERVICES);
	for (; s.n < GIVEN_BACKENDS && g->to[s.n]; s.n++) {
		__u32 slot = ++dp->slots;

		cr_assert_lt(slot, DP_SLOTS);
		backend_put(dp, slot, s.row, g->to[s.n], g->to_port ?: PORT_DEFAULT,
			    g->reset ? SLUICE_BE_RESET : 0);
		all[s.n] = slot;
		if (host_is_here(g->to[s.n]))
			here[n_here++] = slot;
	}
	row.cluster = set_put(dp, all, s.n, g->block ?: s.n);
	row.local = set_put(dp, here, n_here, g->block ?: n_here);
	row.flags |= (s.n ? SLUICE_SVC_HAS_ANY : 0) | (dp->v6 ? SLUICE_SVC_IPV6 : 0);
	row_put(dp, "services", s.row, &row);
	if (g->at)
		given_frontend(dp, &s, g->at, g->port, g->kind);
	return s;
}

void given_frontend(struct dp *dp, const struct service *s, const struct host *at, __u16 port,
		    enum sluice_frontend_kind kind)
{
	filter_set(dp, kind == SLUICE_FE_LOCALHOST ? SLUICE_FILTER_LOCALHOST :
						     SLUICE_FILTER_FRONTEND, at, port);
	frontend_row_put(dp, s, at, port, dp->proto, kind);
}

void given_range(struct dp *dp, const struct service *s, const struct host *h, __u8 bits)
{
	struct sluice_range_key k = { .prefixlen = 32 + (dp->v6 ? 0 : 96) + bits,
				      .service = s->row, .client = h->ip[dp->v6] };
	struct sluice_range v = { k.prefixlen };
	struct sluice_service row;

	cr_assert_eq(bpf_map_update_elem(dp_map(dp, "ranges"), &k, &v, 0), 0);
	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "services"), &s->row, &row), 0);
	row.flags |= SLUICE_SVC_RANGES;
	row_put(dp, "services", s->row, &row);
}

void given_moved(struct dp *dp, struct service *s, const struct host *to)
{
	struct sluice_backend gone;
	struct sluice_service row;
	__u32 slot = ++dp->slots;

	backend_put(dp, slot, s->row, to, PORT_DEFAULT, 0);
	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "services"), &s->row, &row), 0);
	row.cluster = set_put(dp, &slot, 1, 1);
	row_put(dp, "services", s->row, &row);
	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "backends"), &s->slot, &gone), 0);
	gone.gen++;
	gone.flags = (gone.flags & ~BE_IN) | SLUICE_BE_RETIRED;
	row_put(dp, "backends", s->slot, &gone);
	s->slot = slot;
}

void given_affinity(struct dp *dp, const struct service *s, __u32 sec)
{
	struct sluice_service row;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "services"), &s->row, &row), 0);
	row.flags &= ~SLUICE_SVC_AFFINITY;
	row.flags |= sec ? SLUICE_SVC_AFFINITY : 0;
	row.affinity_sec = sec;
	row_put(dp, "services", s->row, &row);
}

void given_set(struct dp *dp, const struct service *s, const __u32 *slots, __u32 n)
{
	struct sluice_service row;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "services"), &s->row, &row), 0);
	row.cluster = set_put(dp, slots, n, n);
	if (!n)
		row.flags &= ~SLUICE_SVC_HAS_ANY;
	row_put(dp, "services", s->row, &row);
}

void given_left(struct dp *dp, const struct service *s, unsigned mask)
{
	__u32 slots[GIVEN_BACKENDS], n = 0;

	for (__u32 i = 0; i < s->n; i++)
		if (mask & 1u << i)
			slots[n++] = s->slot + i;
	given_set(dp, s, slots, n);
	for (__u32 i = 0; i < s->n; i++) {
		__u32 slot = s->slot + i;
		struct sluice_backend b;

		cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "backends"), &slot, &b), 0);
		if (mask & 1u << i) {
			b.flags = (b.flags & ~SLUICE_BE_RETIRED) | SLUICE_BE_IN_CLUSTER;
		} else if (!(b.flags & SLUICE_BE_RETIRED)) {
			b.flags = (b.flags & ~BE_IN) | SLUICE_BE_RETIRED;
			b.gen++;
		}
		row_put(dp, "backends", slot, &b);
	}
}

void given_slot_to(struct dp *dp, const struct service *s, const struct host *to)
{
	struct sluice_backend be;
	__u32 gen;

	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "backends"), &s->slot, &be), 0);
	gen = be.gen;
	backend_put(dp, s->slot, s->row, to, PORT_DEFAULT, 0);
	cr_assert_eq(bpf_map_lookup_elem(dp_map(dp, "backends"), &s->slot, &be), 0);
	be.gen = gen + 2;	/* left, and given away */
	row_put(dp, "backends", s->slot, &be);
}
