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
	[SETTING_ECHO] = "echo",
	[SETTING_NODE_PORT_ADDRS] = "node-port-addresses",
	[SETTING_LOCALHOST] = "localhost-node-ports",
	[SETTING_MASQUERADE_ALL] = "masquerade-all",
	[SETTING_CLUSTER_CIDR] = "cluster-cidr",
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
	for (size_t i = 0; i < n; i++) {
		cfg->service_cidrs[addr_family(&given[i].base)] = given[i];
		cfg->service_cidr_given[addr_family(&given[i].base)] = true;
	}
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

static int parse_switch(const char *text, bool *ret, struct err *reterr)
{
	char q[QUOTE_MAX];

	if (strcmp(text, "on") && strcmp(text, "off"))
		return err_set(reterr, EINVAL, "%s is neither \"on\" nor \"off\"", quote(text, q));
	*ret = !strcmp(text, "on");
	return 0;
}

static int set_echo(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	return parse_switch(text, &cfg->traffic.echo, reterr);
}

static int set_localhost(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	return parse_switch(text, &cfg->traffic.localhost_node_ports, reterr);
}

static int set_masquerade_all(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	return parse_switch(text, &cfg->traffic.masquerade_all, reterr);
}

static int set_node_port_addrs(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	struct traffic_config *t = &cfg->traffic;

	t->n_node_port_cidrs = 0;
	t->node_ports_primary = !strcmp(text, "primary");
	if (t->node_ports_primary)
		return 0;
	return parse_cidrs(text, t->node_port_cidrs, NODE_PORT_CIDRS_MAX, &t->n_node_port_cidrs,
			   reterr);
}

/* The CIDRs that are given are all there are: one of IPv4 alone takes that of IPv6 away. */
static int set_cluster_cidr(struct cluster_config *cfg, const char *text, struct err *reterr)
{
	struct traffic_config *t = &cfg->traffic;
	struct cidr given[FAMILY_COUNT];
	size_t n = 0;
	int r;

	memset(t->has_pod_cidr, 0, sizeof(t->has_pod_cidr));
	t->pods_by_device = strcmp(text, "none") != 0;
	if (!strcmp(text, "none") || !strcmp(text, "devices"))
		return 0;
	r = parse_cidrs(text, given, FAMILY_COUNT, &n, reterr);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		enum family f = addr_family(&given[i].base);

		if (t->has_pod_cidr[f])
			return err_set(reterr, EINVAL, "two cluster CIDRs of one family");
		if (!given[i].bits)
			return err_set(reterr, EINVAL, "a cluster CIDR of all addresses would make "
				       "everybody a pod");
		t->has_pod_cidr[f] = true;
		t->pod_cidrs[f] = given[i];
	}
	return 0;
}

static int set_text(struct cluster_config *cfg, enum cluster_setting which, const char *text,
		    struct err *reterr)
{
	static int (*const set[SETTING_COUNT])(struct cluster_config *, const char *,
					       struct err *) = {
		[SETTING_SERVICE_CIDR] = set_service_cidrs,
		[SETTING_NODE_PORTS] = set_node_ports,
		[SETTING_LB_POOL] = set_lb_pools,
		[SETTING_ECHO] = set_echo,
		[SETTING_NODE_PORT_ADDRS] = set_node_port_addrs,
		[SETTING_LOCALHOST] = set_localhost,
		[SETTING_MASQUERADE_ALL] = set_masquerade_all,
		[SETTING_CLUSTER_CIDR] = set_cluster_cidr,
	};

	return set[which](cfg, text, reterr);
}

int cluster_config_set(struct cluster_config *cfg, enum cluster_setting which, const char *text,
		       struct err *reterr)
{
	struct cluster_config now = *cfg;
	int r = set_text(&now, which, text, reterr) ?: cluster_config_check(&now, reterr);

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

static void print_given_cidrs(FILE *out, const struct cluster_config *cfg)
{
	bool first = true;

	for (enum family f = 0; f < FAMILY_COUNT; f++) {
		if (!cfg->service_cidr_given[f])
			continue;
		if (!first)
			fputc(',', out);
		print_cidrs(out, &cfg->service_cidrs[f], 1);
		first = false;
	}
}

static void print_cluster_cidr(FILE *out, const struct traffic_config *t)
{
	struct cidr cidrs[FAMILY_COUNT];
	size_t n = 0;

	for (enum family f = 0; f < FAMILY_COUNT; f++)
		if (t->has_pod_cidr[f])
			cidrs[n++] = t->pod_cidrs[f];
	if (n)
		print_cidrs(out, cidrs, n);
	else
		fputs(t->pods_by_device ? "devices" : "none", out);
}

static void print_switch(FILE *out, bool on)
{
	fputs(on ? "on" : "off", out);
}

static void print_setting(FILE *out, const struct cluster_config *cfg, enum cluster_setting which)
{
	const struct traffic_config *t = &cfg->traffic;

	switch (which) {
	case SETTING_SERVICE_CIDR:
		return print_cidrs(out, cfg->service_cidrs, FAMILY_COUNT);
	case SETTING_NODE_PORTS:
		fprintf(out, "%u-%u", cfg->node_port_min, cfg->node_port_max);
		return;
	case SETTING_LB_POOL:
		return print_cidrs(out, cfg->lb_pools, cfg->n_lb_pools);
	case SETTING_ECHO:
		return print_switch(out, t->echo);
	case SETTING_NODE_PORT_ADDRS:
		if (!t->node_ports_primary)
			return print_cidrs(out, t->node_port_cidrs, t->n_node_port_cidrs);
		fputs("primary", out);
		return;
	case SETTING_LOCALHOST:
		return print_switch(out, t->localhost_node_ports);
	case SETTING_MASQUERADE_ALL:
		return print_switch(out, t->masquerade_all);
	case SETTING_CLUSTER_CIDR:
	case SETTING_COUNT:
		return print_cluster_cidr(out, t);
	}
}

static char *text_of(const struct cluster_config *cfg, enum cluster_setting which, bool given)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (!given || which != SETTING_SERVICE_CIDR)
		print_setting(out, cfg, which);
	else
		print_given_cidrs(out, cfg);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

char *cluster_config_text(const struct cluster_config *cfg, enum cluster_setting which)
{
	return text_of(cfg, which, false);
}

char *cluster_config_given_text(const struct cluster_config *cfg, enum cluster_setting which)
{
	return text_of(cfg, which, true);
}
