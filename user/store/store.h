/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What was applied and what was allocated, in one SQLite file per instance:
 * /var/lib/sluice/INSTANCE/state.db. It is the truth; the maps are made from it.
 *
 * A transaction is exclusive: a second command waits up to ten seconds for it. A kill at
 * any point leaves the state before or the state after. The file is opened with
 * journal_mode=WAL, synchronous=FULL.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/own.h"
#include "model/snapshot.h"

struct store;

/* Creates directory and file if needed. *@ret is the caller's. */
int store_open(const char *instance, struct store **ret, struct err *reterr);

/*
 * For who only reads: creates nothing. Without a file, *@ret_exists is false and the store is
 * an empty one in memory.
 */
int store_open_reader(const char *instance, bool *ret_exists, struct store **ret,
		      struct err *reterr);
void store_close(struct store *s);
DEFINE_OWN(struct store, store_close)

/* Where it is; valid as long as the store. */
const char *store_path(const struct store *s);

/* Exclusive write transaction; store_close() without a commit rolls back. */
int store_begin(struct store *s, struct err *reterr);
int store_commit(struct store *s, struct err *reterr);
void store_rollback(struct store *s);

/* All objects. Inside a transaction: as changed so far. */
int store_load(struct store *s, struct snapshot *ret, struct err *reterr);
/* The same of some kinds only, of one moment too. */
int store_load_kinds(struct store *s, const bool kinds[static KIND_COUNT], struct snapshot *ret,
		     struct err *reterr);

/* One of them; *@ret, the caller's, is NULL if there is none. */
int store_read(struct store *s, enum kind kind, const char *namespace, const char *name,
	       struct object **ret, struct err *reterr);

struct object_key {
	enum kind kind;
	char *namespace;
	char *name;
};

typedef VEC(struct object_key) object_key_vec;
void object_keys_done(object_key_vec *keys);
DEFINE_OWN_DONE(object_key_vec, object_keys_done)

/* Appends the keys of objects that bear this term (term.h), @max at most. */
int store_find(struct store *s, uint64_t term, size_t max, object_key_vec *ret,
	       struct err *reterr);

/* Changes whenever an object does, to a number that never was before; 0 in a new store. */
int store_generation(struct store *s, uint64_t *ret, struct err *reterr);

/* Whether the file of this store is still in its place: it may have been taken away. */
bool store_is_current(struct store *s);

/* A number that is another one after each commit of another process. */
int store_version(struct store *s, int64_t *ret, struct err *reterr);

/*
 * Brings the stored objects from @before to @after; writes only what differs. Gives uid and
 * creation time to objects that are new. @before is what is stored, as read in this
 * transaction, or a part of it: -EEXIST if an object of @after is new to it, yet stored.
 */
int store_save(struct store *s, const struct snapshot *before, struct snapshot *after,
	       struct err *reterr);

/*
 * Small facts that must last: what attach changed on this host, the node's name.
 * value NULL deletes. get: -ENOENT if absent; the caller frees *@ret.
 */
int store_set_fact(struct store *s, const char *key, const char *value, struct err *reterr);
int store_get_fact(struct store *s, const char *key, char **ret, struct err *reterr);
