/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* YAML text (and so JSON) → documents, one after another. */
#pragma once

#include "base/err.h"
#include "manifest/doc.h"

struct reader;

/* @name stands in messages; it and @text must outlive the reader. @nodes_max: as in manifest.h. */
int reader_open(const char *name, const char *text, size_t len, size_t nodes_max,
		struct reader **ret, struct err *reterr);
void reader_close(struct reader *r);
DEFINE_OWN(struct reader, reader_close)

/*
 * The next document's root, which lives until the next call; NULL at the end. An empty
 * document has a null scalar as its root.
 */
int reader_next(struct reader *r, const struct doc_node **ret, struct err *reterr);
