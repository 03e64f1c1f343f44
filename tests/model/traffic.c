/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Random cases. A few clients with a few ports dial a few addresses, so that packets hit
 * connections, and connections each other; one packet in four is then spoilt in some way.
 */
#include <linux/in.h>
#include <string.h>

#include "model/case.h"
#include "model/rules.h"

/* Who opens connections; more than once: more often. The last ones have no business here. */
static const struct host *const clients[] = {
	&client_a, &client_a, &client_b, &client_b, &pod_a, &pod_a, &pod_b, &pod_b, &node, &node,
	&node_up1, &pod_far, &pod_remote, &vip, &stranger, &localhost,
};

/* A talk that the generator remembers, to go on with. */
struct talk_seen {
	const struct host *client;
	struct tuple ask;
};

#define TALKS 24

struct traffic {
	struct random *r;
	const struct config *config;
	struct rule_fronts fronts;
	unsigned n_talks;
	struct talk_seen talks[TALKS];
	__u16 next_id;
	unsigned n_rest;		/* fragments that follow a first one: */
	struct shot first;
};

static const struct host *host_of(const struct sluice_addr *a, bool v6)
{
	static const struct host *const all[] = {
		&client_a, &client_b, &pod_a, &pod_b, &node, &node_up1, &pod_far, &pod_remote,
		&pod_remote_2, &pod_remote_3, &pod_narrow, &pod_silent, &localhost,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (rule_same_addr(&all[i]->ip[v6], a, v6))
			return all[i];
	return NULL;
}

/* ---- where a packet is met ---------------------------------------------------------- */

static bool is_pod(const struct host *h)
{
	return h->dev == DEV_LXC0 || h->dev == DEV_LXC1;
}

static bool is_node(const struct host *h)
{
	return h == &node || h == &node_up1 || h == &vip || h == &localhost;
}

/* What a process of the node sends leaves by the uplinks, to a pod, or through lo. */
static void arrive_from_node(struct shot *s, const struct host *h, struct random *r)
{
	unsigned by_lo = h == &localhost ? 90 : 20, out = h == &localhost ? 5 : 60;
	unsigned n = random_below(r, 100);

	s->hook = n < by_lo ? HOOK_LO_OUT : n < by_lo + out ? HOOK_UPLINK_OUT : HOOK_WORKLOAD_OUT;
	s->dev = s->hook == HOOK_LO_OUT ? DEV_LO :
		 s->hook == HOOK_UPLINK_OUT ? (random_percent(r, 80) ? DEV_UP0 : DEV_UP1) : DEV_LXC0;
	s->forwarded = s->hook != HOOK_LO_OUT && random_percent(r, 5);
	if (s->hook == HOOK_LO_OUT)
		return;
	memcpy(s->smac, scene_mac(s->dev), 6);
	memcpy(s->dmac, client_a.mac, 6);
}

static void arrive(struct shot *s, const struct host *h, struct random *r)
{
	if (random_percent(r, 2))
		h = clients[random_below(r, sizeof(clients) / sizeof(clients[0]))];
	if (is_node(h)) {
		arrive_from_node(s, h, r);
		return;
	}
	s->dev = h->dev;
	s->hook = is_pod(h) ? HOOK_WORKLOAD_IN : HOOK_UPLINK_IN;
	if (s->hook == HOOK_UPLINK_IN && s->dev == DEV_UP0 && random_percent(r, 75))
		s->hook = HOOK_XDP;
	s->again = s->hook == HOOK_XDP && random_percent(r, 10);
	memcpy(s->smac, h->mac, 6);
	memcpy(s->dmac, scene_mac(s->dev), 6);
}

/* ---- which packet ------------------------------------------------------------------- */

static __u8 flags_random(struct random *r, enum direction d)
{
	static const __u8 usual[2][8] = {
		{ SYN, ACK, ACK, ACK, ACK | PSH, FIN | ACK, RST, SYN },
		{ SYN | ACK, SYN | ACK, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST | ACK, ACK },
	};

	return random_percent(r, 96) ? usual[d][random_below(r, 8)] : (__u8)random_below(r, 64);
}

static struct shot shot_random(const struct tuple *ask, enum direction d, struct random *r)
{
	struct shot s = { .ask = *ask, .direction = d, .ttl = 64, .seq = 0x10000000 };

	if (ask->proto == IPPROTO_TCP)
		s.flags = flags_random(r, d);
	if (s.flags & SYN)
		s.nops = 4;
	else
		s.payload = (__u16)(random_percent(r, 50) ? random_below(r, 64) : 0);
	s.seq += random_below(r, 1000);
	s.ack = random_percent(r, 85) ? ACK_RIGHT : (enum ack_number)random_below(r, 4);
	s.no_csum = ask->proto != IPPROTO_TCP && random_percent(r, 10);
	return s;
}

static void client_choose(struct traffic *t, struct talk_seen *ret)
{
	static const __u16 ports[] = { 40000, 40001, 40002, 61007, 80 };

	ret->client = clients[random_below(t->r, sizeof(clients) / sizeof(clients[0]))];
	ret->ask.src = ret->client->ip[ret->ask.v6];
	ret->ask.sport = ports[random_below(t->r, 5)];
}

/* An address that no Service has, or that perhaps none has at the moment. */
static struct sluice_addr nobody_choose(struct traffic *t, bool v6)
{
	static const struct host *const nobody[] = { &unallocated, &unrouted, &neighbour };

	if (random_percent(t->r, 50))
		return config_cluster_ip(random_below(t->r, CONFIG_SERVICES), v6);
	return nobody[random_below(t->r, 3)]->ip[v6];
}

/* Somebody dials something: mostly what is there. */
static struct talk_seen talk_new(struct traffic *t)
{
	static const __u8 protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP };
	struct talk_seen new = { 0 };

	new.ask.v6 = random_percent(t->r, 50);
	new.ask.proto = protos[random_below(t->r, 3)];
	if (t->fronts.n) {
		const struct rule_front *f = &t->fronts.at[random_below(t->r, t->fronts.n)];

		new.ask.v6 = f->of.v6;
		new.ask.proto = f->proto;
		new.ask.dst = f->addr;
		new.ask.dport = f->port;
	} else {
		new.ask.dst = node.ip[new.ask.v6];
		new.ask.dport = 30000;
	}
	client_choose(t, &new);
	if (rule_same_addr(&new.ask.dst, &localhost.ip[new.ask.v6], new.ask.v6) &&
	    random_percent(t->r, 80)) {
		new.client = &localhost;
		new.ask.src = localhost.ip[new.ask.v6];
	}
	if (random_percent(t->r, t->config->node.cidr[new.ask.v6] ? 8 : 2))
		new.ask.dst = nobody_choose(t, new.ask.v6);
	if (random_percent(t->r, 1))
		new.ask.dst = localhost.ip[new.ask.v6];	/* [::1] too */
	if (random_percent(t->r, 3))
		new.ask.dport ^= 1;
	if (random_percent(t->r, 3))
		new.ask.proto = protos[random_below(t->r, 3)];
	if (random_percent(t->r, 2))
		new.ask.dst = client_b.ip[new.ask.v6];
	return new;
}

static const struct talk_seen *talk_choose(struct traffic *t)
{
	unsigned i;

	if (t->n_talks && random_percent(t->r, 75))
		return &t->talks[random_below(t->r, t->n_talks)];
	i = t->n_talks < TALKS ? t->n_talks++ : random_below(t->r, TALKS);
	t->talks[i] = talk_new(t);
	return &t->talks[i];
}

/* A reply comes from the endpoint: a guess, for who it is shows only when it is sent. */
static const struct host *replier(struct traffic *t, const struct tuple *ask)
{
	const struct rule_front *f = rule_front_find(&t->fronts, &ask->dst, ask->dport, ask->proto,
						     ask->v6);
	const struct config_service *s = f ? &t->config->services[f->of.service] : NULL;

	if (!s || !s->n_endpoints)
		return &pod_remote;
	return s->endpoints[random_below(t->r, s->n_endpoints)].host;
}

/* ---- ICMP errors -------------------------------------------------------------------- */

static void error_random(struct shot *s, struct random *r)
{
	static const struct icmp_error v4[] = { { 3, 3, 0 }, { 3, 4, 1280 }, { 11, 0, 0 },
						{ 12, 0, 0 }, { 8, 0, 0 }, { 5, 0, 0 } };
	static const struct icmp_error v6[] = { { 1, 4, 0 }, { 2, 0, 1280 }, { 3, 0, 0 },
						{ 4, 0, 0 }, { 128, 0, 0 }, { 5, 0, 0 } };
	unsigned i = random_below(r, random_percent(r, 80) ? 4 : 6);

	s->error = true;
	s->icmp = s->ask.v6 ? v6[i] : v4[i];
	s->router = random_percent(r, 50) ? client_b.ip[s->ask.v6] : node_up1.ip[s->ask.v6];
	s->quoted = (__u16)(random_percent(r, 40) ? 0 : 20 + random_below(r, 60));
	s->payload = (__u16)random_below(r, 64);
	/* What was sent to the endpoint, or by it, or (wrongly) the client's own packet. */
	s->translated = random_percent(r, 90);
	if (random_percent(r, 10))
		s->ext = EXT_SHORT;
}

/* ---- spoiling ----------------------------------------------------------------------- */

static void poke_random(struct shot *s, struct random *r)
{
	/* Bytes that decide something, in either family. */
	static const __u16 offs[] = { 12, 14, 16, 18, 20, 22, 23, 24, 34, 38, 40, 46, 47, 50, 54,
				      58, 60, 66, 70 };

	for (unsigned i = 0; i < 1 + random_below(r, SHOT_POKES); i++) {
		struct shot_poke *p = &s->poke[i];

		p->off = offs[random_below(r, sizeof(offs) / sizeof(offs[0]))];
		p->len = (__u8)(1 + random_below(r, 2));
		p->bytes[0] = (__u8)random_below(r, random_percent(r, 50) ? 256 : 8);
		p->bytes[1] = (__u8)random_below(r, 256);
	}
}

static void spoil(struct shot *s, struct random *r)
{
	static const __u16 fragments[] = { 0x2000, 0x0001, 0x2005, 0x8000 };

	switch (random_below(r, 12)) {
	case 0:
		s->ttl = (__u8)random_below(r, 3);
		break;
	case 1:
		s->padding = (__u16)(1 + random_below(r, 30));
		break;
	case 2:
		s->cut = (__u16)(1 + random_below(r, 40));
		break;
	case 3:
	case 4:
		s->ext = (enum ext)random_below(r, EXT_COUNT);
		break;
	case 5:
		s->dmac[random_below(r, 6)] ^= (__u8)(1u << random_below(r, 8));
		break;
	case 6:
		memset(s->dmac, 0xff, 6);
		break;
	case 7:
		s->fragment = fragments[random_below(r, 4)];
		break;
	case 8:
		s->payload = (__u16)(1100 + random_below(r, 400));	/* around the MTUs */
		s->fragment = random_percent(r, 50) ? 0x8000 : 0;	/* without DF */
		break;
	default:
		poke_random(s, r);
	}
}

/* Several packets in one, as GRO and TSO make them: larger than any MTU on the way. */
static void join(struct shot *s, struct random *r)
{
	if (s->ask.proto == IPPROTO_SCTP || s->flags & (SYN | FIN | RST))
		return;
	s->segs = (__u8)(2 + random_below(r, 3));
	s->payload = (__u16)(s->segs * (100 + random_below(r, 350)));
}

/* ---- a case ------------------------------------------------------------------------- */

/* Makes a shot the first fragment of a datagram, and remembers it for the others. */
static void fragment_begin(struct traffic *t, struct shot *s)
{
	s->fragment = 0x2000;
	if (s->ask.v6)
		s->ext = random_percent(t->r, 70) ? EXT_FRAGMENT : EXT_FRAGMENT_OPTIONS;
	t->first = *s;
	t->n_rest = 1 + random_below(t->r, 3);
}

/* By another device than the first one. */
static void fragment_detour(struct shot *s)
{
	static const enum device other[DEV_COUNT] = {
		DEV_LO, DEV_UP1, DEV_UP0, DEV_LXC1, DEV_LXC0,
	};

	if (s->hook == HOOK_XDP)
		s->hook = HOOK_UPLINK_IN;	/* XDP is on one of them */
	s->dev = other[s->dev];
	if (s->hook == HOOK_UPLINK_IN)
		memcpy(s->dmac, scene_mac(s->dev), 6);
}

static struct shot fragment_next(struct traffic *t)
{
	struct shot s = t->first;

	t->n_rest--;
	s.fragment = (__u16)(1 + random_below(t->r, 180)) | (t->n_rest ? 0x2000 : 0);
	s.payload = (__u16)random_below(t->r, random_percent(t->r, 10) ? 1400 : 64);
	if (s.hook == HOOK_XDP && random_percent(t->r, 25))
		s.hook = HOOK_UPLINK_IN;
	if (random_percent(t->r, 5))
		s.ttl = (__u8)random_below(t->r, 3);
	if (random_percent(t->r, 10))
		fragment_detour(&s);
	if (random_percent(t->r, 3))
		s.id = t->next_id++;	/* whose first one nobody saw */
	return s;
}

static struct shot shot_next(struct traffic *t)
{
	const struct talk_seen *talk = talk_choose(t);
	enum direction d = random_percent(t->r, 45) ? REPLY : ASK;
	const struct host *from = d == ASK ? talk->client : replier(t, &talk->ask);
	struct shot s;

	if (t->n_rest && random_percent(t->r, 70))
		return fragment_next(t);
	s = shot_random(&talk->ask, d, t->r);
	s.id = t->next_id++;
	s.echo = random_percent(t->r, 4);
	if (!s.echo && random_percent(t->r, 8)) {
		error_random(&s, t->r);
		/* It comes from the other side. */
		from = d == ASK ? replier(t, &talk->ask) : talk->client;
	}
	arrive(&s, host_of(&from->ip[talk->ask.v6], talk->ask.v6) ?: from, t->r);
	if (random_percent(t->r, 20))
		spoil(&s, t->r);
	else if (!s.error && random_percent(t->r, s.echo ? 20 : 6))
		fragment_begin(t, &s);
	else if (!s.error && !s.echo && s.hook != HOOK_XDP && random_percent(t->r, 5))
		join(&s, t->r);
	return s;
}

static struct event event_next(struct model_case *c, struct traffic *t)
{
	/* No sum of these is one of the timeouts: then a jiffy would decide. */
	static const __u32 secs[] = { 11, 11, 22, 33, 66, 220, 330, 3608, 90002 };

	if (random_percent(t->r, 1) && c->n_configs < CASE_CONFIGS) {
		struct config *next = &c->configs[c->n_configs];

		*next = c->configs[c->n_configs - 1];
		for (unsigned i = 0; i < 1 + random_below(t->r, 3); i++)
			config_change(next, t->r);
		t->config = next;
		rule_fronts(next, &t->fronts);
		return (struct event){ .kind = EVENT_CONFIG, .config = c->n_configs++ };
	}
	if (random_percent(t->r, 1))
		return (struct event){ .kind = EVENT_TIME, .sec = secs[random_below(t->r, 9)] };
	if (random_percent(t->r, 1))
		return (struct event){ .kind = EVENT_COLLECT };
	return (struct event){ .kind = EVENT_SHOT, .shot = shot_next(t) };
}

void case_make(struct model_case *c, __u64 seed, unsigned packets)
{
	struct random r = { seed };
	struct traffic t = { .r = &r, .next_id = 1 };
	unsigned n = 0;

	memset(c, 0, sizeof(*c));
	c->seed = seed;
	c->answers = random_percent(&r, 95);
	c->n_configs = 1;
	config_random(&c->configs[0], &r);
	t.config = &c->configs[0];
	rule_fronts(t.config, &t.fronts);
	while (n < packets && c->n_events < CASE_EVENTS) {
		struct event *e = &c->events[c->n_events++];

		*e = event_next(c, &t);
		n += e->kind == EVENT_SHOT;
	}
}
