/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Manifests: YAML or JSON text ↔ objects. Input is hostile: every size is bounded by
 * manifest/bounds.h, and an error names file, line and field, one a line for all that is wrong:
 *	web.yaml:12: spec.ports[0].port: must be a number between 1 and 65535, not "http"
 *	web.yaml:15: spec.type: Unsupported value: "Clusterip": supported values: ...
 *	and 3 more
 * Unknown kinds are counted and named to @warn.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "base/faults.h"
#include "model/object.h"

/* One line for a person; never NULL text. */
typedef void manifest_warn_fn(void *arg, const char *text);

struct manifest_options {
	bool strict;			/* an unknown kind is an error */
	manifest_warn_fn *warn;		/* may be NULL */
	void *warn_arg;
	size_t nodes_max;		/* instead of MANIFEST_NODES_MAX, if not 0 */
	/*
	 * What is wrong with the files goes here instead of being a failure, and objects that it
	 * concerns are there, broken. May be NULL.
	 */
	struct faults *faults;
	/*
	 * Where fields are told that Kubernetes does not have, which are not read; it may be
	 * @faults. NULL: nobody looks for them.
	 */
	struct faults *unknown;
};

/*
 * Appends the objects of a file, of every *.yaml, *.yml and *.json file in a directory
 * (sorted, not recursive, dot files left out), or of standard input for "-". Lists are
 * taken apart. The objects are decoded only: not yet defaulted or validated. -EINVAL with what is
 * wrong with the files, unless there are faults for it to go to.
 * On failure *@objects is as before.
 */
int manifest_load(const char *path, const struct manifest_options *opt, object_vec *objects,
		  struct err *reterr);

/* The same from memory; @name stands in messages. */
int manifest_parse(const char *name, const char *text, size_t len,
		   const struct manifest_options *opt, object_vec *objects, struct err *reterr);

/*
 * Text as kubectl -o yaml / -o json prints it: apiVersion, kind, metadata, spec, status.
 * What manifest_parse() reads back from it is equal to @o. A List of @n objects if @list.
 */
int manifest_print_yaml(FILE *out, struct object *const *objects, size_t n, bool list);
int manifest_print_json(FILE *out, struct object *const *objects, size_t n, bool list);

/* The compact JSON of one object for the store; NULL when out of memory; caller frees. */
char *manifest_json(const struct object *o);
