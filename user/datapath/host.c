/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What this host is, as far as the image and the programs must know.
 */
#include "datapath/datapath.h"

#include <string.h>

#include "datapath/linkdir.h"
#include "datapath/handle.h"
#include "datapath/netlink.h"
#include "datapath/ports.h"
#include "plan/cover.h"

/*
 * Timeouts, as Linux's conntrack and kube-proxy set them (semantics 2.11), so that nobody's
 * connection ends earlier than with those: idle TCP lives for a day, CLOSE_WAIT for an hour
 * because one side may go on sending.
 */
#define SYN_SEC 60		/* a SYN is repeated for about that long */
#define ESTABLISHED_SEC 86400
#define HALF_CLOSED_SEC 3600
#define CLOSING_SEC 60		/* late segments of both sides */
#define UDP_SEC 120		/* conntrack's for a stream; a query needs no more either */

/* RST and ICMP a second and CPU: more than people produce, less than an amplifier needs. */
#define REJECT_PER_SEC 1000

/* Any constant will do, but all nodes must choose backends alike. */
#define CHOOSE_SEED 0x736c7563u

struct host {
	netlink_addr_vec addrs;
	VEC(uint32_t) uplinks;		/* attached ones, by ifindex */
};

static void host_done(struct host *h)
{
	vec_done(&h->addrs);
	vec_done(&h->uplinks);
}
DEFINE_OWN_DONE(struct host, host_done)

static int ifindex_cmp(const void *a, const void *b)
{
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

static int uplinks_read(struct datapath *dp, struct host *h, struct err *reterr)
{
	own(linkdirs_done) linkdir_vec dirs = { 0 };
	int r = dp ? linkdirs_read(&dp->pins, &dirs, reterr) : 0;

	if (r < 0)
		return r;
	vec_each(d, &dirs)
		if (d->role == ROLE_UPLINK && d->here && vec_push(&h->uplinks, d->ifindex) < 0)
			return err_nomem(reterr);
	if (h->uplinks.n)
		qsort(h->uplinks.at, h->uplinks.n, sizeof(*h->uplinks.at), ifindex_cmp);
	return 0;
}

static bool is_uplink(const struct host *h, uint32_t ifindex)
{
	vec_each(u, &h->uplinks)
		if (*u == ifindex)
			return true;
	return false;
}

/*
 * The node's address: of the uplink that the default route leaves by, else of the first uplink
 * that has one, else (nothing attached yet) of the default route's device, else any. NULL if
 * the host is without the family.
 */
static const struct addr *node_addr(const struct host *h, enum family f)
{
	uint32_t out = netlink_default_device(f);
	const struct addr *a = NULL;

	if (out && (!h->uplinks.n || is_uplink(h, out)))
		a = netlink_addr_choose(&h->addrs, out, f);
	for (size_t i = 0; !a && i < h->uplinks.n; i++)
		a = netlink_addr_choose(&h->addrs, h->uplinks.at[i], f);
	if (!a && out)
		a = netlink_addr_choose(&h->addrs, out, f);
	return a ? a : netlink_addr_choose(&h->addrs, 0, f);
}

/* The first uplink: of several, the one of the default route. */
static uint32_t uplink_ifindex(const struct host *h)
{
	for (enum family f = FAMILY_V4; f < FAMILY_COUNT; f++) {
		uint32_t out = netlink_default_device(f);

		if (out && is_uplink(h, out))
			return out;
	}
	return h->uplinks.n ? h->uplinks.at[0] : 0;
}

/* Never loopback, which only this host can mean, nor what every link has once more. */
static bool may_have_node_ports(const struct addr *a)
{
	return !addr_is_loopback(a) && !addr_is_link_local(a) && !addr_is_multicast(a);
}

static bool is_selected(const struct traffic_config *t, const struct addr *a)
{
	bool any = false;

	for (size_t i = 0; i < t->n_node_port_cidrs; i++) {
		if (cidr_has(&t->node_port_cidrs[i], a))
			return true;
		any |= addr_family(&t->node_port_cidrs[i].base) == addr_family(a);
	}
	return !any;	/* a list that says nothing of a family takes all of it */
}

static bool has_addr(const struct node_facts *facts, const struct addr *a)
{
	vec_each(b, &facts->node_port_addrs)
		if (!addr_cmp(a, b))
			return true;
	return false;
}

static int node_ports_fill(const struct host *h, const struct traffic_config *t,
			   struct node_facts *facts)
{
	facts->node_port_addrs.n = 0;
	for (enum family f = FAMILY_V4; t->node_ports_primary && f < FAMILY_COUNT; f++) {
		const struct addr *a = node_addr(h, f);

		if (a && vec_push(&facts->node_port_addrs, *a) < 0)
			return -ENOMEM;
	}
	vec_each(a, &h->addrs) {
		if (t->node_ports_primary || !may_have_node_ports(&a->addr) ||
		    !is_selected(t, &a->addr) || has_addr(facts, &a->addr))
			continue;
		if (vec_push(&facts->node_port_addrs, a->addr) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int facts_fill(const struct host *h, const struct cluster_config *cfg,
		      struct node_facts *facts, struct err *reterr)
{
	int r = node_ports_fill(h, &cfg->traffic, facts);

	facts->addrs.n = 0;
	facts->service_cidrs.n = 0;
	facts->localhost_node_ports = cfg->traffic.localhost_node_ports;
	vec_each(a, &h->addrs)
		r = r ?: vec_push(&facts->addrs, a->addr);
	for (enum family f = FAMILY_V4; !r && f < FAMILY_COUNT; f++)
		if (cfg->service_cidr_given[f])
			r = vec_push(&facts->service_cidrs, cfg->service_cidrs[f]);
	return r ? err_nomem(reterr) : 0;
}

/* What of the settings is a person's. */
static void traffic_fill(const struct traffic_config *t, struct sluice_settings *s)
{
	struct cover pods[FAMILY_COUNT] = { 0 };

	for (enum family f = FAMILY_V4; f < FAMILY_COUNT; f++)
		if (t->has_pod_cidr[f])
			cover_add_cidr(&pods[f], &t->pod_cidrs[f]);
	s->pods4 = cover_net4(&pods[FAMILY_V4]);
	s->pods6 = cover_net6(&pods[FAMILY_V6]);
	s->flags = (t->echo ? SLUICE_SET_ECHO : 0) |
		   (t->masquerade_all ? SLUICE_SET_MASQUERADE : 0) |
		   (t->pods_by_device ? 0 : SLUICE_SET_NO_PODS) |
		   (t->localhost_node_ports ? SLUICE_SET_LOCALHOST : 0);
}

static void settings_fill(const struct host *h, const struct traffic_config *traffic,
			  struct port_range snat, struct sluice_settings *ret)
{
	const struct addr *v4 = node_addr(h, FAMILY_V4), *v6 = node_addr(h, FAMILY_V6);
	struct sluice_settings s = {
		.snat_min = snat.min,
		.snat_max = snat.max,
		.seed = CHOOSE_SEED,
		.lo_ifindex = if_nametoindex("lo"),
		.uplink_ifindex = uplink_ifindex(h),
		.syn_sec = SYN_SEC,
		.established_sec = ESTABLISHED_SEC,
		.closing_sec = CLOSING_SEC,
		.half_closed_sec = HALF_CLOSED_SEC,
		.udp_sec = UDP_SEC,
		.neigh_sec = 1,
		.reject_per_sec = REJECT_PER_SEC,
	};

	if (v4)
		s.node4 = addr_wire(v4);
	if (v6)
		s.node6 = addr_wire(v6);
	traffic_fill(traffic, &s);
	memcpy(ret, &s, sizeof(s));
}

int datapath_host_facts(struct datapath *dp, const struct cluster_config *cfg,
			struct node_facts *facts, struct sluice_settings *settings,
			struct err *reterr)
{
	const struct port_range node_ports = { cfg->node_port_min, cfg->node_port_max };
	own(host_done) struct host h = { 0 };
	struct port_range ephemeral;
	struct port_range snat;
	int r = ports_ephemeral(&ephemeral, reterr)
	    ?: ports_choose(node_ports, ephemeral, &snat, reterr)
	    ?: netlink_addrs(&h.addrs, reterr)
	    ?: uplinks_read(dp, &h, reterr)
	    ?: facts_fill(&h, cfg, facts, reterr);

	if (r < 0)
		return r;
	settings_fill(&h, &cfg->traffic, snat, settings);
	return 0;
}
