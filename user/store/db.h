/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the files of store/ share: the open database and how its failures become sentences. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

/* So many rows are written by one run of STATEMENT_TERMS_PUT. */
#define TERMS_AT_ONCE 32

enum statement {
	STATEMENT_LOAD,
	STATEMENT_LOAD_KINDS,
	STATEMENT_READ,
	STATEMENT_FIND,
	STATEMENT_INSERT,
	STATEMENT_UPDATE,
	STATEMENT_DEL,
	STATEMENT_TERM_PUT,
	STATEMENT_TERMS_PUT,
	STATEMENT_TERM_DEL,
	STATEMENT_FACT_READ,
	STATEMENT_FACT_PUT,
	STATEMENT_FACT_DEL,
	STATEMENT_VERSION,
	STATEMENT_COUNT,
};

/* Random bytes in stock: to ask the kernel costs more than all the rest of a UUID. */
struct uuid_source {
	uint8_t bytes[4096];
	size_t left;
};

struct store {
	char *instance;
	char *path;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];	/* prepared at their first use */
	struct uuid_source uuids;
};

/* The file's path, the caller's to free; make creates what is missing of it. */
int store_path_find(const char *instance, char **ret, struct err *reterr);
int store_path_make(const char *instance, char **ret, struct err *reterr);
/* Why not, by errno, with a hint for who lacks the rights; returns it, negative. */
int store_path_cannot(const char *what, const char *path, struct err *reterr);

/* Makes the tables in a new file; refuses one that it does not know. */
int db_check_schema(struct store *s, struct err *reterr);

/* Runs statements that return nothing: an SQLITE_ code. */
int db_exec(struct store *s, const char *sql);

/* The sentence for the failure @rc of the last call, and its -errno. */
int db_fail(struct store *s, int rc, const char *doing, struct err *reterr);

/*
 * The statement, ready for binding; whoever gets it resets it with db_end(), which also lets
 * go of what was bound. NULL if it cannot be had.
 */
sqlite3_stmt *db_statement(struct store *s, enum statement which, struct err *reterr);
void db_end(sqlite3_stmt *st);
DEFINE_OWN(sqlite3_stmt, db_end)

/* Binds parameters 1 to n, text that outlives the statement's run: an SQLITE_ code. */
int db_bind_texts(sqlite3_stmt *st, const char *const *texts, int n);

/* Replaces both: 0 or -ENOMEM. */
int object_set_identity(struct object *o, const char *uid, int64_t created);

/* Writes the terms of an object that has none yet. */
int store_index(struct store *s, const struct object *o, struct err *reterr);

/* A random UUID, version 4. */
#define UUID_TEXT_MAX 37
int uuid_make(struct uuid_source *from, char buf[static UUID_TEXT_MAX]);
