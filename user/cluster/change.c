/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "cluster/change.h"

#include <string.h>

void cluster_changes_done(cluster_change_vec *changes)
{
	vec_each(c, changes) {
		free(c->namespace);
		free(c->name);
	}
	vec_done(changes);
}

int changes_add(cluster_change_vec *changes, const struct object *o, enum change change)
{
	own(free) char *namespace = strdup(o->meta->namespace);
	own(free) char *name = strdup(o->meta->name);

	if (!namespace || !name || vec_reserve(changes, 1) < 0)
		return -ENOMEM;
	changes->at[changes->n++] = (struct cluster_change){
		o->kind, TAKE(namespace), TAKE(name), change };
	return 0;
}

int changes_move(cluster_change_vec *to, cluster_change_vec *from)
{
	if (vec_reserve(to, from->n) < 0)
		return -ENOMEM;
	vec_each(c, from)
		to->at[to->n++] = *c;
	vec_done(from);
	return 0;
}
