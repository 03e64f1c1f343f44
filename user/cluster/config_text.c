/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The settings of a cluster as text, as people give them and as they are stored. */
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "cluster/config.h"

const char *const cluster_setting_names[SETTING_COUNT] = {
	[SETTING_SERVICE_CIDR] = "service-cidr",
	[SETTING_NODE_PORTS] = "node-port-range",
	[SETTING_LB_POOL] = "lb-pool",
};

/* The CIDRs of a comma-separated list into @ret[@max]. */
static int parse_cidrs(const char *text, struct cidr *ret, size_t max, size_t *ret_n,
		       struct err *reterr)
{
	char q[QUOTE_MAX];
	size_t n = 0;

	for (;; text++) {
		size_t len = strcspn(text, ",");
		own(free) char *one = strndup(text, len);

		if (!one)
			return err_nomem(reterr);
		if (n == max)
			return err_set(reterr, EINVAL, "more than %zu CIDRs", max);
		if (cidr_parse(one, &ret[n++]) < 0)
			return err_set(reterr, EINVAL, "%s is not a CIDR like 192.0.2.0/24 or "
				       "2001:db8::/64", quote(one, q));
		text += len;
		if (!*text)
			break;
	}
	*ret_n = n;
	return 0;
}

static int set_service_cidrs(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	struct cidr given[FAMILY_COUNT];
	size_t n;
	int r = parse_cidrs(text, given, FAMILY_COUNT, &n, reterr);

	if (r < 0)
		return r;
	if (n == 2 && addr_family(&given[0].base) == addr_family(&given[1].base))
		return err_set(reterr, EINVAL, "two service CIDRs of one family");
	for (size_t i = 0; i < n; i++)
		cfg->service_cidrs[addr_family(&given[i].base)] = given[i];
	return 0;
}

static int set_node_ports(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	unsigned int min, max;
	char q[QUOTE_MAX];
	int used = 0;

	if (sscanf(text, "%5u-%5u%n", &min, &max, &used) != 2 || text[used] || !min ||
	    max > UINT16_MAX || min > max)
		return err_set(reterr, EINVAL, "%s is not a range of ports like 30000-32767",
			       quote(text, q));
	cfg->node_port_min = (uint16_t)min;
	cfg->node_port_max = (uint16_t)max;
	return 0;
}

static int set_lb_pools(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	cfg->n_lb_pools = 0;
	if (!strcmp(text, "none"))
		return 0;
	return parse_cidrs(text, cfg->lb_pools, LB_POOLS_MAX, &cfg->n_lb_pools, reterr);
}

int cluster_config_set(struct cluster_config *cfg, enum cluster_setting which, const char *text,
		       struct err *reterr)
{
	static int (*const set[SETTING_COUNT])(struct cluster_config *, const char *,
					       struct err *) = {
		[SETTING_SERVICE_CIDR] = set_service_cidrs,
		[SETTING_NODE_PORTS] = set_node_ports,
		[SETTING_LB_POOL] = set_lb_pools,
	};
	struct cluster_config now = *cfg;
	int r = set[which](&now, text, reterr) ?: cluster_config_check(&now, reterr);

	if (!r)
		*cfg = now;
	return r;
}

static void print_cidrs(FILE *out, const struct cidr *cidrs, size_t n)
{
	char text[CIDR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%s", i ? "," : "", cidr_text(&cidrs[i], text));
	if (!n)
		fputs("none", out);
}

char *cluster_config_text(const struct cluster_config *cfg, enum cluster_setting which)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	switch (which) {
	case SETTING_SERVICE_CIDR:
		print_cidrs(out, cfg->service_cidrs, FAMILY_COUNT);
		break;
	case SETTING_NODE_PORTS:
		fprintf(out, "%u-%u", cfg->node_port_min, cfg->node_port_max);
		break;
	case SETTING_LB_POOL:
	case SETTING_COUNT:
		print_cidrs(out, cfg->lb_pools, cfg->n_lb_pools);
		break;
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
