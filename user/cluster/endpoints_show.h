/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What Kubernetes' endpoints controller does: one Endpoints object for each Service with a
 * selector. Nothing here needs them, so they are not stored but made for who wants to see them.
 */
#pragma once

#include "cluster/edit.h"

/* An Endpoints object has room for so many addresses. */
#define ENDPOINTS_ADDRESSES_MAX 1000

/* Whether the Service of this name, which may not be there, has one made for it. */
bool endpoints_are_made(const struct snapshot *snap, const char *namespace, const char *name);

/*
 * Puts them into @e's view, where they take the place of what is stored under their names, as they
 * would there. 0 or -ENOMEM, then @e is as it was.
 */
int endpoints_show(struct edit *e);
