/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/config.h"

#include <assert.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

struct cluster_config cluster_config_builtin(void)
{
	struct cluster_config cfg = {
		.node_port_min = 30000,
		.node_port_max = 32767,
		.traffic = {
			.echo = true,
			.node_ports_primary = true,
			.localhost_node_ports = true,
			.pods_by_device = true,
		},
	};
	int r = cidr_parse("10.96.0.0/12", &cfg.service_cidrs[FAMILY_V4]);

	r |= cidr_parse("fd00:10:96::/112", &cfg.service_cidrs[FAMILY_V6]);
	assert(!r);
	return cfg;
}

static bool cidrs_overlap(const struct cidr *a, const struct cidr *b)
{
	return cidr_has(a, &b->base) || cidr_has(b, &a->base);
}

/* An address has one owner: no two ranges may both give it out. */
static int check_overlap(const struct cluster_config *cfg, size_t i, struct err *reterr)
{
	const struct cidr *pool = &cfg->lb_pools[i];
	char text[CIDR_TEXT_MAX], other[CIDR_TEXT_MAX];

	for (size_t j = 0; j < i; j++) {
		if (cidrs_overlap(pool, &cfg->lb_pools[j]))
			return err_set(reterr, EINVAL, "load balancer pool %s: overlaps %s",
				       cidr_text(pool, text), cidr_text(&cfg->lb_pools[j], other));
	}
	for (enum family f = 0; f < FAMILY_COUNT; f++) {
		if (cidrs_overlap(pool, &cfg->service_cidrs[f]))
			return err_set(reterr, EINVAL, "load balancer pool %s: overlaps the service "
				       "CIDR %s", cidr_text(pool, text),
				       cidr_text(&cfg->service_cidrs[f], other));
	}
	return 0;
}

static int check_hosts(const char *what, const struct cidr *c, struct err *reterr)
{
	const struct addr *a = &c->base;
	char text[CIDR_TEXT_MAX];

	if (addr_is_unspecified(a) || addr_is_loopback(a) || addr_is_link_local(a) ||
	    addr_is_multicast(a))
		return err_set(reterr, EINVAL, "%s %s: these are not addresses of hosts", what,
			       cidr_text(c, text));
	return 0;
}

static int check_pools(const struct cluster_config *cfg, struct err *reterr)
{
	char text[CIDR_TEXT_MAX];
	int r = 0;

	for (size_t i = 0; !r && i < cfg->n_lb_pools; i++) {
		const struct cidr *pool = &cfg->lb_pools[i];

		r = check_hosts("load balancer pool", pool, reterr);
		if (r)
			return r;
		/* It also lets an address in the range be 64 bits. */
		if (pool->bits < (addr_family(&pool->base) == FAMILY_V4 ? 8 : 64))
			return err_set(reterr, EINVAL, "load balancer pool %s: must be /8 or smaller, "
				       "of IPv6 /64 or smaller", cidr_text(pool, text));
		r = check_overlap(cfg, i, reterr);
	}
	return r;
}

int cluster_config_check(const struct cluster_config *cfg, struct err *reterr)
{
	const struct cidr *v4 = &cfg->service_cidrs[FAMILY_V4];
	const struct cidr *v6 = &cfg->service_cidrs[FAMILY_V6];
	char text[CIDR_TEXT_MAX];
	int r;

	/* What is in it and no Service's is dropped: nobody means a larger part of the world. */
	if (addr_family(&v4->base) != FAMILY_V4 || v4->bits < 8 || v4->bits > 30)
		return err_set(reterr, EINVAL, "service CIDR %s: must be IPv4, from /8 to /30",
			       cidr_text(v4, text));
	/* Kubernetes' own limit. It also lets an address in the range be 64 bits. */
	if (addr_family(&v6->base) != FAMILY_V6 || v6->bits < 64 || v6->bits > 126)
		return err_set(reterr, EINVAL, "service CIDR %s: must be IPv6, from /64 to /126",
			       cidr_text(v6, text));
	r = check_hosts("service CIDR", v4, reterr) ?: check_hosts("service CIDR", v6, reterr);
	if (r)
		return r;
	if (!cfg->node_port_min || cfg->node_port_max < cfg->node_port_min)
		return err_set(reterr, EINVAL, "node port range %u-%u is empty",
			       cfg->node_port_min, cfg->node_port_max);
	return check_pools(cfg, reterr);
}

uint64_t cluster_random(const struct cluster_config *cfg)
{
	struct timespec now = { 0 };
	uint64_t v;

	if (cfg->random)
		return cfg->random(cfg->random_arg);
	if (getrandom(&v, sizeof(v), 0) == sizeof(v))
		return v;
	/* It only spreads allocations: any number that differs from run to run will do. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return hash_mix(hash_bytes(HASH_INIT, &now, sizeof(now)));
}
