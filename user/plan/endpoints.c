/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Joins slices to services. A join and not a pointer: a slice may come before its service or
 * the other way round.
 */
#include "plan/endpoints.h"

#include <string.h>

/* --- slices by service -------------------------------------------------------- */

static int ref_cmp(const void *a, const void *b)
{
	const struct slice_ref *x = a, *y = b;
	int c = strcmp(x->namespace, y->namespace);

	if (!c)
		c = strcmp(x->service, y->service);
	if (!c && x->slice && y->slice)		/* the key of a search has none */
		c = strcmp(x->slice->meta.name, y->slice->meta.name);
	return c;
}

static bool slice_counts(const struct slice *s)
{
	return !s->fqdn && !labels_find(&s->meta.labels, LABEL_HEADLESS);
}

int slice_index_make(const struct snapshot *snap, struct slice_index *ret)
{
	own(slice_index_done) struct slice_index x = { 0 };
	struct object **objects;
	size_t n;

	objects = snapshot_kind(snap, KIND_SLICE, &n);
	for (size_t i = 0; i < n; i++) {
		const struct slice *s = &objects[i]->u.slice;
		const char *service = labels_find(&s->meta.labels, LABEL_SERVICE_NAME);
		int r;

		if (!service || !slice_counts(s))
			continue;
		r = vec_push(&x.refs, (struct slice_ref){ s->meta.namespace, service, s });
		if (r)
			return r;
	}
	if (x.refs.n)
		qsort(x.refs.at, x.refs.n, sizeof(*x.refs.at), ref_cmp);
	*ret = x;
	x = (struct slice_index){ 0 };
	return 0;
}

void slice_index_done(struct slice_index *x)
{
	vec_done(&x->refs);
}

const struct slice_ref *slice_index_find(const struct slice_index *x, const char *namespace,
					 const char *service, size_t *ret_n)
{
	struct slice_ref key = { namespace, service, NULL };
	size_t low = 0, high = x->refs.n, end;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ref_cmp(&x->refs.at[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (end = low; end < x->refs.n && !ref_cmp(&x->refs.at[end], &key); end++)
		;
	*ret_n = end - low;
	return x->refs.n ? &x->refs.at[low] : NULL;
}

/* --- endpoints of one service port in one family -------------------------------- */

static bool is_local(const struct endpoint *e, const struct endpoint_here *here)
{
	return e->node_name && here->node && *here->node && !strcmp(e->node_name, here->node);
}

/* Adds the endpoints of @s at @port; those with an address that makes no sense are left out. */
static int slice_join(const struct slice *s, uint16_t port, const struct endpoint_here *here,
		      plan_endpoint_vec *ret)
{
	vec_each(e, &s->endpoints) {
		struct plan_endpoint ep = {
			.port = port,
			.ready = e->ready != TRI_FALSE,
			.serving = e->serving != TRI_FALSE,
			.terminating = e->terminating == TRI_TRUE,
			.local = is_local(e, here),
			.from = e,
			.nth = ret->n,
		};
		int r;

		if (!e->addresses.n || addr_parse(e->addresses.at[0], &ep.addr) ||
		    addr_family(&ep.addr) != s->family)
			continue;
		r = vec_push(ret, ep);
		if (r)
			return r;
	}
	return 0;
}

/* The one to keep of two equal ones comes first. */
static int endpoint_cmp(const void *a, const void *b)
{
	const struct plan_endpoint *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);

	if (c)
		return c;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->terminating != y->terminating)
		return x->terminating ? 1 : -1;
	return (x->nth > y->nth) - (x->nth < y->nth);
}

static void endpoints_unique(plan_endpoint_vec *eps)
{
	size_t n = 0;

	if (!eps->n)
		return;
	qsort(eps->at, eps->n, sizeof(*eps->at), endpoint_cmp);
	vec_each(ep, eps) {
		const struct plan_endpoint *last = n ? &eps->at[n - 1] : NULL;

		if (!last || last->port != ep->port || addr_cmp(&last->addr, &ep->addr))
			eps->at[n++] = *ep;
	}
	eps->n = n;
}

int endpoints_join(const struct endpoint_query *q, const struct endpoint_here *here,
		   plan_endpoint_vec *ret)
{
	for (size_t i = 0; i < q->n_slices; i++) {
		const struct slice *s = q->slices[i].slice;

		if (s->family != q->family)
			continue;
		vec_each(p, &s->ports) {
			int r;

			if (!p->name || !p->port || p->protocol != q->protocol ||
			    strcmp(p->name, q->port_name))
				continue;
			r = slice_join(s, p->port, here, ret);
			if (r)
				return r;
		}
	}
	endpoints_unique(ret);
	return 0;
}
