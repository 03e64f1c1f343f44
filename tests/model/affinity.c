/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * 2.8: a client's new connections to a service port go where its last one went, for so long after
 * that, whatever frontend it dials; unless the endpoint is gone, or not in the set for the
 * connection's policy.
 */
#include "model/model.h"

static struct affinity *affinity_find(struct model *m, unsigned port, const struct sluice_addr *client,
				      bool v6)
{
	for (unsigned i = 0; i < m->n_affinities; i++)
		if (m->affinities[i].port == port &&
		    rule_same_addr(&m->affinities[i].client, client, v6))
			return &m->affinities[i];
	return NULL;
}

/* Of the Service that @e is an endpoint of, as it is configured now. */
static __u32 affinity_sec(const struct model *m, const struct member *e)
{
	for (unsigned i = 0; i < m->fronts.n; i++) {
		const struct rule_front *f = &m->fronts.at[i];

		if (port_id(&f->of, f->proto) == e->port)
			return m->config.services[f->of.service].affinity_sec;
	}
	return 0;
}

const struct rule_backend *affinity_backend(struct model *m, const struct rule_front *front,
					    const struct sluice_addr *client,
					    const struct rule_set *set)
{
	__u32 sec = m->config.services[front->of.service].affinity_sec;
	struct affinity *a = affinity_find(m, port_id(&front->of, front->proto), client, front->of.v6);
	const struct member *e;

	if (!sec || !a || m->clock - a->seen > sec)
		return NULL;
	e = &m->members[a->member];
	if (!e->in || e->gen != a->gen)
		return NULL;
	for (unsigned i = 0; i < set->n; i++)
		if (set->at[i].port == e->backend.port &&
		    rule_same_addr(&set->at[i].addr, &e->backend.addr, e->v6))
			return &set->at[i];
	return NULL;
}

void affinity_note(struct model *m, const struct conn *c)
{
	const struct member *e = model_member(m, c);
	__u32 sec = affinity_sec(m, e);
	struct affinity *a;

	if (!c->sticky || !e->in || e->gen != c->gen || !sec)
		return;
	a = affinity_find(m, e->port, &c->ask.src, c->ask.v6);
	if (a && m->clock - a->seen <= sec && a->member == c->member && a->gen == c->gen)
		m->counts.drops[m->places.row[e->port]][SLUICE_R_AFFINITY]++;
	if (!a && m->n_affinities == MODEL_AFFINITIES)
		return;
	if (!a)
		a = &m->affinities[m->n_affinities++];
	*a = (struct affinity){ e->port, c->ask.src, c->member, c->gen, m->clock };
}
