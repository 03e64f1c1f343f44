/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Snapshot and node facts → image. Per Service and family: what can be dialled (claims, settled
 * at the end when all are known) and who may answer (the slices of the Service, indexed once).
 */
#include "plan/image.h"

#include <string.h>

#include "base/hash.h"
#include "plan/address.h"
#include "plan/claim.h"
#include "plan/endpoints.h"
#include "plan/source_ranges.h"

struct making {
	const struct node_facts *facts;
	struct endpoint_here here;
	addr_vec addrs;			/* facts->addrs, sorted */
	struct slice_index slices;
	claim_vec claims;
	struct image img;
	image_warn_fn *warn;
	void *warn_arg;
};

/* A Service in one family. */
struct side {
	const struct service *svc;
	enum family family;
	struct addr cluster_ip;
	addr_vec externals;		/* externalIPs */
	addr_vec vips;			/* of the load balancer */
	cidr_vec ranges;		/* empty: the VIPs are open to all */
	const struct slice_ref *slices;
	size_t n_slices;
};

static void making_done(struct making *m)
{
	vec_done(&m->addrs);
	slice_index_done(&m->slices);
	vec_done(&m->claims);
	image_done(&m->img);
}
DEFINE_OWN_DONE(struct making, making_done)

static void side_done(struct side *s)
{
	vec_done(&s->externals);
	vec_done(&s->vips);
	vec_done(&s->ranges);
}
DEFINE_OWN_DONE(struct side, side_done)

void node_facts_done(struct node_facts *f)
{
	vec_done(&f->addrs);
	vec_done(&f->node_port_addrs);
	vec_done(&f->pod_cidrs);
	vec_done(&f->service_cidrs);
}

void image_done(struct image *img)
{
	vec_each(s, &img->services) {
		vec_done(&s->frontends);
		vec_done(&s->addrs);
		vec_done(&s->ranges);
		vec_done(&s->backends);
	}
	vec_done(&img->services);
	vec_done(&img->ranges);
}

/* The port's number is not part of it: a Service that changes it keeps row and counters. */
void image_service_id(struct image_service *s)
{
	uint8_t head[] = { s->family, s->protocol };

	for (size_t i = 0; i < 2; i++) {
		uint64_t h = hash_bytes(i ? hash_mix(HASH_INIT) : HASH_INIT, head, sizeof(head));

		h = hash_text(h, s->namespace);
		h = hash_text(h, s->name);
		s->id[i] = hash_mix(hash_text(h, s->port_name));
	}
}

/* --- frontends ---------------------------------------------------------------- */

static bool side_addr(const struct side *s, const char *text, struct addr *ret)
{
	return !addr_parse(text, ret) && addr_family(ret) == s->family;
}

/* ipMode Proxy: packets must see the real load balancer, so we leave that address alone. */
static int side_externals(struct side *s)
{
	struct addr a;

	vec_each(ip, &s->svc->external_ips)
		if (side_addr(s, *ip, &a) && vec_push(&s->externals, a))
			return -ENOMEM;
	vec_each(in, &s->svc->lb_ingress)
		if (in->ip && !in->proxy && side_addr(s, in->ip, &a) && vec_push(&s->vips, a))
			return -ENOMEM;
	return 0;
}

/* As kube-proxy's iptables mode has it: IPv4 only, for ::1 does not leave a host by any trick. */
const struct addr image_localhost = {
	.b = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 },
};

static int frontends_claim(struct making *m, const struct side *s, const struct service_port *p)
{
	struct claim c = {
		.frontend = { s->cluster_ip, p->port, SLUICE_FE_CLUSTER_IP },
		.protocol = p->protocol,
		.owner = &s->svc->meta,
		.service = m->img.services.n - 1,
	};

	if (vec_push(&m->claims, c))
		return -ENOMEM;
	vec_each(a, &s->vips) {
		c.frontend = (struct image_frontend){ *a, p->port, SLUICE_FE_LOAD_BALANCER };
		if (vec_push(&m->claims, c))
			return -ENOMEM;
	}
	vec_each(a, &s->externals) {
		c.frontend = (struct image_frontend){ *a, p->port, SLUICE_FE_EXTERNAL };
		if (vec_push(&m->claims, c))
			return -ENOMEM;
	}
	vec_each(a, &m->facts->node_port_addrs) {
		if (!p->node_port || addr_family(a) != s->family)
			continue;
		c.frontend = (struct image_frontend){ *a, p->node_port, SLUICE_FE_NODE_PORT };
		if (vec_push(&m->claims, c))
			return -ENOMEM;
	}
	if (!p->node_port || !m->facts->localhost_node_ports || s->family != FAMILY_V4)
		return 0;
	c.frontend = (struct image_frontend){ image_localhost, p->node_port, SLUICE_FE_LOCALHOST };
	return vec_push(&m->claims, c);
}

/* --- backends ----------------------------------------------------------------- */

static int addr_order(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static bool addr_is_host(const struct making *m, const struct addr *a)
{
	return m->addrs.n &&
	       bsearch(a, m->addrs.at, m->addrs.n, sizeof(*m->addrs.at), addr_order);
}

static int backends_fill(const struct making *m, const plan_endpoint_vec *eps,
			 struct image_service *ret)
{
	vec_each(ep, eps) {
		struct image_backend b = {
			.addr = ep->addr,
			.port = ep->port,
			.host = addr_is_host(m, &ep->addr),
			.in_cluster = ep->in_cluster,
			.in_local = ep->in_local,
			.node_name = ep->from->node_name,
		};

		if (!b.in_cluster && !b.in_local)
			continue;
		if (vec_push(&ret->backends, b))
			return -ENOMEM;
	}
	return 0;
}

/* --- services ----------------------------------------------------------------- */

static int port_backends(struct making *m, const struct side *s, const struct service_port *p,
			 struct image_service *ret)
{
	const struct endpoint_query q = {
		.slices = s->slices,
		.n_slices = s->n_slices,
		.family = s->family,
		.port_name = ret->port_name,
		.protocol = p->protocol,
	};
	bool external = p->node_port || s->externals.n || s->vips.n;
	bool ext_local = external && s->svc->external_policy == POLICY_LOCAL;
	bool int_local = s->svc->internal_policy == POLICY_LOCAL;
	plan_endpoint_vec eps = { 0 };
	int r;

	r = endpoints_join(&q, &m->here, &eps);
	if (!r) {
		bool any = endpoints_categorize(&eps, &m->here, !int_local || external,
						int_local || ext_local);

		ret->flags = (s->family == FAMILY_V6 ? SLUICE_SVC_IPV6 : 0) |
			     (ext_local ? SLUICE_SVC_EXT_LOCAL : 0) |
			     (int_local ? SLUICE_SVC_INT_LOCAL : 0) |
			     (any ? SLUICE_SVC_HAS_ANY : 0) |
			     (s->svc->affinity_client_ip ? SLUICE_SVC_AFFINITY : 0);
		ret->affinity_sec = s->svc->affinity_client_ip ? s->svc->affinity_timeout_sec : 0;
		r = backends_fill(m, &eps, ret);
	}
	vec_done(&eps);
	return r;
}

static int port_ranges(const struct side *s, struct image_service *ret)
{
	vec_each(r, &s->ranges)
		if (vec_push(&ret->ranges, *r))
			return -ENOMEM;
	if (s->ranges.n)
		ret->flags |= SLUICE_SVC_RANGES;
	return 0;
}

static bool service_resets(const struct service *svc)
{
	const char *what = labels_find(&svc->meta.annotations, ANNOTATION_ON_REMOVAL);

	return what && !strcmp(what, "reset");
}

static int port_make(struct making *m, const struct side *s, const struct service_port *p)
{
	struct image_service made = {
		.family = s->family,
		.namespace = s->svc->meta.namespace,
		.name = s->svc->meta.name,
		.port_name = p->name ? p->name : "",
		.protocol = p->protocol,
		.port = p->port,
		.reset = service_resets(s->svc),
	};
	struct image_service *in_place;

	image_service_id(&made);
	if (vec_push(&m->img.services, made))
		return -ENOMEM;
	in_place = &m->img.services.at[m->img.services.n - 1];
	if (port_backends(m, s, p, in_place) || port_ranges(s, in_place))
		return -ENOMEM;
	return frontends_claim(m, s, p);
}

static int side_make(struct making *m, const struct service *svc, const struct addr *cluster_ip)
{
	own(side_done) struct side s = {
		.svc = svc,
		.family = addr_family(cluster_ip),
		.cluster_ip = *cluster_ip,
	};

	if (side_externals(&s) || source_ranges_make(&svc->lb_source_ranges, s.family, &s.vips,
						     &m->facts->addrs, &s.ranges))
		return -ENOMEM;
	s.slices = slice_index_find(&m->slices, svc->meta.namespace, svc->meta.name,
				    &s.n_slices);
	vec_each(p, &svc->ports)
		if (port_make(m, &s, p))
			return -ENOMEM;
	return 0;
}

/* Somebody else's, or one without an address of its own: not for this data plane at all. */
static bool service_is_ours(const struct service *svc)
{
	return svc->type != SERVICE_EXTERNAL_NAME && !svc->headless && svc->cluster_ips.n &&
	       !labels_find(&svc->meta.labels, LABEL_SERVICE_PROXY);
}

static int service_make(struct making *m, const struct service *svc)
{
	bool seen[FAMILY_COUNT] = { false };

	if (!service_is_ours(svc))
		return 0;
	vec_each(ip, &svc->cluster_ips) {
		struct addr a;

		if (addr_parse(*ip, &a) || seen[addr_family(&a)])
			continue;
		seen[addr_family(&a)] = true;
		if (side_make(m, svc, &a))
			return -ENOMEM;
	}
	return 0;
}

static int id_order(const void *a, const void *b)
{
	const struct image_service *x = a, *y = b;

	for (size_t i = 0; i < 2; i++)
		if (x->id[i] != y->id[i])
			return x->id[i] < y->id[i] ? -1 : 1;
	return 0;
}

static int making_run(struct making *m, const struct snapshot *snap)
{
	struct object **services;
	size_t n;

	if (slice_index_make(snap, &m->slices))
		return -ENOMEM;
	services = snapshot_kind(snap, KIND_SERVICE, &n);
	for (size_t i = 0; i < n; i++)
		if (service_make(m, &services[i]->u.service))
			return -ENOMEM;
	/* Claims speak of services by their place: settle first, sort then. */
	if (claims_settle(&m->claims, &m->img, m->warn, m->warn_arg))
		return -ENOMEM;
	vec_each(c, &m->facts->service_cidrs)
		if (vec_push(&m->img.ranges, *c))
			return -ENOMEM;
	if (m->img.services.n)
		qsort(m->img.services.at, m->img.services.n, sizeof(*m->img.services.at),
		      id_order);
	return addresses_settle(&m->img, m->addrs.at, m->addrs.n);
}

/* What of the facts is looked up again and again. */
static int making_init(struct making *m, const struct snapshot *snap)
{
	const struct object *node = NULL;

	if (m->facts->name)
		node = snapshot_find(snap, KIND_NODE, "", m->facts->name);
	m->here.node = m->facts->name;
	m->here.zone = node ? labels_find(&node->meta->labels, LABEL_ZONE) : NULL;

	vec_each(a, &m->facts->addrs)
		if (vec_push(&m->addrs, *a))
			return -ENOMEM;
	if (m->addrs.n)
		qsort(m->addrs.at, m->addrs.n, sizeof(*m->addrs.at), addr_order);
	return 0;
}

int image_make(const struct snapshot *snap, const struct node_facts *facts,
	       image_warn_fn *warn, void *warn_arg, struct image *ret, struct err *reterr)
{
	own(making_done) struct making m = {
		.facts = facts,
		.warn = warn,
		.warn_arg = warn_arg,
	};

	if (making_init(&m, snap) || making_run(&m, snap))
		return err_nomem(reterr);
	*ret = m.img;
	m.img = (struct image){ 0 };
	return 0;
}
