/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A directory of state of the test's own, and words for what must succeed in it.
 *
 *	TestSuite(name, .init = given_state_dir, .fini = remove_state_dir);
 */
#pragma once

#include "cluster_sandbox.h"
#include "store/store.h"

extern char state_dir[64];
void given_state_dir(void);
void remove_state_dir(void);

struct store *must_open(const char *instance);
void must_begin(struct store *s);
void must_commit(struct store *s);
struct snapshot must_load(struct store *s);
void must_save(struct store *s, const struct snapshot *before, struct snapshot *after);

/* One more Service, in a transaction that is open. */
void save_service(struct store *s, const char *name);
/* How many objects there are. */
size_t n_stored(struct store *s);

/* Behind the store's back, in instance "a". */
void run_sql(const char *sql);
