/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Objects that are deleted and come back at once, because a controller makes them for a Service:
 * its EndpointSlices, and the Endpoints that get shows. Who deletes one is told.
 */
#pragma once

#include "model/snapshot.h"

/* One that a controller made, kept beyond the change that deletes it. */
struct made {
	enum kind kind;
	char *namespace;
	char *name;
	char *service;
};

typedef VEC(struct made) made_vec;
void made_done(made_vec *v);
DEFINE_OWN_DONE(made_vec, made_done)

/* Appends @o if it is such a one; @stored is what is stored before the change. 0 or -ENOMEM. */
int made_add(made_vec *v, const struct object *o, const struct snapshot *stored);

struct remade {
	size_t n;
	char first[320];	/* "endpointslice "web-x2b7d"" */
};

/* Those of @made that are there again in @snap, after the change. 0 or -ENOMEM. */
int remade_find(struct remade *ret, const struct snapshot *snap, const made_vec *made);

/* A warning, if there are any. */
void remade_say(const struct remade *r);
