/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/alloc_ip.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "cluster/config.h"

/* The part of an address that differs within a range: IPv6 ranges are /64 or smaller. */
static uint64_t low64(const struct addr *a)
{
	uint64_t v;

	memcpy(&v, a->b + sizeof(v), sizeof(v));
	return be64toh(v);
}

/* min(max(16, size / 16), 256), and no static band in a tiny range. */
static uint64_t band_of(uint64_t total)
{
	uint64_t band = total / 16;

	if (total <= 16)
		return 0;
	return band < 16 ? 16 : band > 256 ? 256 : band;
}

static void ip_pool_init(struct ip_pool *p, const struct cidr *cidr)
{
	enum family family = addr_family(&cidr->base);
	unsigned int host_bits = (family == FAMILY_V4 ? 32 : 128) - cidr->bits;
	/* A /64 has one more. */
	uint64_t total = host_bits < 64 ? 1ull << host_bits : UINT64_MAX;
	/* Nobody gets the network's own address, nor IPv4's broadcast address. */
	uint64_t size = host_bits < 64 ? total - (family == FAMILY_V4 ? 2 : 1) : total;

	pool_init(&p->pool, size, band_of(total));
	p->cidr = *cidr;
	p->first = addr_add(&cidr->base, 1);
}

/* 0, -ERANGE, -EEXIST or -ENOMEM. */
static int ip_pool_take(struct ip_pool *p, const struct addr *a)
{
	/* The network's own address becomes a huge number. */
	uint64_t number = low64(a) - low64(&p->first);

	if (!cidr_has(&p->cidr, a) || number >= p->pool.size)
		return -ERANGE;
	return pool_take(&p->pool, number);
}

void ip_alloc_init(struct ip_alloc *a, const struct cluster_config *cfg)
{
	a->cfg = cfg;
	for (enum family f = 0; f < FAMILY_COUNT; f++)
		ip_pool_init(&a->pools[f], &cfg->service_cidrs[f]);
}

void ip_alloc_done(struct ip_alloc *a)
{
	for (enum family f = 0; f < FAMILY_COUNT; f++)
		pool_done(&a->pools[f].pool);
}

static bool has_ip(const struct service *s, const struct addr *ip)
{
	struct addr other;

	if (!s)
		return false;
	vec_each(text, &s->cluster_ips) {
		if (!addr_parse(*text, &other) && !addr_cmp(&other, ip))
			return true;
	}
	return false;
}

int ip_alloc_keep(struct ip_alloc *a, const struct service *now, const struct service *old)
{
	struct addr ip;

	vec_each(text, &now->cluster_ips) {
		if (addr_parse(*text, &ip) < 0 || !has_ip(old, &ip))
			continue;
		if (ip_pool_take(&a->pools[addr_family(&ip)], &ip) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

static void refuse_ip(struct refuse *r, const char *text, const struct ip_pool *p, int why)
{
	char ips[SERVICE_IPS_TEXT_MAX], range[CIDR_TEXT_MAX], what[256];

	if (why == -EEXIST)
		snprintf(what, sizeof(what), "failed to allocate IP %s: provided IP is already "
			 "allocated", text);
	else
		snprintf(what, sizeof(what), "failed to allocate IP %s: the provided IP (%s) is "
			 "not in the valid range. The range of valid IPs is %s", text, text,
			 cidr_text(&p->cidr, range));
	refuse_value(r, service_ips_text(&r->object->u.service, ips), what, "spec.clusterIPs");
}

int ip_alloc_request(struct ip_alloc *a, struct refuse *r, const struct service *old)
{
	struct ip_pool *p;
	struct addr ip;
	int why;

	vec_each(text, &r->object->u.service.cluster_ips) {
		if (addr_parse(*text, &ip) < 0 || has_ip(old, &ip))
			continue;
		p = &a->pools[addr_family(&ip)];
		why = ip_pool_take(p, &ip);
		if (why == -ENOMEM)
			return why;
		if (why < 0)
			refuse_ip(r, *text, p, why);
	}
	return 0;
}

int ip_alloc_fill(struct ip_alloc *a, struct service *s, struct err *reterr)
{
	char text[ADDR_TEXT_MAX];
	uint64_t number;
	int r;

	if (s->headless || s->type == SERVICE_EXTERNAL_NAME)
		return 0;
	while (s->cluster_ips.n < s->ip_families.n) {
		struct ip_pool *p = &a->pools[s->ip_families.at[s->cluster_ips.n]];
		struct addr ip;

		r = pool_next(&p->pool, cluster_random(a->cfg), &number);
		if (r == -ENOSPC)
			return err_set(reterr, ENOSPC, "Internal error occurred: failed to "
				       "allocate a serviceIP: range is full");
		ip = addr_add(&p->first, number);
		if (r < 0 || texts_push(&s->cluster_ips, addr_text(&ip, text)) < 0)
			return err_nomem(reterr);
	}
	return 0;
}
