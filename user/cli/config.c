/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * sluice config: the ranges that an instance gives out of, and how it treats what Services leave
 * open, shown or set for good.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/say.h"
#include "cli/session.h"
#include "daemon/settings.h"
#include "datapath/netlink.h"

struct config_opts {
	option_list values[SETTING_COUNT];	/* by setting; several are one list */
};

static int print_settings(const struct cluster_config *cfg, struct err *reterr)
{
	for (enum cluster_setting i = 0; i < SETTING_COUNT; i++) {
		own(free) char *text = cluster_config_text(cfg, i);

		if (!text)
			return err_nomem(reterr);
		printf("%-20s %s\n", cluster_setting_names[i], text);
	}
	return 0;
}

static int show(const struct cmd_context *ctx, struct err *reterr)
{
	own(store_close) struct store *store = NULL;
	struct cluster_config cfg;
	int r = session_read(ctx, &store, NULL, reterr);

	if (!r)
		r = settings_load(store, &cfg, reterr);
	return r ?: print_settings(&cfg, reterr);
}

static int set_one(struct store *store, struct cluster_config *cfg, enum cluster_setting which,
		   const option_list *values, struct err *reterr)
{
	own(free) char *text = NULL;
	size_t size;
	FILE *out;
	int r;

	if (!values->n)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return err_nomem(reterr);
	vec_each(v, values)
		fprintf(out, "%s%s", v == values->at ? "" : ",", *v);
	if (fclose(out))
		return err_nomem(reterr);
	r = cluster_config_set(cfg, which, text, reterr);
	if (r < 0)
		err_prefix(reterr, "--%s", cluster_setting_names[which]);
	return r ?: settings_save(store, cfg, which, reterr);
}

/* Services that waited for an address get theirs at once. */
static int balance_stored(struct store *store, const struct cluster_config *cfg,
			  struct err *reterr)
{
	own(snapshot_done) struct snapshot before = { 0 }, after = { 0 };
	int r = store_load(store, &before, reterr) ?: store_load(store, &after, reterr);

	return r ?: cluster_balance(&after, cfg, reterr) ?:
	       store_save(store, &before, &after, reterr);
}

/* Every instance of a cluster has the same pools, so this host's addresses are not left out. */
static int pools_warn(const struct cluster_config *cfg, struct err *reterr)
{
	netlink_addr_vec addrs = { 0 };
	char text[ADDR_TEXT_MAX], line[256];
	int r = netlink_addrs(&addrs, reterr);

	vec_each(a, &addrs) {
		for (size_t i = 0; i < cfg->n_lb_pools; i++) {
			if (!cidr_has(&cfg->lb_pools[i], &a->addr))
				continue;
			snprintf(line, sizeof(line), "%s of this host is in the pool: what listens there "
				 "is out of reach once a Service gets that address; name it in a "
				 "Node's status.addresses, or another range",
				 addr_text(&a->addr, text));
			say_warning_text(NULL, line);
		}
	}
	vec_done(&addrs);
	return r;
}

/* *@ret_wrong: it failed for what the options say. */
static int set(const struct cmd_context *ctx, const struct config_opts *o, bool *ret_wrong,
	       struct err *reterr)
{
	own(session_done) struct session s = { 0 };
	struct cluster_config cfg;
	int r = session_begin(&s, ctx, SESSION_MAPS, reterr) ?:
		settings_load(s.store, &cfg, reterr);

	for (enum cluster_setting i = 0; !r && i < SETTING_COUNT; i++)
		r = set_one(s.store, &cfg, i, &o->values[i], reterr);
	*ret_wrong = r == -EINVAL;
	if (!r && o->values[SETTING_LB_POOL].n)
		r = pools_warn(&cfg, reterr);
	if (!r)
		r = balance_stored(s.store, &cfg, reterr);
	return r ?: session_end(&s, NULL, reterr);
}

static int cmd_config(const struct cmd_context *ctx, int argc, char **argv)
{
	const struct config_opts *o = ctx->opts;
	struct err e = { 0 };
	bool given = false, wrong = false;
	int r;

	if (argc)
		return say_usage(ctx, "unexpected \"%s\"", argv[0]);
	for (enum cluster_setting i = 0; i < SETTING_COUNT; i++)
		given |= o->values[i].n > 0;
	r = given ? set(ctx, o, &wrong, &e) : show(ctx, &e);
	if (wrong)
		return say_usage(ctx, "%s", e.text);
	return r ? say_failure(&e) : EXIT_SUCCESS;
}

#define VALUES(setting) OPTION_LIST(struct config_opts, values[setting])

static const struct option_row config_options[] = {
	{ .name = "service-cidr", .arg = "CIDR", .help = "ClusterIPs are taken from here; repeatable, "
	  "one of each family", VALUES(SETTING_SERVICE_CIDR) },
	{ .name = "node-port-range", .arg = "MIN-MAX", .help = "node ports are taken from here",
	  VALUES(SETTING_NODE_PORTS) },
	{ .name = "lb-pool", .arg = "CIDR", .help = "addresses for Services of type LoadBalancer are "
	  "taken from here; repeatable; none", VALUES(SETTING_LB_POOL) },
	{ .name = "node-port-addresses", .arg = "CIDR", .help = "node ports answer at this host's "
	  "addresses in here; repeatable; primary", VALUES(SETTING_NODE_PORT_ADDRS) },
	{ .name = "localhost-node-ports", .arg = "on|off", .help = "and at 127.0.0.1, for processes "
	  "of this host", VALUES(SETTING_LOCALHOST) },
	{ .name = "echo", .arg = "on|off", .help = "answer pings of Services' addresses",
	  VALUES(SETTING_ECHO) },
	{ .name = "masquerade-all", .arg = "on|off", .help = "replace the address of whoever dials a "
	  "ClusterIP, pods too", VALUES(SETTING_MASQUERADE_ALL) },
	{ .name = "cluster-cidr", .arg = "CIDR", .help = "who has such an address is a pod, wherever "
	  "it comes from; devices, none", VALUES(SETTING_CLUSTER_CIDR) },
	{ 0 },
};

const struct command command_config = {
	.name = "config",
	.args = "",
	.summary = "show or set the ranges of addresses and ports, and traffic's rules",
	.details = "Without options: show them. What is set stays set for this instance; what was\n"
		   "given out before stays with its Services. A pool serves Services of type\n"
		   "LoadBalancer without loadBalancerClass, or with \"" LB_CLASS "\".\n",
	.options = config_options,
	.opts_size = sizeof(struct config_opts),
	.run = cmd_config,
};
