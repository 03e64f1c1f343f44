/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Random configurations: few names and addresses, so that everything meets everything. */
#include "model/config.h"

#include <linux/in.h>
#include <string.h>

#define B32(x) __builtin_bswap32(x)
#define V4(a, b, c, d)                                                                      \
	{ { 0, 0, B32(0xffff), B32((__u32)(a) << 24 | (b) << 16 | (c) << 8 | (d)) } }
#define V6(net, host) { { B32(0x20010db8), B32((__u32)(net) << 16), 0, B32(host) } }

/* The last is this node's own address: somebody's VIP may be. */
const struct host *const config_outside[CONFIG_OUTSIDE] = { &vip, &vip_2, &stranger, &node };

const struct config_range config_ranges[CONFIG_RANGES] = {
	{ "198.51.100.0/24", false, 24, V4(198, 51, 100, 0) },
	{ "198.51.100.8/32", false, 32, V4(198, 51, 100, 8) },
	{ "10.244.1.0/24", false, 24, V4(10, 244, 1, 0) },
	{ " 192.0.2.0/24", false, 24, V4(192, 0, 2, 0) },	/* this node is in it */
	{ "0.0.0.0/0", false, 0, V4(0, 0, 0, 0) },
	{ "128.0.0.0/1", false, 1, V4(128, 0, 0, 0) },
	{ "2001:db8:100::/48", true, 48, V6(0x100, 0) },
	{ "2001:db8:1001::10/128", true, 128, V6(0x1001, 0x10) },
	{ "2001:db8:200::/64 ", true, 64, V6(0x200, 0) },	/* this node is in it */
};

const struct config_range config_pod_range[2] = {
	{ "10.244.0.0/16", false, 16, V4(10, 244, 0, 0) },
	{ "2001:db8:1000::/44", true, 44, V6(0x1000, 0) },
};

const struct config_range config_cidrs[CIDR_COUNT][2] = {
	[CIDR_CLUSTER] = {
		{ "10.96.0.0/16", false, 16, V4(10, 96, 0, 0) },
		{ "fd00:10:96::/64", true, 64, { { B32(0xfd000010), B32(0x960000), 0, 0 } } },
	},
	[CIDR_HOME] = {
		{ "192.0.2.0/24", false, 24, V4(192, 0, 2, 0) },
		{ "2001:db8:200::/64", true, 64, V6(0x200, 0) },
	},
};

/* Behind the gateway, as far as there is a way: route.c. */
const struct host unallocated = {
	"unallocated", DEV_UP0, { 2, 0, 0, 0, 2, 0xfe },
	{ V4(10, 96, 0, 77), { { B32(0xfd000010), B32(0x960000), 0, B32(77) } } },
};
const struct host unrouted = {
	"unrouted", DEV_UP0, { 0 },
	{ V4(10, 96, 9, 9), { { B32(0xfd000010), B32(0x960000), 0, B32(0x90009) } } },
};
const struct host neighbour = {
	"neighbour", DEV_UP0, { 0 }, { V4(192, 0, 2, 55), V6(0x200, 0x55) },
};

static const struct host *const endpoint_hosts[] = {
	&pod_a, &pod_b, &pod_a, &pod_b, &pod_remote, &pod_remote_2, &pod_remote, &pod_remote_2,
	&pod_remote_3, &pod_far, &pod_narrow, &pod_silent, &pod_lost, &node, &node_up1,
};

struct sluice_addr config_cluster_ip(unsigned i, bool v6)
{
	if (!v6)
		return (struct sluice_addr)V4(10, 96, 0, 10 + i);
	/* fd00:10:96::a and so on */
	return (struct sluice_addr){ { B32(0xfd000010), B32(0x960000), 0, B32(10 + i) } };
}

const char *config_port_name(unsigned service, unsigned port)
{
	static const char *const names[CONFIG_PORTS] = { "first", "second" };

	return service ? names[port] : "";
}

static enum tri tri_random(struct random *r, unsigned yes, unsigned no)
{
	unsigned n = random_below(r, 100);

	return n < yes ? YES : n < yes + no ? NO : ABSENT;
}

static void conditions_random(struct config_endpoint *e, struct random *r)
{
	if (random_percent(r, 70)) {
		e->ready = random_percent(r, 50) ? YES : ABSENT;
		e->serving = random_percent(r, 50) ? YES : ABSENT;
		e->terminating = random_percent(r, 50) ? NO : ABSENT;
		return;
	}
	e->ready = tri_random(r, 20, 60);
	e->serving = tri_random(r, 50, 30);
	e->terminating = tri_random(r, 60, 20);
}

static void endpoint_random(struct config_endpoint *e, struct random *r)
{
	bool hinted = random_percent(r, 25);

	memset(e, 0, sizeof(*e));
	e->host = endpoint_hosts[random_below(r, sizeof(endpoint_hosts) / sizeof(*endpoint_hosts))];
	e->slice = (__u8)random_below(r, CONFIG_SLICES);
	/* Mostly the truth. */
	if (random_percent(r, 85))
		e->node = e->host->dev == DEV_LXC0 || e->host->dev == DEV_LXC1 ||
			  e->host == &node || e->host == &node_up1 ? HERE : ELSEWHERE;
	else
		e->node = (enum where)random_below(r, 3);
	if (hinted) {
		e->node_hints = (__u8)random_below(r, 4);
		e->zone_hints = (__u8)random_below(r, 4);
	}
	conditions_random(e, r);
}

/* Hints count only if all endpoints have some: chance alone would hardly ever do that. */
static void hints_random(struct config_service *s, struct random *r)
{
	bool by_node = random_percent(r, 50);

	for (unsigned i = 0; i < s->n_endpoints; i++) {
		struct config_endpoint *e = &s->endpoints[i];

		*(by_node ? &e->node_hints : &e->zone_hints) = (__u8)(1 + random_below(r, 3));
	}
}

static void endpoints_random(struct config_service *s, struct random *r)
{
	s->n_endpoints = random_percent(r, 12) ? 0 : 1 + random_below(r, CONFIG_ENDPOINTS);
	for (unsigned i = 0; i < s->n_endpoints; i++)
		endpoint_random(&s->endpoints[i], r);
	if (random_percent(r, 15))
		hints_random(s, r);
}

/* Some of @n bits: few. */
static __u16 bits_random(struct random *r, unsigned n, unsigned percent)
{
	__u16 bits = 0;

	for (unsigned i = 0; i < n; i++)
		if (random_percent(r, percent))
			bits |= (__u16)(1u << i);
	return bits;
}

static __u16 target_random(struct random *r)
{
	static const __u16 targets[] = { 8080, 8081, 53, 30001 };

	return targets[random_below(r, 4)];
}

static void ports_random(struct config_service *s, unsigned i, struct random *r)
{
	s->n_ports = i ? 1 + random_below(r, CONFIG_PORTS) : 1;
	for (unsigned k = 0; k < s->n_ports; k++) {
		struct config_port *p = &s->ports[k];

		p->proto = random_percent(r, 45) ? IPPROTO_TCP :
			   random_percent(r, 70) ? IPPROTO_UDP : IPPROTO_SCTP;
		p->port = (__u16)(80 + k);
		p->target[0] = target_random(r);
		p->target[1] = target_random(r);
		p->node_port = (__u16)(30000 + i * CONFIG_PORTS + k);
	}
	/* One number, two protocols. */
	if (s->n_ports == 2 && s->ports[0].proto != s->ports[1].proto && random_percent(r, 50)) {
		s->ports[1].port = s->ports[0].port;
		s->ports[1].node_port = s->ports[0].node_port;
	}
}

/* The times that a case lets pass never add up to one of these. */
static __u32 affinity_random(struct random *r)
{
	static const __u32 secs[] = { 25, 100, 10800 };

	return random_percent(r, 35) ? secs[random_below(r, 3)] : 0;
}

static void policies_random(struct config_service *s, struct random *r)
{
	s->external_local = random_percent(r, 40);
	s->internal_local = random_percent(r, 25);
	s->affinity_sec = affinity_random(r);
	s->external_ips = (__u8)bits_random(r, CONFIG_OUTSIDE, 15);
	s->vips = (__u8)bits_random(r, CONFIG_OUTSIDE, 30);
	s->proxied_vips = (__u8)bits_random(r, CONFIG_OUTSIDE, 15);
	s->ranges = random_percent(r, 50) ? 0 : bits_random(r, CONFIG_RANGES, 20);
}

static void service_random(struct config_service *s, unsigned i, struct random *r)
{
	bool without_ports;
	unsigned n = random_below(r, 4);

	memset(s, 0, sizeof(*s));
	s->exists = true;
	s->others = random_percent(r, 3);
	s->resets = random_percent(r, 20);
	s->type = (enum config_type)random_below(r, 3);
	s->family[0] = n != 1;
	s->family[1] = n != 2;
	policies_random(s, r);
	ports_random(s, i, r);
	without_ports = s->type == TYPE_CLUSTER_IP ||
			(s->type == TYPE_LOAD_BALANCER && random_percent(r, 25));
	for (unsigned k = 0; k < s->n_ports; k++)
		if (without_ports)
			s->ports[k].node_port = 0;
	if (s->type != TYPE_LOAD_BALANCER)
		s->vips = s->ranges = 0;
	if (s->type == TYPE_CLUSTER_IP && !s->external_ips)
		s->external_local = false;	/* the API refuses it */
	endpoints_random(s, r);
}

void config_random(struct config *c, struct random *r)
{
	memset(c, 0, sizeof(*c));
	c->node.no_echo = random_percent(r, 20);
	c->node.masquerade_all = random_percent(r, 15);
	if (random_percent(r, 20))
		c->node.few_ports = random_percent(r, 50) ? 1 : 3;
	c->node.localhost = random_percent(r, 70);
	if (random_percent(r, 40))
		c->node.pods = random_percent(r, 50) ? PODS_BY_CIDR : PODS_NOBODY;
	for (int v6 = 0; v6 < 2; v6++)
		if (random_percent(r, 50))
			c->node.cidr[v6] = random_percent(r, 75) ? CIDR_CLUSTER : CIDR_HOME;
	if (random_percent(r, 40))
		c->node.node_ports = random_percent(r, 50) ? NODE_PORTS_ALL : NODE_PORTS_SECOND;
	c->zone = random_percent(r, 70);
	for (unsigned i = 0; i < CONFIG_SERVICES; i++)
		if (random_percent(r, 85))
			service_random(&c->services[i], i, r);
}

static void endpoint_change(struct config_service *s, struct random *r)
{
	unsigned i = s->n_endpoints ? random_below(r, s->n_endpoints) : 0;

	if (s->n_endpoints && random_percent(r, 40)) {
		s->endpoints[i] = s->endpoints[--s->n_endpoints];
	} else if (s->n_endpoints && random_percent(r, 50)) {
		conditions_random(&s->endpoints[i], r);
	} else if (s->n_endpoints < CONFIG_ENDPOINTS) {
		endpoint_random(&s->endpoints[s->n_endpoints++], r);
	} else {
		endpoint_random(&s->endpoints[i], r);
	}
}

void config_change(struct config *c, struct random *r)
{
	unsigned i = random_below(r, CONFIG_SERVICES);
	struct config_service *s = &c->services[i];

	c->zone ^= random_percent(r, 5);
	if (!s->exists) {
		service_random(s, i, r);
		return;
	}
	switch (random_below(r, 11)) {
	case 0:
		s->exists = false;
		break;
	case 1:
		service_random(s, i, r);
		break;
	case 2:
		s->internal_local = !s->internal_local;
		if (s->type != TYPE_CLUSTER_IP)
			s->external_local = !s->external_local;
		break;
	case 3:
		if (s->type == TYPE_LOAD_BALANCER)
			s->ranges = bits_random(r, CONFIG_RANGES, 20);
		break;
	case 4:
		s->affinity_sec = affinity_random(r);
		break;
	case 5:
		s->ports[random_below(r, s->n_ports)].target[random_below(r, CONFIG_SLICES)] =
			target_random(r);
		break;
	case 6:
		s->ports[0].port ^= 8;		/* 88 is nobody else's */
		break;
	case 7:
		s->n_endpoints = 0;
		s->resets ^= random_percent(r, 50);
		break;
	default:
		endpoint_change(s, r);
	}
}
