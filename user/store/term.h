/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Terms: what an object can be found by besides its name. A change of few objects reads only
 * what these lead to. A term is a hash, so two texts may share one: who finds an object by a
 * term still looks at what it says.
 *
 * The stored terms are those of object_terms(). A version of sluice that changes it must
 * raise the schema's version (schema.c), which makes all of them anew.
 */
#pragma once

#include "model/object.h"

typedef VEC(uint64_t) term_vec;

static inline void terms_done(term_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(term_vec, terms_done)

/* EndpointSlices that bear the label of this Service, or that it or its Endpoints own. */
uint64_t term_slice_of(const char *namespace, const char *service);
/* Pods with this label. */
uint64_t term_pod(const char *namespace, const char *key, const char *value);
/*
 * Services whose selector has this pair; a Service is to be found by one of its pairs only.
 * "" and "" for the empty selector, which selects every Pod of the namespace.
 */
uint64_t term_selector(const char *namespace, const char *key, const char *value);
/* Services that hold this cluster address, or this node port or health check node port. */
uint64_t term_cluster_ip(const struct addr *ip);
uint64_t term_node_port(uint16_t port);
/* Services that have this external address: at all, and with this port. */
uint64_t term_external(const struct addr *ip);
uint64_t term_external_port(const struct addr *ip, enum protocol protocol, uint16_t port);


static inline void addrs_done(addr_vec *v)
{
	vec_done(v);
}
DEFINE_OWN_DONE(addr_vec, addrs_done)

/* The addresses besides its cluster addresses that a Service is dialled at: 0 or -ENOMEM. */
int service_external_addrs(const struct service *s, addr_vec *ret);

/* All terms of @o, sorted and each once, replacing what is in *@ret. 0 or -ENOMEM. */
int object_terms(const struct object *o, term_vec *ret);
