/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What manifests ask for and sluice accepts, but which means nothing. Told when it is applied. */
#pragma once

#include "model/object.h"

typedef void caveat_fn(void *arg, const char *text);

/* Calls @tell for each such wish of the Services among @objects. */
void caveats_tell(const object_vec *objects, caveat_fn *tell, void *arg);
