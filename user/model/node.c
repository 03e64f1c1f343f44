/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "model/kinds.h"
#include "model/syntax.h"

int node_copy(struct node *to, const struct node *from)
{
	to->cpu_milli = from->cpu_milli;
	to->ready = from->ready;
	to->unschedulable = from->unschedulable;
	if (texts_copy(&to->pod_cidrs, &from->pod_cidrs) < 0 ||
	    texts_copy(&to->internal_ips, &from->internal_ips) < 0 ||
	    texts_copy(&to->external_ips, &from->external_ips) < 0)
		return -ENOMEM;
	return 0;
}

void node_done(struct node *n)
{
	meta_done(&n->meta);
	texts_done(&n->pod_cidrs);
	texts_done(&n->internal_ips);
	texts_done(&n->external_ips);
}

int node_default(struct node *n)
{
	vec_each(c, &n->pod_cidrs) {
		if (text_canonical_cidr(c) < 0)
			return -ENOMEM;
	}
	if (texts_canonical_addr(&n->internal_ips) < 0)
		return -ENOMEM;
	return texts_canonical_addr(&n->external_ips);
}

static void addresses_check(struct refuse *r, const text_vec *addresses)
{
	vec_each(a, addresses) {
		if (addr_wrong(*a))
			refuse_text(r, *a, addr_wrong(*a), "status.addresses");
	}
}

void node_check(struct refuse *r, const struct node *n)
{
	meta_check(r, &n->meta, dns_subdomain_wrong);
	for (size_t i = 0; i < n->pod_cidrs.n; i++) {
		const char *wrong = cidr_wrong(n->pod_cidrs.at[i]);

		if (wrong)
			refuse_text(r, n->pod_cidrs.at[i], wrong, "spec.podCIDRs[%zu]", i);
	}
	addresses_check(r, &n->internal_ips);
	addresses_check(r, &n->external_ips);
}
