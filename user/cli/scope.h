/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which of the stored objects a command is about: -n, -A, -l and the operands' kinds and names.
 */
#pragma once

#include "cli/option.h"
#include "cli/resource.h"
#include "model/selector.h"
#include "model/snapshot.h"
#include "store/store.h"

/* In a command's options, with SCOPE_ROWS(struct get_opts, scope) among its rows. */
struct scope_opts {
	const char *namespace;
	bool all_namespaces;
	const char *labels;
};

#define SELECTOR_ROW(type_, field, help_)                                          \
	{ .letter = 'l', .name = "selector", .arg = "LABELS", .help = help_,       \
	  OPTION_TEXT(type_, field) }

#define SCOPE_ROWS(type_, field)                                                   \
	{ .letter = 'A', .name = "all-namespaces", .help = "of all namespaces, whatever -n says", \
	  OPTION_FLAG(type_, field.all_namespaces) },                              \
	{ .letter = 'n', .name = "namespace", .arg = "NS",                         \
	  .help = "of this namespace (default \"default\")",                       \
	  OPTION_TEXT(type_, field.namespace) },                                   \
	SELECTOR_ROW(type_, field.labels,                                          \
		     "with these labels: 'app=web,tier!=db,zone in (a,b),!old'")

struct scope {
	const char *namespace;		/* NULL: all of them */
	struct selector selector;
	bool prefixes;			/* a name that nobody has is how names begin */
};

void scope_done(struct scope *s);
DEFINE_OWN_DONE(struct scope, scope_done)

/* -EINVAL with a text for the user. *@ret borrows from @o. */
int scope_parse(const struct scope_opts *o, struct scope *ret, struct err *reterr);

/* What was found; the snapshot owns it. */
typedef VEC(struct object *) found_vec;
void found_done(found_vec *found);
DEFINE_OWN_DONE(found_vec, found_done)

/*
 * What is stored of the operands' kinds, and what is not stored since it follows from that, if they
 * ask for it.
 * Not for a change of what is stored.
 */
int scope_load(struct store *store, const resource_vec *resources, struct snapshot *ret,
	       struct err *reterr);

/* The second half of it, for who has loaded what is stored. */
int scope_show(const resource_vec *resources, struct snapshot *snap, struct err *reterr);

/*
 * Appends the objects that are meant. A name of @resources that is not there is said, unless
 * @ret_missing is NULL, and *@ret_missing set.
 */
int scope_find(const struct scope *s, const struct snapshot *snap, const resource_vec *resources,
	       found_vec *ret, bool *ret_missing, struct err *reterr);

/*
 * Appends the stored ones of the objects of files, which have their namespaces. One that is not
 * there is said, unless @ret_missing is NULL, and *@ret_missing set.
 */
int scope_find_objects(const struct snapshot *snap, const object_vec *objects, found_vec *ret,
		       bool *ret_missing, struct err *reterr);

/* "No resources found in default namespace." */
void scope_say_none(const struct scope *s, const resource_vec *resources);
