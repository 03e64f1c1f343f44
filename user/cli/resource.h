/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * How the command line names objects: "svc web api", "svc,pods", "all",
 * "svc/web pod/a".
 */
#pragma once

#include "base/faults.h"
#include "base/vec.h"
#include "model/object.h"

struct resource {
	enum kind kind;
	char *name;		/* NULL: every object of the kind */
};

typedef VEC(struct resource) resource_vec;
void resources_done(resource_vec *resources);
DEFINE_OWN_DONE(resource_vec, resources_done)

/*
 * What the operands name, in their order: a kind that is there twice counts once, a name twice.
 * -EINVAL with a text for the user.
 */
int resources_parse(int argc, char **argv, resource_vec *ret, struct err *reterr);

/* Whether @text[0..len) is a name of the kind, as in "svc". */
bool kind_find(const char *text, size_t len, enum kind *ret);

/* "services", "endpointslices.discovery.k8s.io": as messages of the API server name a kind. */
#define RESOURCE_TEXT_MAX 64
const char *resource_text(enum kind kind, char buf[static RESOURCE_TEXT_MAX]);

#define NAMESPACE_DEFAULT "default"

/*
 * What `-n NS` means for objects of files: those without a namespace get it, and each that names
 * another is a fault and broken. @ns NULL: "default", and nothing is a fault. 0 or -ENOMEM.
 */
int objects_set_namespace(object_vec *objects, const char *ns, struct faults *faults);
