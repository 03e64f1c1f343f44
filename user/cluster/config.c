/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/config.h"

#include <assert.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

struct cluster_config cluster_config_default(void)
{
	struct cluster_config cfg = { .node_port_min = 30000, .node_port_max = 32767 };
	int r = cidr_parse("10.96.0.0/12", &cfg.service_cidrs[FAMILY_V4]);

	r |= cidr_parse("fd00:10:96::/112", &cfg.service_cidrs[FAMILY_V6]);
	assert(!r);
	return cfg;
}

int cluster_config_check(const struct cluster_config *cfg, struct err *reterr)
{
	const struct cidr *v4 = &cfg->service_cidrs[FAMILY_V4];
	const struct cidr *v6 = &cfg->service_cidrs[FAMILY_V6];
	char text[CIDR_TEXT_MAX];

	if (addr_family(&v4->base) != FAMILY_V4 || v4->bits > 30)
		return err_set(reterr, EINVAL, "service CIDR %s: must be IPv4, /30 or larger",
			       cidr_text(v4, text));
	/* Kubernetes' own limit. It also lets an address in the range be 64 bits. */
	if (addr_family(&v6->base) != FAMILY_V6 || v6->bits < 64 || v6->bits > 126)
		return err_set(reterr, EINVAL, "service CIDR %s: must be IPv6, from /64 to /126",
			       cidr_text(v6, text));
	if (!cfg->node_port_min || cfg->node_port_max < cfg->node_port_min)
		return err_set(reterr, EINVAL, "node port range %u-%u is empty",
			       cfg->node_port_min, cfg->node_port_max);
	return 0;
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
