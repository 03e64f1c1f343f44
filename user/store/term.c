/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "store/term.h"

#include "base/hash.h"

enum term_type {
	TERM_SLICE_OF = 1,
	TERM_POD,
	TERM_SELECTOR,
	TERM_CLUSTER_IP,
	TERM_NODE_PORT,
	TERM_EXTERNAL,
	TERM_EXTERNAL_PORT,
};

static uint64_t term_begin(enum term_type type)
{
	uint8_t byte = type;

	return hash_bytes(HASH_INIT, &byte, sizeof(byte));
}

static uint64_t term_pair(enum term_type type, const char *namespace, const char *key,
			  const char *value)
{
	uint64_t h = hash_text(term_begin(type), namespace);

	return hash_mix(hash_text(hash_text(h, key), value));
}

uint64_t term_slice_of(const char *namespace, const char *service)
{
	return term_pair(TERM_SLICE_OF, namespace, service, "");
}

uint64_t term_pod(const char *namespace, const char *key, const char *value)
{
	return term_pair(TERM_POD, namespace, key, value);
}

uint64_t term_selector(const char *namespace, const char *key, const char *value)
{
	return term_pair(TERM_SELECTOR, namespace, key, value);
}

static uint64_t term_addr(enum term_type type, const struct addr *ip)
{
	return hash_bytes(term_begin(type), ip->b, sizeof(ip->b));
}

static uint64_t term_number(uint64_t h, uint16_t n)
{
	uint8_t bytes[] = { n >> 8, n & 0xff };

	return hash_bytes(h, bytes, sizeof(bytes));
}

uint64_t term_cluster_ip(const struct addr *ip)
{
	return hash_mix(term_addr(TERM_CLUSTER_IP, ip));
}

uint64_t term_node_port(uint16_t port)
{
	return hash_mix(term_number(term_begin(TERM_NODE_PORT), port));
}

uint64_t term_external(const struct addr *ip)
{
	return hash_mix(term_addr(TERM_EXTERNAL, ip));
}

uint64_t term_external_port(const struct addr *ip, enum protocol protocol, uint16_t port)
{
	uint64_t h = term_number(term_addr(TERM_EXTERNAL_PORT, ip), protocol);

	return hash_mix(term_number(h, port));
}

/* --- of each kind --------------------------------------------------------------- */

static int externals_push(const char *text, addr_vec *ret)
{
	struct addr ip;

	return !text || addr_parse(text, &ip) ? 0 : vec_push(ret, ip);
}

int service_external_addrs(const struct service *s, addr_vec *ret)
{
	vec_each(ip, &s->external_ips)
		if (externals_push(*ip, ret))
			return -ENOMEM;
	vec_each(in, &s->lb_ingress)
		if (externals_push(in->ip, ret))
			return -ENOMEM;
	return 0;
}

static int externals_terms(const struct service *s, term_vec *ret)
{
	addr_vec addrs = { 0 };
	int r = service_external_addrs(s, &addrs);

	vec_each(ip, &addrs) {
		if (!r)
			r = vec_push(ret, term_external(ip));
		vec_each(p, &s->ports)
			if (!r)
				r = vec_push(ret, term_external_port(ip, p->protocol, p->port));
	}
	vec_done(&addrs);
	return r;
}

/* The pair of the smallest term: any will do, if it is always the same one. */
static int selector_term(const struct service *s, term_vec *ret)
{
	uint64_t least = term_selector(s->meta.namespace, "", "");
	bool first = true;

	if (!s->has_selector)
		return 0;
	vec_each(l, &s->selector) {
		uint64_t term = term_selector(s->meta.namespace, l->key, l->value);

		if (first || term < least)
			least = term;
		first = false;
	}
	return vec_push(ret, least);
}

static int service_terms(const struct service *s, term_vec *ret)
{
	struct addr ip;

	vec_each(text, &s->cluster_ips)
		if (!addr_parse(*text, &ip) && vec_push(ret, term_cluster_ip(&ip)))
			return -ENOMEM;
	vec_each(p, &s->ports)
		if (p->node_port && vec_push(ret, term_node_port(p->node_port)))
			return -ENOMEM;
	if (s->health_check_node_port &&
	    vec_push(ret, term_node_port(s->health_check_node_port)))
		return -ENOMEM;
	return externals_terms(s, ret) ?: selector_term(s, ret);
}

static int slice_terms(const struct slice *s, term_vec *ret)
{
	const char *service = labels_find(&s->meta.labels, LABEL_SERVICE_NAME);

	if (service && vec_push(ret, term_slice_of(s->meta.namespace, service)))
		return -ENOMEM;
	vec_each(o, &s->meta.owners) {
		if (owner_is_service(o) &&
		    vec_push(ret, term_slice_of(s->meta.namespace, o->name)))
			return -ENOMEM;
	}
	return 0;
}

static int pod_terms(const struct pod *p, term_vec *ret)
{
	vec_each(l, &p->meta.labels)
		if (vec_push(ret, term_pod(p->meta.namespace, l->key, l->value)))
			return -ENOMEM;
	return 0;
}

/* --- all ------------------------------------------------------------------------ */

static int term_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void terms_unique(term_vec *v)
{
	size_t n = 0;

	if (!v->n)
		return;
	qsort(v->at, v->n, sizeof(*v->at), term_cmp);
	vec_each(t, v)
		if (!n || v->at[n - 1] != *t)
			v->at[n++] = *t;
	v->n = n;
}

int object_terms(const struct object *o, term_vec *ret)
{
	int r = 0;

	ret->n = 0;
	switch (o->kind) {
	case KIND_SERVICE:
		r = service_terms(&o->u.service, ret);
		break;
	case KIND_SLICE:
		r = slice_terms(&o->u.slice, ret);
		break;
	case KIND_POD:
		r = pod_terms(&o->u.pod, ret);
		break;
	default:
		break;
	}
	terms_unique(ret);
	return r;
}
