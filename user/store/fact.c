/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include <string.h>

#include "store/db.h"

int store_set_fact(struct store *s, const char *key, const char *value, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st =
		db_statement(s, value ? STATEMENT_FACT_PUT : STATEMENT_FACT_DEL, reterr);
	const char *texts[] = { key, value };
	int rc;

	if (!st)
		return -EIO;
	rc = db_bind_texts(st, texts, value ? 2 : 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	return rc == SQLITE_DONE ? 0 : db_fail(s, rc, "write", reterr);
}

int store_get_fact(struct store *s, const char *key, char **ret, struct err *reterr)
{
	own(db_end) sqlite3_stmt *st = db_statement(s, STATEMENT_FACT_READ, reterr);
	const unsigned char *text;
	char *copy;
	int rc;

	if (!st)
		return -EIO;
	rc = db_bind_texts(st, &key, 1);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_DONE)
		return -ENOENT;
	if (rc != SQLITE_ROW)
		return db_fail(s, rc, "read", reterr);
	text = sqlite3_column_text(st, 0);
	copy = text ? strdup((const char *)text) : NULL;
	if (!copy)
		return err_nomem(reterr);
	*ret = copy;
	return 0;
}
